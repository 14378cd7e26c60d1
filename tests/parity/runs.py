"""Runs a job operator to its end in one mode, and returns everything that Airflow would store.

Deferrable mode runs as in Airflow: ``execute`` raises ``TaskDeferred``; the trigger is created again from JSON, yields
one event and stops; the event is converted to JSON and back; a new operator finishes the task.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.triggers.base import TriggerEvent

from datarobot_provider.core.submission.record import STORE_KEY
from datarobot_provider.jobs import poller
from tests.support.airflow import TaskDeferred, import_string
from tests.support.emulator import CONNECTION, TOKEN, connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from datarobot_provider.core.job_operator import DataRobotJobOperator
    from datarobot_provider.triggers.job import DataRobotJobTrigger
    from tests.parity.cases import Case
    from tests.support.emulator import EmulatorClient

POLL_INTERVAL = 0.02
#: Number of retries of every task.
RETRIES = 2
#: Timeout of a task in seconds; every job is shorter at the emulator's time scale.
TIMEOUT = 30.0
_MARGIN = 600
#: Maximum duration of a trigger, in seconds; triggers of these tests end much earlier.
_LONGEST_WAIT = 15.0

#: New object ids and UUIDs differ in every run. The ids of the seed, and of the emulator's user and tenant, do not.
_CONSTANT = r"65a0[0-9a-f]{20}|64e0[0-9a-f]{20}|3fa85f64-5717-4562-b3fc-2c963f66afa6"
_ID = re.compile(rf"\b(?!(?:{_CONSTANT})\b)([0-9a-f]{{24}}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")

_DURATION = re.compile(r'("elapsedTimeSec": )\d+')


def normalize(value: Any) -> Any:
    """Return a value with placeholders for ids, times and durations that differ in every run.

    Each volatile id becomes ``<id-N>``, numbered in the order of first appearance, so that equal ids remain equal and
    different ids remain different. Each time becomes ``<time>``, each duration ``<seconds>``. Everything else is kept,
    including the host: both modes use the same emulator.
    """
    numbers: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"<id-{len(numbers) + 1}>")

    text = _DURATION.sub(r'\1"<seconds>"', json.dumps(value, sort_keys=True, allow_nan=False))
    return json.loads(_ID.sub(numbered, _TIME.sub("<time>", text)))


def record_of(stored: Mapping[str, str]) -> dict[str, Any]:
    """Return the only record of the task state store, with its ``max_tries``."""
    state = json.loads(json.loads(stored[STORE_KEY]))
    (call,) = state["calls"]
    return {"max_tries": state["max_tries"], **call}


@dataclass
class Store:
    """A task state store like Airflow's: it accepts JSON values except ``None``."""

    values: dict[str, str] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        return json.loads(self.values[key]) if key in self.values else default

    def set(self, key: str, value: Any, **_: Any) -> None:
        assert value is not None
        self.values[key] = json.dumps(value, allow_nan=False)

    def delete(self, key: str) -> None:
        self.values.pop(key, None)


@dataclass
class TaskInstance:
    """The part of a task instance that an operator may use."""

    try_number: int = 1
    max_tries: int = RETRIES
    xcoms: list[tuple[str, Any]] = field(default_factory=list)

    def xcom_push(self, key: str, value: Any) -> None:
        json.dumps(value, allow_nan=False)
        self.xcoms.append((key, value))


class _EndedBeforeDeferralError(Exception):
    """The job ended before the task could defer."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@dataclass
class Outcome:
    """The result of a task, and everything that it stored."""

    value: Any = None
    error: BaseException | None = None
    xcoms: list[tuple[str, Any]] = field(default_factory=list)
    stored: dict[str, Any] = field(default_factory=dict)

    @property
    def has_record(self) -> bool:
        """Whether the store has a record by which a retry attempt finds the created resource."""
        return list(self.stored) == [STORE_KEY] and record_of(self.stored).keys() & {"ref", "done"} != set()

    def comparable(self) -> dict[str, Any]:
        """Return the outcome without values that differ in every run."""
        error = self.error and [f"{type(self.error).__module__}.{type(self.error).__qualname__}", str(self.error)]
        # A fault may affect the check for a running job in one mode and not in the other.
        stored = {key: text.replace('\\"busy\\": true', '\\"busy\\": false') for key, text in self.stored.items()}
        return normalize({"error": error, "stored": stored, "value": self.value, "xcoms": self.xcoms})

    @property
    def text(self) -> str:
        """The error's message with placeholders for ids."""
        text: str = normalize(str(self.error))
        return text


