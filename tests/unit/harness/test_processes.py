from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.processes import (
    Child,
    Interrupted,
    ProcessDiedError,
    Processes,
    Service,
    WaitTimeoutError,
    free_ports,
    interruptible,
    session_members,
    signals_deferred,
    tail,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
IGNORES_SIGTERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
# A child whose own child has left the process group, as Airflow's tasks do.
PARENT = f"""
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", {SLEEP!r}], process_group=0)
{SLEEP}
"""


@pytest.fixture
def start(tmp_path: Path) -> Callable[[Processes, str], Child]:
    def run(processes: Processes, code: str, lines: int = 1) -> Child:
        argv = [sys.executable, "-c", code]
        child = processes.start("sample", argv, env=os.environ, log=tmp_path / "logs" / "sample.log", cwd=tmp_path)
        wait_until(
            lambda: True if child.log.read_text().count("up") >= lines or child.code is not None else None,
            what="the sample",
            timeout=20,
            check=lambda: None,
        )
        return child

    return run


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_children_are_stopped_at_the_end_of_the_block(start: Callable[..., Child]) -> None:
    with Processes() as processes:
        child = start(processes, SLEEP)
        assert child.code is None
        assert os.getsid(child.popen.pid) == child.popen.pid
    assert child.code == -signal.SIGTERM


def test_children_are_stopped_on_an_exception(start: Callable[..., Child]) -> None:
    children = []

    def fail() -> None:
        with Processes() as processes:
            children.append(start(processes, SLEEP))
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        fail()
    assert has_ended(children[0].popen.pid)


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace_period(start: Callable[..., Child]) -> None:
    with Processes(grace=0.2) as processes:
        child = start(processes, IGNORES_SIGTERM)
        began = time.monotonic()
    assert child.code == -signal.SIGKILL
    assert 0.2 <= time.monotonic() - began < 5


def test_descendants_outside_the_process_group_are_stopped(start: Callable[..., Child]) -> None:
    with Processes() as processes:
        child = start(processes, PARENT, lines=2)
        members = session_members(child.popen.pid)
        assert len(members) == 2
    wait_until(lambda: all(map(has_ended, members)) or None, what="their end", timeout=10, check=lambda: None)


def test_other_processes_are_not_stopped(start: Callable[..., Child], tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True) as other:
        with Processes() as processes:
            start(processes, SLEEP)
        assert other.poll() is None
        other.kill()


def test_error_for_a_dead_child_contains_its_output(start: Callable[..., Child]) -> None:
    with Processes() as processes:
        start(processes, "print('no database'); raise SystemExit(3)")
        with pytest.raises(ProcessDiedError, match=r"sample ended with exit code 3.*\nno database"):
            processes.check()


def test_a_child_that_ends_by_itself_can_be_waited_for(start: Callable[..., Child]) -> None:
    with Processes() as processes:
        processes.finish(start(processes, "print('up')"), timeout=20)
        processes.check()
        with pytest.raises(ProcessDiedError, match="exit code 4"):
            processes.finish(start(processes, "raise SystemExit(4)"), timeout=20)
        with pytest.raises(WaitTimeoutError, match="did not end within"):
            processes.finish(start(processes, SLEEP), timeout=0.05)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_children_and_names_the_exit_code(
    start: Callable[..., Child], signum: signal.Signals
) -> None:
    children = []

    def be_interrupted() -> None:
        with interruptible(), Processes() as processes:
            children.append(start(processes, SLEEP))
            signal.raise_signal(signum)

    with pytest.raises(Interrupted) as caught:
        be_interrupted()
    assert caught.value.exit_code == 128 + signum
    assert has_ended(children[0].popen.pid)


def test_second_signal_does_not_interrupt_the_cleanup() -> None:
    before = signal.getsignal(signal.SIGTERM)
    stopped = []

    def be_interrupted_twice() -> None:
        with interruptible():
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                signal.raise_signal(signal.SIGTERM)
                stopped.append(True)

    with pytest.raises(Interrupted) as caught:
        be_interrupted_twice()
    assert stopped
    assert caught.value.exit_code == 130
    assert signal.getsignal(signal.SIGTERM) is before


def test_signal_is_deferred_until_the_end_of_the_block() -> None:
    reached = []

    def be_interrupted() -> None:
        with interruptible(), signals_deferred():
            signal.raise_signal(signal.SIGTERM)
            reached.append(True)

    with pytest.raises(Interrupted):
        be_interrupted()
    assert reached


def test_service_that_does_not_become_ready_is_stopped(start: Callable[..., Child]) -> None:
    class Broken(Service):
        child: Child

        def launch(self) -> None:
            self.child = start(self._processes, SLEEP)

        def wait_until_ready(self) -> None:
            raise WaitTimeoutError("never")

    service = Broken()
    with pytest.raises(WaitTimeoutError, match="never"), service:
        pytest.fail("a service that is not ready was used")
    assert has_ended(service.child.popen.pid)


def test_wait_until_returns_the_first_result_or_times_out() -> None:
    answers = iter([None, None, 7])
    assert wait_until(lambda: next(answers), what="it", timeout=5, check=lambda: None, interval=0) == 7
    with pytest.raises(WaitTimeoutError, match="timed out after 0 s while waiting for the moon"):
        wait_until(lambda: None, what="the moon", timeout=0, check=lambda: None, interval=0)


def test_waiting_ends_when_the_check_raises() -> None:
    def died() -> None:
        raise ProcessDiedError("scheduler", 1, Path("none.log"))

    with pytest.raises(ProcessDiedError, match="scheduler ended"):
        wait_until(lambda: None, what="it", timeout=60, check=died)


def test_free_ports_can_be_bound() -> None:
    ports = free_ports(3)
    assert len(set(ports)) == 3
    for port in ports:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))


def test_tail_of_a_file(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    assert tail(log) == ""
    log.write_bytes(b"one\ntwo \xff\nthree\n")
    assert tail(log, lines=2) == "two \ufffd\nthree"
