"""What a task remembers of the things it makes, from retry attempt to retry attempt.

One task may make several things: an operator that loops over ``super().execute()``, a ``@task`` that executes several
operators. Each call has a record of its own, which only a call that asks for the same takes up.
"""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.submission.digest import request_digest
from datarobot_provider.core.submission.recovery import CreatedResource
from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datarobot_provider.core.base_operator import DataRobotBaseOperator
    from datarobot_provider.version_compat import Context

STORE_KEY = "datarobot_submissions"
_ALWAYS = {"asked", "call", "attempt", "datarobot_conn_id", "cancel"}
#: A ``@task`` may execute operators in several threads, and all records of a task are one value of the store.
_LOCK = threading.Lock()

log = logging.getLogger(__name__)


class SupersededJob(NamedTuple):
    """A job that a task had started before a user cleared the task.

    :param ref: the job.
    :param datarobot_conn_id: id of the Airflow connection it was started with.
    :param cancel: whether the operator that started it cancels it when the task is killed.
    """

    ref: JobRef
    datarobot_conn_id: str
    cancel: bool


def is_retry(context: Context, retries: int | None) -> bool:
    """Return whether this is a later attempt since the task began, or since it was last cleared.

    :param context: the context of the task.
    :param retries: how many retries the task has.
    """
    task_instance = context["ti"]
    attempts_before_clear = _max_tries(task_instance) - (retries or 0)
    return _attempt(task_instance) - attempts_before_clear > 1


class SubmissionRecord:
    """What one call within a task remembers, in Airflow's task state store (Airflow 3.3 and up).

    A record belongs to a class of operators, to what is asked, and to the place among the calls that ask for the same.
    An attempt takes up each record once, so that a second call for the same makes a second thing.

    The store outlives a user's clear, after which the work is done anew. Airflow raises ``max_tries`` then, so records
    under another number are superseded; except those of jobs that the task only lost sight of.

    :ivar kept: whether Airflow has a store at all.
    :ivar is_retry: whether this is a later attempt since the task began, or since it was last cleared.
    :ivar before: what DataRobot had before the request; ``None`` if no request was ever about to be sent.
    :ivar made: what the request made; ``None`` if that is not known.
    """

    def __init__(self, context: Context, task: DataRobotBaseOperator, entry: Mapping[str, Any]) -> None:
        self._records = _Records(context)
        self._constant = {
            "asked": entry["asked"],
            "call": entry["call"],
            "datarobot_conn_id": str(task.datarobot_conn_id),
            "cancel": converters.boolean(getattr(task, "cancel_on_kill", False)),
        }
        self.has_store = self._records.has_store
        self.is_retry = is_retry(context, task.retries)
        self.result = _made(entry)
        self.state_before: dict[str, Any] | None = entry.get("before")

    @classmethod
    def load_or_create(cls, context: Context, task: DataRobotBaseOperator) -> SubmissionRecord:
        """Return the record of this call: one that an earlier attempt left, or else a new one.

        :param context: the context of the task.
        :param task: the operator that makes something, its templates rendered.
        """
        return cls(context, task, _Records(context).acquire(request_digest(task)))

    @classmethod
    def for_job(cls, context: Context, task: DataRobotBaseOperator, ref: JobRef) -> SubmissionRecord:
        """Return the record of the call that started or joined a job, after a deferral.

        :param context: the context of the task.
        :param task: the operator; its arguments may have changed since, in an operator that loops.
        :param ref: the job, as the trigger reported it.
        """
        return cls(context, task, _Records(context).for_job(ref) or {"asked": "", "call": 0})

    def save_intent(self, state_before: Callable[[], dict[str, Any]]) -> None:
        """Write down that the request is about to be sent.

        :param state_before: returns what DataRobot has until then; called only once for all attempts.
        """
        if self.has_store and self.state_before is None:
            self.state_before = state_before()
            self._write({})

    def save_result(self, result: JobRef | CreatedResource) -> None:
        """Save what the request created."""
        self.result = result
        if isinstance(result, JobRef):
            self._write({"ref": result.dumps()})
        else:
            self._write({"done": {"value": result.value, "ids": dict(result.ids)}})

    def delete(self) -> None:
        """Let the next attempt begin anew."""
        self.result = self.state_before = None
        self._records.remove(self._constant)

    def mark_unreachable(self) -> None:
        """Write down that the job was left running because it could not be polled: a clear takes it up, too."""
        if isinstance(self.result, JobRef):
            self._write({"ref": self.result.dumps(), "lost": True})

    def _write(self, outcome: dict[str, Any]) -> None:
        self._records.replace({**self._constant, "before": self.state_before or {}, **outcome})


