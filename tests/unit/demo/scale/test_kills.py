from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from demo.scale import kills
from demo.scale.kills import ProcessKiller

PID = 4242


class FakeAirflow:
    def __init__(self) -> None:
        self.api = self
        self.stopped: list[tuple[str, bool]] = []

    def alive_components(self, _: str) -> dict[int, str]:
        return {7: "triggerer-1", 8: "triggerer-2"}

    def pid(self, _: str) -> int:
        return PID

    def stop(self, name: str, *, graceful: bool) -> None:
        self.stopped.append((name, graceful))


def task(state: str, index: int, *, host: str = "worker-1", triggerer: int = 7) -> dict[str, Any]:
    trigger = {"triggerer_id": triggerer} if state == "deferred" else None
    return {"task_id": "t", "map_index": index, "state": state, "hostname": host, "trigger": trigger}


HALF = [task("success", 0), task("success", 1), task("running", 2), task("deferred", 3)]


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sent: list[int] = []
    monkeypatch.setattr(kills, "session_members", lambda pid: [pid])
    monkeypatch.setattr(os, "kill", lambda _, signum: sent.append(signum))
    return sent


def test_both_are_killed_once_halfway(signals: list[int]) -> None:
    airflow = FakeAirflow()
    killer = ProcessKiller(airflow, 4, lambda: HALF)  # type: ignore[arg-type]
    killed = killer.watch(HALF)
    assert killed is not None
    assert (killed.progress, killed.running, killed.deferred) == (0.5, ("t[2]",), ("t[3]",))
    assert airflow.stopped == [("worker-1", False), ("triggerer-1", False)]
    assert killer.watch(HALF) is None
    assert signals == [signal.SIGSTOP]


@pytest.mark.parametrize(
    "tasks",
    [
        HALF[1:],
        [*HALF[:2], task("running", 2, host="worker-2"), HALF[3]],
        [*HALF[:3], task("deferred", 3, triggerer=8)],
    ],
    ids=["too early", "the worker is idle", "the triggerer is idle"],
)
def test_nothing_is_killed_too_early_or_without_work(tasks: list[dict[str, Any]], signals: list[int]) -> None:
    airflow = FakeAirflow()
    assert ProcessKiller(airflow, 4, lambda: tasks).watch(tasks) is None  # type: ignore[arg-type]
    assert (airflow.stopped, signals) == ([], [])


def test_worker_continues_when_its_task_has_just_ended(signals: list[int]) -> None:
    airflow = FakeAirflow()
    finished = [*HALF[:2], task("success", 2), HALF[3]]
    assert ProcessKiller(airflow, 4, lambda: finished).watch(HALF) is None  # type: ignore[arg-type]
    assert airflow.stopped == []
    assert signals == [signal.SIGSTOP, signal.SIGCONT]
