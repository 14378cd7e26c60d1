"""Child processes that are always stopped: at the end of a ``with`` block, on an exception, on Ctrl-C, on SIGTERM.

Every child leads a session of its own, so that Ctrl-C in the terminal reaches this process alone, and so that whatever
a child starts can be found and ended with it. Nothing is ever ended by name.
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
    """A child process ended although it was needed, or ended with an error."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        super().__init__(f"{name} ended with exit code {code}; its log is {log}\n{tail(log)}")


class NotReachedError(Exception):
    """Something that was waited for did not come in time."""


class Interrupted(BaseException):
    """A signal asked this process to stop. ``exit_code`` is what a shell reports for that signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.exit_code = 128 + signum


@dataclass(frozen=True)
class Child:
    """One started process: what it is called, how to ask for its state, where it writes."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def code(self) -> int | None:
        """Return the exit code, or ``None`` while the process runs."""
        return self.popen.poll()


class Processes:
    """The children of one run. Used as a context manager, it leaves none behind."""

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
        """Start a process that writes both its outputs to ``log``; ``user`` is whom it runs as, if somebody else."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with signals_held(), log.open("wb") as output:
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
        """Raise ``ProcessDiedError`` if a child that should be running has ended."""
        for child in self._children:
            if child.code is not None:
                raise ProcessDiedError(child.name, child.code, child.log)

    def finish(self, child: Child, *, timeout: float) -> None:
        """Wait for a child that ends by itself; raise if it fails or takes too long."""
        try:
            code = child.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise NotReachedError(f"{child.name} did not end within {timeout:.0f} s; its log is {child.log}") from None
        self._children.remove(child)
        if code != 0:
            raise ProcessDiedError(child.name, code, child.log)

    def stop(self, child: Child, *, gently: bool = True) -> None:
        """End one child and all it has started, and no longer expect it to run; not ``gently`` is SIGKILL at once."""
        with signals_held():
            self._children.remove(child)
            if gently:
                _signal_group(child.popen.pid, signal.SIGTERM)
            _end(child, time.monotonic() + (self._grace if gently else 0.0))

    def close(self) -> None:
        """Stop everything: SIGTERM to all at once, SIGKILL to what is left after the grace."""
        with signals_held():
            for child in self._children:
                _signal_group(child.popen.pid, signal.SIGTERM)
            deadline = time.monotonic() + self._grace
            while self._children:
                _end(self._children.pop(), deadline)


class Service(ABC):
    """Something that child processes provide: begun, then ready, and in the end closed."""

    def __init__(self) -> None:
        self._processes = Processes()

    @abstractmethod
    def begin(self) -> None:
        """Start it, and return at once."""

    @abstractmethod
    def ready(self) -> None:
        """Wait until it can be used."""

    def check(self) -> None:
        """Raise ``ProcessDiedError`` if one of its processes has ended."""
        self._processes.check()

    def close(self) -> None:
        """Stop it."""
        self._processes.close()

    def __enter__(self) -> Self:
        try:
            self.begin()
            self.ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _end(child: Child, deadline: float) -> None:
    """Wait for a child until the deadline, then end what is left of its session."""
    with suppress(subprocess.TimeoutExpired):
        child.popen.wait(max(deadline - time.monotonic(), 0.0))
    for pid in session_members(child.popen.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    child.popen.wait()


def _signal_group(pid: int, signum: signal.Signals) -> None:
    """Signal the process group that ``pid`` leads, if it still exists."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signum)


def session_members(leader: int) -> list[int]:
    """Return the processes of the session that ``leader`` opened: itself and what it started, at any depth."""
    members = []
    for pid in _all_pids():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader:
                members.append(pid)
    return members


def _all_pids() -> list[int]:
    """Return the ids of all processes: from ``/proc``, or from ``ps`` where there is none (macOS)."""
    proc = Path("/proc")
    if (proc / "self").exists():
        return [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()]
    listing = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True)
    return [int(word) for word in listing.stdout.split()]


@contextmanager
def signals_held() -> Iterator[None]:
    """Let no signal interrupt the block; one that arrives meanwhile is delivered at its end."""
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
    """Turn the first Ctrl-C, SIGTERM or SIGHUP into ``Interrupted``; later ones do not disturb the stopping."""

    def stop(signum: int, _: FrameType | None) -> None:
        _handle(signal.SIG_IGN)
        raise Interrupted(signum)

    previous = _handle(stop)
    try:
        yield
    finally:
        _restore(previous)


def _handle(handler: Handler) -> dict[signal.Signals, Handler]:
    """Let ``handler`` meet every stop signal; return what met them before."""
    return {signum: signal.signal(signum, handler) for signum in STOP_SIGNALS}


def _restore(handlers: dict[signal.Signals, Handler]) -> None:
    for signum, handler in handlers.items():
        signal.signal(signum, handler)


def wait_until(
    probe: Callable[[], T | None], *, what: str, timeout: float, check: Callable[[], None], interval: float = 0.1
) -> T:
    """Return the first result of ``probe`` that is not ``None``.

    ``check`` is called before every look and may raise, for instance because a process died meanwhile.
    """
    deadline = time.monotonic() + timeout
    while True:
        check()
        result = probe()
        if result is not None:
            return result
        if time.monotonic() >= deadline:
            raise NotReachedError(f"{what}: not within {timeout:.0f} s")
        time.sleep(interval)


def free_ports(count: int) -> list[int]:
    """Return distinct ports that nobody listens on, on the loopback address."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOCALHOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def said(log: Path, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """Return where a log first says something, or ``None`` while it does not."""
    return pattern.search(log.read_text(encoding="utf-8", errors="replace"))


def tail(path: Path, lines: int = 40) -> str:
    """Return the last lines of a text file, or an empty text if there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
