from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from demo.scale import casualties
from demo.scale.casualties import Casualties

PID = 4242


class FakeAirflow:
    def __init__(self) -> None:
        self.api = self
        self.stopped: list[tuple[str, bool]] = []

    def living(self, _: str) -> dict[int, str]:
        return {7: "triggerer-1", 8: "triggerer-2"}

    def pid(self, _: str) -> int:
        return PID

    def stop(self, name: str, *, gently: bool) -> None:
        self.stopped.append((name, gently))


def task(state: str, place: int, *, host: str = "worker-1", triggerer: int = 7) -> dict[str, Any]:
    trigger = {"triggerer_id": triggerer} if state == "deferred" else None
    return {"task_id": "t", "map_index": place, "state": state, "hostname": host, "trigger": trigger}


HALF = [task("success", 0), task("success", 1), task("running", 2), task("deferred", 3)]


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sent: list[int] = []
    monkeypatch.setattr(casualties, "session_members", lambda pid: [pid])
    monkeypatch.setattr(os, "kill", lambda _, signum: sent.append(signum))
    return sent


def test_half_way_both_are_killed_once(signals: list[int]) -> None:
    airflow = FakeAirflow()
    victims = Casualties(airflow, 4, lambda: HALF)  # type: ignore[arg-type]
    loss = victims.watch(HALF)
    assert loss is not None
    assert (loss.done, loss.running, loss.deferred) == (0.5, ("t[2]",), ("t[3]",))
    assert airflow.stopped == [("worker-1", False), ("triggerer-1", False)]
    assert victims.watch(HALF) is None
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
def test_nobody_is_killed_for_nothing(tasks: list[dict[str, Any]], signals: list[int]) -> None:
    airflow = FakeAirflow()
    assert Casualties(airflow, 4, lambda: tasks).watch(tasks) is None  # type: ignore[arg-type]
    assert (airflow.stopped, signals) == ([], [])


def test_a_worker_that_had_just_finished_goes_on(signals: list[int]) -> None:
    airflow = FakeAirflow()
    finished = [*HALF[:2], task("success", 2), HALF[3]]
    assert Casualties(airflow, 4, lambda: finished).watch(HALF) is None  # type: ignore[arg-type]
    assert airflow.stopped == []
    assert signals == [signal.SIGSTOP, signal.SIGCONT]
