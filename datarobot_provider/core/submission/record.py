"""Submission records: what a task has sent and what it created, kept across retry attempts.

One task may submit several requests: an operator that calls ``super().execute()`` in a loop, or a ``@task`` that
executes several operators. Each call has its own record. A retry attempt matches calls to records by the digest of the
request.
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
_REQUIRED_KEYS = {"asked", "call", "attempt", "datarobot_conn_id", "cancel"}
#: A ``@task`` may execute operators in several threads, and all records of a task are one value in the store.
_LOCK = threading.Lock()

log = logging.getLogger(__name__)


class SupersededJob(NamedTuple):
    """A job that a task started before a user cleared the task.

    :param ref: the job.
    :param datarobot_conn_id: id of the Airflow connection that the job was started with.
    :param cancel: the ``cancel_on_kill`` of the operator that started the job.
    """

    ref: JobRef
    datarobot_conn_id: str
    cancel: bool


def is_retry(context: Context, retries: int | None) -> bool:
    """Return whether the current attempt is a retry: not the first one of the task, nor the first one after a clear.

    :param context: the context of the task.
    :param retries: number of retries of the task.
    """
    task_instance = context["ti"]
    attempts_before_clear = _max_attempts(task_instance) - (retries or 0)
    return _attempt(task_instance) - attempts_before_clear > 1


class SubmissionRecord:
    """Record of one submission of a task, in Airflow's task state store (Airflow 3.3 and up).

    A record is identified by the digest of the request and by the position among the calls with the same digest. An
    attempt uses each record once: a second call with the same request creates a second resource.

    The store survives a clear, after which the task does its work again. Airflow raises ``max_tries`` when a task is
    cleared, so records with another ``max_tries`` are superseded. The exception are jobs marked as unreachable: they
    are resumed after a clear, too.

    :ivar has_store: whether Airflow provides a task state store.
    :ivar is_retry: see :func:`is_retry`.
    :ivar state_before: the state of DataRobot before the request was sent; ``None`` if no request was about to be sent.
    :ivar result: what the request created; ``None`` if that is unknown.
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
        self.result = _result(entry)
        self.state_before: dict[str, Any] | None = entry.get("before")

    @classmethod
    def load_or_create(cls, context: Context, task: DataRobotBaseOperator) -> SubmissionRecord:
        """Return the record that an earlier attempt saved for this call, or a new one.

        :param context: the context of the task.
        :param task: the operator that submits the request, with rendered arguments.
        """
        record = cls(context, task, _Records(context).acquire(request_digest(task)))
        if not record.has_store:
            log.info(
                "Airflow before 3.3 has no task state store: a retry searches DataRobot for what this attempt creates."
            )
        return record

    @classmethod
    def for_job(cls, context: Context, task: DataRobotBaseOperator, ref: JobRef) -> SubmissionRecord:
        """Return the record of a job, after a deferral.

        The job identifies the record, because the arguments of an operator that submits in a loop may have changed.

        :param context: the context of the task.
        :param task: the operator.
        :param ref: the job from the trigger event.
        """
        return cls(context, task, _Records(context).for_job(ref) or {"asked": "", "call": 0})

    def save_intent(self, state_before: Callable[[], dict[str, Any]]) -> None:
        """Save that the request is about to be sent.

        :param state_before: returns the current state of DataRobot; called at most once, by the first attempt.
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
        """Delete the record, so that the next attempt submits the request again."""
        self.result = self.state_before = None
        self._records.delete(self._constant)

    def mark_unreachable(self) -> None:
        """Save that the job was left running because it could not be polled; it is resumed even after a clear."""
        if isinstance(self.result, JobRef):
            self._write({"ref": self.result.dumps(), "lost": True})

    def _write(self, outcome: dict[str, Any]) -> None:
        self._records.replace({**self._constant, "before": self.state_before or {}, **outcome})


class _Records:
    """All submission records of a task, stored as one JSON document."""

    def __init__(self, context: Context) -> None:
        self._store = context.get("task_state_store")
        self._max_attempts = _max_attempts(context["ti"])
        self._attempt = _attempt(context["ti"])
        self.has_store = self._store is not None

    def acquire(self, digest: str) -> dict[str, Any]:
        """Return the first record with this digest that the current attempt has not used yet, or a new one.

        :param digest: the digest of the request, see :func:`request_digest`.
        """
        with _LOCK:
            entries = self._current()
            same = [entry for entry in entries if entry["asked"] == digest]
            unused = next((entry for entry in same if entry["attempt"] != self._attempt), None)
            if unused is None:
                return {"asked": digest, "call": 1 + max((entry["call"] for entry in same), default=-1)}
            unused["attempt"] = self._attempt
            unused.pop("lost", None)
            self._save(entries)
            return unused

    def replace(self, record: Mapping[str, Any]) -> None:
        """Write the record of one call."""
        if self._store is not None:
            with _LOCK:
                self._save([*self._others(record), {**record, "attempt": self._attempt}])

    def delete(self, record: Mapping[str, Any]) -> None:
        """Delete the record of one call."""
        if self._store is not None:
            with _LOCK:
                self._save(self._others(record))

    def superseded(self) -> list[dict[str, Any]]:
        """Return the records that were saved before the task was cleared."""
        state = self._load()
        if state["max_tries"] == self._max_attempts:
            return []
        return [entry for entry in state["calls"] if not entry.get("lost")]

    def delete_superseded(self) -> None:
        """Delete the records that were saved before the task was cleared."""
        with _LOCK:
            self._save(self._current())

    def for_job(self, ref: JobRef) -> dict[str, Any] | None:
        """Return the record of a job, which may contain fewer ids than the reference."""
        for entry in self._current():
            saved = _result(entry)
            if isinstance(saved, JobRef) and saved.kind == ref.kind and saved.ids.items() <= ref.ids.items():
                return entry
        return None

    def _others(self, record: Mapping[str, Any]) -> list[dict[str, Any]]:
        identity = (record["asked"], record["call"])
        return [entry for entry in self._current() if (entry["asked"], entry["call"]) != identity]

    def _current(self) -> list[dict[str, Any]]:
        """Return the records that are not superseded."""
        state = self._load()
        is_current = state["max_tries"] == self._max_attempts
        return [entry for entry in state["calls"] if is_current or entry.get("lost")]

    def _save(self, entries: list[dict[str, Any]]) -> None:
        if self._store is None:
            return
        if not entries:
            self._store.delete(STORE_KEY)
            return
        try:
            text = json.dumps({"max_tries": self._max_attempts, "calls": entries}, allow_nan=False)
        except (TypeError, ValueError):
            log.warning("The result of the request is not valid JSON and was not saved. A retry cannot reuse it.")
            return
        self._store.set(STORE_KEY, text)

    def _load(self) -> dict[str, Any]:
        text = self._store.get(STORE_KEY) if self._store is not None else None
        if text:
            try:
                return _validated(json.loads(str(text)))
            except (ValueError, KeyError, TypeError, AttributeError, InputError, RecursionError):
                log.warning(
                    "The value of %r in the task state store is not a valid submission record. It is ignored.",
                    STORE_KEY,
                )
        return {"max_tries": self._max_attempts, "calls": []}


def superseded_jobs(context: Context) -> list[SupersededJob]:
    """Return the jobs that the task started before a user cleared it, the newest last.

    Jobs that another client started and jobs marked as unreachable are not included.

    :param context: the context of the task.
    """
    found = []
    for entry in _Records(context).superseded():
        ref = _result(entry)
        if isinstance(ref, JobRef) and not ref.joined:
            found.append(SupersededJob(ref, str(entry["datarobot_conn_id"]), bool(entry["cancel"])))
    return found


def delete_superseded_records(context: Context) -> None:
    """Delete the records of the jobs that :func:`superseded_jobs` returns.

    :param context: the context of the task.
    """
    _Records(context).delete_superseded()


def _validated(state: dict[str, Any]) -> dict[str, Any]:
    entries = [dict(entry) for entry in state["calls"]]
    for entry in entries:
        _result(entry)
        entry["before"] = dict(entry["before"])
        if not (entry.keys() >= _REQUIRED_KEYS and isinstance(entry["asked"], str) and isinstance(entry["call"], int)):
            raise TypeError("The record has no digest or no call number.")
    return {"max_tries": state["max_tries"], "calls": entries}


def _result(entry: Mapping[str, Any]) -> JobRef | CreatedResource | None:
    if "ref" in entry:
        return JobRef.loads(entry["ref"])
    return CreatedResource(entry["done"]["value"], dict(entry["done"]["ids"])) if "done" in entry else None


def _max_attempts(task_instance: Any) -> int:
    return int(getattr(task_instance, "max_tries", 0))


def _attempt(task_instance: Any) -> int:
    return int(getattr(task_instance, "try_number", 1))
