"""Child processes that are stopped in any case: at the end of a ``with`` block, on an exception, on Ctrl-C, on SIGTERM.

Every child process leads a session of its own. Ctrl-C in the terminal therefore reaches this process only, and all
descendants of a child can be found and stopped with it. Processes are never stopped by name.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    import re
    from pwd import struct_passwd

T = TypeVar("T")
Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None
LOCALHOST = "127.0.0.1"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProcessDiedError(Exception):
    """A child process ended unexpectedly, or with an error."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        super().__init__(f"{name} ended with exit code {code}; its log is {log}\n{tail(log)}")


class WaitTimeoutError(Exception):
    """A condition was not met within the timeout."""


class Interrupted(BaseException):
    """A signal requested this process to stop. ``exit_code`` is the exit code of a shell for this signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.exit_code = 128 + signum


@dataclass(frozen=True)
class Child:
    """A started child process: its name, its handle and its log file."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def code(self) -> int | None:
        """Return the exit code; ``None`` while the process is running."""
        return self.popen.poll()


class Processes:
    """A group of child processes. As a context manager, it stops all of them at the end.

    :param grace: seconds between SIGTERM and SIGKILL; default 5.
    """

    def __init__(self, *, grace: float = 5.0) -> None:
        self._grace = grace
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        cwd: Path,
        user: struct_passwd | None = None,
    ) -> Child:
        """Start a process.

        :param name: name in error messages.
        :param argv: the command.
        :param env: its environment.
        :param log: the file for its standard output and standard error.
        :param cwd: its working directory.
        :param user: the user that it runs as; default is the current one.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with signals_deferred(), log.open("wb") as output:
            popen = subprocess.Popen(
                list(argv),
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
            )
            child = Child(name, popen, log)
            self._children.append(child)
        return child

    def check(self) -> None:
        """Check that all child processes are running.

        :raises ProcessDiedError: if one has ended.
        """
        for child in self._children:
            if child.code is not None:
                raise ProcessDiedError(child.name, child.code, child.log)

    def finish(self, child: Child, *, timeout: float) -> None:
        """Wait for the end of a child process.

        :param timeout: seconds to wait.
        :raises ProcessDiedError: if its exit code is not 0.
        :raises WaitTimeoutError: if the timeout is exceeded.
        """
        try:
            code = child.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise WaitTimeoutError(f"{child.name} did not end within {timeout:.0f} s; its log is {child.log}") from None
        self._children.remove(child)
        if code != 0:
            raise ProcessDiedError(child.name, code, child.log)

    def stop(self, child: Child, *, graceful: bool = True) -> None:
        """Stop a child process and its descendants: with SIGTERM, or with SIGKILL if not ``graceful``."""
        with signals_deferred():
            self._children.remove(child)
            if graceful:
                _signal_group(child.popen.pid, signal.SIGTERM)
            _end(child, time.monotonic() + (self._grace if graceful else 0.0))

    def close(self) -> None:
        """Stop all child processes: with SIGTERM, and with SIGKILL after the grace period."""
        with signals_deferred():
            for child in self._children:
                _signal_group(child.popen.pid, signal.SIGTERM)
            deadline = time.monotonic() + self._grace
            while self._children:
                _end(self._children.pop(), deadline)


class Service(ABC):
    """Base class of services that run as child processes.

    As a context manager, it launches the service, waits until it is ready, and closes it at the end.
    """

    def __init__(self) -> None:
        self._processes = Processes()

    @abstractmethod
    def launch(self) -> None:
        """Start the service and return immediately."""

    @abstractmethod
    def wait_until_ready(self) -> None:
        """Wait until the service can be used."""

    def check(self) -> None:
        """Check that all processes of the service are running.

        :raises ProcessDiedError: if one has ended.
        """
        self._processes.check()

    def close(self) -> None:
        """Stop the service."""
        self._processes.close()

    def __enter__(self) -> Self:
        try:
            self.launch()
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _end(child: Child, deadline: float) -> None:
    """Wait for a child process until the deadline, then kill the remaining processes of its session."""
    with suppress(subprocess.TimeoutExpired):
        child.popen.wait(max(deadline - time.monotonic(), 0.0))
    for pid in session_members(child.popen.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    child.popen.wait()


def _signal_group(pid: int, signum: signal.Signals) -> None:
    """Send a signal to the process group of ``pid``, if it exists."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signum)


def session_members(leader: int) -> list[int]:
    """Return the ids of all processes in the session of ``leader``: itself and its descendants."""
    members = []
    for pid in _all_pids():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader:
                members.append(pid)
    return members


def _all_pids() -> list[int]:
    """Return the ids of all processes: from ``/proc``, or from ``ps`` on systems without it (macOS)."""
    proc = Path("/proc")
    if (proc / "self").exists():
        return [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()]
    listing = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True)
    return [int(pid) for pid in listing.stdout.split()]


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Defer stop signals during the block; the first one is delivered at its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def remember(signum: int, _: FrameType | None) -> None:
        arrived.append(signum)

    previous = _handle(remember)
    try:
        yield
    finally:
        _restore(previous)
        for signum in arrived[:1]:
            signal.raise_signal(signum)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise ``Interrupted`` on the first Ctrl-C, SIGTERM or SIGHUP, and ignore further ones during the cleanup."""

    def stop(signum: int, _: FrameType | None) -> None:
        _handle(signal.SIG_IGN)
        raise Interrupted(signum)

    previous = _handle(stop)
    try:
        yield
    finally:
        _restore(previous)


def _handle(handler: Handler) -> dict[signal.Signals, Handler]:
    """Install ``handler`` for all stop signals; return the previous handlers."""
    return {signum: signal.signal(signum, handler) for signum in STOP_SIGNALS}


def _restore(handlers: dict[signal.Signals, Handler]) -> None:
    for signum, handler in handlers.items():
        signal.signal(signum, handler)


def wait_until(
    probe: Callable[[], T | None], *, what: str, timeout: float, check: Callable[[], None], interval: float = 0.1
) -> T:
    """Call ``probe`` until it returns something other than ``None``; return that.

    :param probe: checks the condition.
    :param what: what is waited for, for the error message.
    :param timeout: seconds to wait.
    :param check: called before each probe; raises an error to stop waiting, for example if a process has died.
    :param interval: seconds between two probes; default 0.1.
    :raises WaitTimeoutError: if the timeout is exceeded.
    """
    deadline = time.monotonic() + timeout
    while True:
        check()
        result = probe()
        if result is not None:
            return result
        if time.monotonic() >= deadline:
            raise WaitTimeoutError(f"timed out after {timeout:.0f} s while waiting for {what}")
        time.sleep(interval)


def free_ports(count: int) -> list[int]:
    """Return distinct unused ports of the loopback address."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOCALHOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def search_log(log: Path, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """Return the first match in a log file; ``None`` if there is none."""
    return pattern.search(log.read_text(encoding="utf-8", errors="replace"))


def tail(path: Path, lines: int = 40) -> str:
    """Return the last lines of a text file; an empty string if the file does not exist."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