class _Records:
    """All records of a task: one JSON text in the store."""

    def __init__(self, context: Context) -> None:
        self._store = context.get("task_state_store")
        self._max_tries = _max_tries(context["ti"])
        self._attempt = _attempt(context["ti"])
        self.has_store = self._store is not None

    def acquire(self, asked: str) -> dict[str, Any]:
        """Return the first record of what is asked that this attempt has not taken up yet; a new one if there is none.

        :param asked: what :func:`request_digest` returned.
        """
        with _LOCK:
            calls = self._calls()
            same = [entry for entry in calls if entry["asked"] == asked]
            free = next((entry for entry in same if entry["attempt"] != self._attempt), None)
            if free is None:
                return {"asked": asked, "call": 1 + max((entry["call"] for entry in same), default=-1)}
            free["attempt"] = self._attempt
            free.pop("lost", None)
            self._save(calls)
            return free

    def replace(self, record: Mapping[str, Any]) -> None:
        """Write the record of one call."""
        if self._store is not None:
            with _LOCK:
                self._save([*self._others(record), {**record, "attempt": self._attempt}])

    def remove(self, record: Mapping[str, Any]) -> None:
        """Remove the record of one call."""
        if self._store is not None:
            with _LOCK:
                self._save(self._others(record))

    def _others(self, record: Mapping[str, Any]) -> list[dict[str, Any]]:
        identity = (record["asked"], record["call"])
        return [entry for entry in self._calls() if (entry["asked"], entry["call"]) != identity]

    def superseded(self) -> list[dict[str, Any]]:
        """Return the records from before a user's clear."""
        state = self._load()
        if state["max_tries"] == self._max_tries:
            return []
        return [entry for entry in state["calls"] if not entry.get("lost")]

    def delete_superseded(self) -> None:
        """Remove the records from before a user's clear."""
        with _LOCK:
            self._save(self._calls())

    def for_job(self, ref: JobRef) -> dict[str, Any] | None:
        """Return the record of a job; ids may have been learned since it was written."""
        for entry in self._calls():
            made = _made(entry)
            if isinstance(made, JobRef) and made.kind == ref.kind and made.ids.items() <= ref.ids.items():
                return entry
        return None

    def _calls(self) -> list[dict[str, Any]]:
        state = self._load()
        current = state["max_tries"] == self._max_tries
        return [entry for entry in state["calls"] if current or entry.get("lost")]

    def _save(self, calls: list[dict[str, Any]]) -> None:
        if self._store is None:
            return
        if not calls:
            self._store.delete(STORE_KEY)
            return
        try:
            text = json.dumps({"max_tries": self._max_tries, "calls": calls}, allow_nan=False)
        except (TypeError, ValueError):
            log.warning("What the request returned cannot be remembered as JSON; a retry will not know it.")
            return
        self._store.set(STORE_KEY, text)

    def _load(self) -> dict[str, Any]:
        text = self._store.get(STORE_KEY) if self._store is not None else None
        if text:
            try:
                return _checked(json.loads(str(text)))
            except (ValueError, KeyError, TypeError, AttributeError, InputError, RecursionError):
                log.warning("The task state store holds something else under %r; it is not used.", STORE_KEY)
        return {"max_tries": self._max_tries, "calls": []}


def superseded_jobs(context: Context) -> list[SupersededJob]:
    """Return the jobs that the task had started before a user cleared it, the newest last.

    A job that the task only joined, or only lost sight of, is not among them.

    :param context: the context of the task.
    """
    found = []
    for entry in _Records(context).superseded():
        ref = _made(entry)
        if isinstance(ref, JobRef) and not ref.joined:
            found.append(SupersededJob(ref, str(entry["datarobot_conn_id"]), bool(entry["cancel"])))
    return found


def delete_superseded_records(context: Context) -> None:
    """Remove what :func:`superseded_jobs` returns, once those jobs have been dealt with.

    :param context: the context of the task.
    """
    _Records(context).delete_superseded()


def _checked(state: dict[str, Any]) -> dict[str, Any]:
    calls = [dict(entry) for entry in state["calls"]]
    for entry in calls:
        _made(entry)
        entry["before"] = dict(entry["before"])
        if not (entry.keys() >= _ALWAYS and isinstance(entry["asked"], str) and isinstance(entry["call"], int)):
            raise TypeError("a record without an identity")
    return {"max_tries": state["max_tries"], "calls": calls}


def _made(record: Mapping[str, Any]) -> JobRef | CreatedResource | None:
    if "ref" in record:
        return JobRef.loads(record["ref"])
    return CreatedResource(record["done"]["value"], dict(record["done"]["ids"])) if "done" in record else None


def _max_tries(task_instance: Any) -> int:
    return int(getattr(task_instance, "max_tries", 0))


def _attempt(task_instance: Any) -> int:
    return int(getattr(task_instance, "try_number", 1))