class Run:
    """A task with an operator in one mode, on an emulator that has the required resources."""

    def __init__(self, datarobot: EmulatorClient, case: Case, *, deferrable: bool, **arguments: Any) -> None:
        datarobot.reset()
        self.datarobot, self.case, self.deferrable = datarobot, case, deferrable
        self.arguments = {
            "task_id": "parity",
            "retries": RETRIES,
            "deferrable": deferrable,
            "poll_interval": POLL_INTERVAL,
            "timeout": TIMEOUT,
            **case.prepare(datarobot),
            **arguments,
        }
        datarobot.clear_requests()
        self.store = Store()
        self.instance = TaskInstance()

    def operator(self) -> DataRobotJobOperator:
        """Return a new operator; each process of a task creates its own."""
        return self.case.operator(**self.arguments)

    def context(self) -> Any:
        """Return the context of the current attempt."""
        return {"ti": self.instance, "task_state_store": self.store}

    def next_attempt(self) -> None:
        """Begin the next attempt like a retry: the XComs are deleted, the store is kept."""
        self.instance = TaskInstance(self.instance.try_number + 1, self.instance.max_tries)

    def clear(self) -> None:
        """Begin the task again like a clear: the store is kept, and ``max_tries`` increases."""
        self.instance = TaskInstance(self.instance.try_number + 1, self.instance.try_number + RETRIES)

    def finish(
        self,
        *,
        before_trigger: Callable[[], None] = lambda: None,
        after_trigger: Callable[[], None] = lambda: None,
        host_in_event: bool = False,
    ) -> Outcome:
        """Run the task to its end.

        :param before_trigger: in deferrable mode, called after the task has deferred and before the trigger runs.
        :param after_trigger: in deferrable mode, called after the trigger has ended and before the task resumes.
        :param host_in_event: whether the trigger's event may contain the host.
        """

        def deferred() -> Any:
            try:
                deferral = self.defer()
            except _EndedBeforeDeferralError as ended:
                return ended.value
            before_trigger()
            event = self._event(deferral, host_in_event)
            after_trigger()
            # Another process resumes the task: only what was stored is available.
            return getattr(self.operator(), deferral.method_name)(self.context(), event=event)

        outcome = Outcome()
        try:
            outcome.value = deferred() if self.deferrable else self.operator().execute(self.context())
        except AssertionError:
            raise
        except Exception as error:  # noqa: BLE001 - the tests check its type
            outcome.error = error
        outcome.xcoms = self.instance.xcoms
        outcome.stored = self.store.values
        assert TOKEN not in json.dumps([outcome.value, outcome.xcoms, outcome.stored, str(outcome.error)])
        return outcome

    def defer(self) -> TaskDeferred:
        """Run a deferrable task until it defers; check the values that Airflow would store."""
        try:
            raise _EndedBeforeDeferralError(self.operator().execute(self.context()))
        except TaskDeferred as caught:
            deferred = caught
        assert not deferred.kwargs, "dag.test() ignores them"
        assert isinstance(deferred.timeout, timedelta)
        timeout = float(self.arguments["timeout"])
        assert _MARGIN <= deferred.timeout.total_seconds() <= timeout + _MARGIN, (
            "Airflow's timeout must be later than the trigger's own deadline"
        )
        return deferred

    def rebuild_trigger(self, deferred: TaskDeferred) -> DataRobotJobTrigger:
        """Return the trigger as the triggerer creates it from the stored values."""
        path, kwargs = deferred.trigger.serialize()
        stored = json.dumps(kwargs, allow_nan=False)
        self._check_no_secrets(stored)
        trigger: DataRobotJobTrigger = import_string(path)(**json.loads(stored))
        assert trigger.serialize() == (path, kwargs)
        return trigger

    def _event(self, deferral: TaskDeferred, host_allowed: bool) -> Any:
        """Run the trigger; return its event as Airflow passes it to the worker."""
        trigger, before = self.rebuild_trigger(deferral), len(self.datarobot.requests())
        event = json.dumps(asyncio.run(self._only_event(trigger)), allow_nan=False)
        assert {row["method"] for row in self.datarobot.requests()[before:]} <= {"GET"}, (
            "a trigger that waits only sends GET requests"
        )
        payload = json.loads(event)
        assert TOKEN not in event
        # The result may contain DataRobot's addresses; its XCom contains them in plain text, too.
        self._check_no_secrets(json.dumps({**payload, "found": None}), host_allowed=host_allowed)
        return payload

    async def _only_event(self, trigger: DataRobotJobTrigger) -> Any:
        events = trigger.run()
        async with asyncio.timeout(_LONGEST_WAIT):
            event = await anext(events)
        assert isinstance(event, TriggerEvent)
        with pytest.raises(StopAsyncIteration):
            await anext(events)
        return event.payload

    def _check_no_secrets(self, text: str, *, host_allowed: bool = False) -> None:
        """Check that a string that Airflow stores in plain text contains neither the token nor the host."""
        assert TOKEN not in text
        assert host_allowed or self.datarobot.host.partition(":")[0] not in text

    def check_requests(self, *, deletes: int = 0, starts: int = 1) -> None:
        """Check that exactly one request started the job, and that no other request changed anything.

        :param deletes: expected number of requests to cancel the job.
        :param starts: expected number of requests to start the job.
        """
        requests = self.datarobot.requests()
        changes = [request for request in requests if request["method"] != "GET"]
        started = [row for row in changes if row["method"] == "POST" and re.search(self.case.start, row["path"])]
        stopped = [row for row in changes if row["method"] == "DELETE"]
        assert len(started) == starts, started
        assert len(stopped) == deletes, stopped
        assert all(self.case.cancel and re.search(self.case.cancel, row["path"]) for row in stopped), stopped
        assert len(changes) == starts + deletes, changes
        assert [row["violations"] for row in requests if row["violations"]] == []

    def check_job(self, *, active: bool = False) -> dict[str, Any]:
        """Check that exactly one job was started, and whether it is active; return it."""
        jobs = self.datarobot.jobs(self.case.kind)
        assert len(jobs) == 1, jobs
        assert jobs[0]["active"] is active
        return jobs[0]


def run_both_modes(run_mode: Callable[[bool], Outcome]) -> tuple[Outcome, Outcome]:
    """Run a task in both modes, and check that the outcomes are equal.

    :param run_mode: called with the argument ``deferrable``.
    :returns: the outcomes of the synchronous and of the deferrable mode.
    """
    sync, deferrable = run_mode(False), run_mode(True)
    assert deferrable.comparable() == sync.comparable()
    return sync, deferrable


#: Extras of a connection whose waits give up after a few failed polls.
SHORT_POLL_FAILURES = {"poll_failure_timeout": 0.1}


def fail_polls_early(datarobot: EmulatorClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let waits give up after a few failed polls."""
    monkeypatch.setattr(poller, "FAILED_POLLS", 2)
    monkeypatch.setenv(CONNECTION, connection(datarobot.endpoint, **SHORT_POLL_FAILURES))


@contextlib.contextmanager
def log_lines(writer: object, name: str = "log") -> Iterator[list[str]]:
    """Collect the log lines of a class or a module.

    :param writer: the class or the module.
    :param name: the attribute that holds its logger.
    """
    lines: list[str] = []
    logger = logging.Logger("parity")  # noqa: LOG001 - it must not propagate
    logger.addHandler(_Lines(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, name, logger, raising=False)
        yield lines


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


def polls_of(case: Case, datarobot: EmulatorClient) -> Iterator[dict[str, Any]]:
    """Return the polls of the job that received a response so far."""
    paths = "|".join(case.polls)
    return (
        row
        for row in datarobot.requests()
        if row["method"] == "GET" and row["status"] and re.search(paths, row["path"])
    )
