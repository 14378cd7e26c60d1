"""Idempotent submission: a request that creates something takes effect once, even if the worker is killed.

The task saves a submission record before it sends the request, and saves the result after the response. A retry attempt
that finds a record without a result checks in DataRobot whether the request was accepted.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pendulum

from datarobot_provider.client.routes import VERSIONS, route
from datarobot_provider.core.arguments.converters import Converter, payload
from datarobot_provider.exceptions import (
    ApiError,
    DataRobotError,
    InputError,
    ServerError,
    TransportError,
    UncertainSubmitError,
)
from datarobot_provider.hooks.datarobot import UsesDataRobotHook
from datarobot_provider.jobs.model import JobRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.core.submission.record import SubmissionRecord
    from datarobot_provider.version_compat import Context

_POLICIES = ("fail", "resubmit")
#: Number of rows to save in a record: several may have been created in the same second.
_NEWEST_ROWS = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CreatedResource:
    """A resource that a request created at once, without a job to wait for.

    :param value: the value to return as XCom.
    :param ids: ids for the URLs of the task's links.
    """

    value: Any
    ids: Mapping[str, str] = field(default_factory=dict)


class SubmitOnce(UsesDataRobotHook):
    """Mixin of the operators that create something: submits the request once, across all retry attempts.

    :ivar on_uncertain_submit: ``fail`` or ``resubmit``: what to do if it is unknown whether the request of an
        earlier attempt was accepted.
    """

    on_uncertain_submit: str
    api_fields: ClassVar[Mapping[str, Converter]]

    @abstractmethod
    def start(self, context: Context) -> JobRef | CreatedResource:
        """Send the request."""

    def state_before(self) -> dict[str, Any]:
        """Return the current state of DataRobot as JSON, for a later :meth:`recover`; called before the request."""
        return {}

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:  # noqa: ARG002 - for subclasses
        """Find what an earlier attempt created whose response was lost.

        :param state_before: the return value of :meth:`state_before` from before the request.
        :returns: what the earlier attempt created; ``None`` if it created nothing.
        :raises UncertainSubmitError: if this cannot be determined.
        """
        raise UncertainSubmitError("The DataRobot API has no way to find out.")

    def submit(self, context: Context, record: SubmissionRecord) -> JobRef | CreatedResource:
        """Send the request, unless an earlier attempt has already done so.

        :param context: the context of the task.
        :param record: the submission record of this call.
        :returns: what this attempt or an earlier one created.
        """
        result = self._recover_result(context, record)
        if result is None:
            was_sent_before = record.state_before is not None
            record.save_intent(self.state_before)
            try:
                result = self.start(context)
            except DataRobotError as error:
                if _created_nothing(error):
                    record.delete()
                raise
            if isinstance(result, JobRef) and result.joined and was_sent_before:
                result = replace(result, joined=not self.owns_running_job(record.state_before or {}))
        record.save_result(result)
        return result

    def owns_running_job(self, state_before: Mapping[str, Any]) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether an earlier attempt of this task started the running job that conflicts with the request.

        :param state_before: the return value of :meth:`state_before` from before the earlier request.
        """
        return False

    def check_submission(self) -> None:
        """Check the payload and the policy, before any request is sent.

        :raises InputError: naming the invalid argument.
        """
        payload(vars(self), self.api_fields)
        if self.on_uncertain_submit not in _POLICIES:
            raise InputError(
                f"on_uncertain_submit should be one of {', '.join(_POLICIES)}, but is {self.on_uncertain_submit!r}."
            )

    def is_recoverable(self, result: JobRef | CreatedResource) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether to reuse a result that :meth:`recover` found without a submission record."""
        return True

    def _recover_result(self, context: Context, record: SubmissionRecord) -> JobRef | CreatedResource | None:
        state_before = record.state_before if record.has_store else _state_at_run_start(context, record)
        if state_before is None:
            return None
        try:
            result = self.recover(state_before)
        except UncertainSubmitError as error:
            if self.on_uncertain_submit == "fail":
                raise
            log.warning("%s Sending the request again because on_uncertain_submit is 'resubmit'.", error.headline)
            return None
        if result is None or not (record.has_store or self.is_recoverable(result)):
            return None
        log.info("The request of an earlier attempt was accepted, but its response was lost. Reusing its result.")
        # Without a record, it is likely but not certain that this task started the job: do not cancel it.
        return replace(result, joined=True) if isinstance(result, JobRef) and not record.has_store else result


class RecoverByConflict(SubmitOnce):
    """Base of the operators whose request DataRobot refuses while the same job is running.

    Sending the request again is safe: the conflict response identifies the running job.
    """

    @abstractmethod
    def existing_job(self) -> JobRef:
        """Return a reference to the job that may already be running, by the ids of its version."""

    def state_before(self) -> dict[str, Any]:
        """Return whether a job is already running, which this task must not cancel."""
        return {"busy": self.hook.jobs.is_running(self.existing_job())}

    def owns_running_job(self, state_before: Mapping[str, Any]) -> bool:
        """Return whether no job was running before the earlier attempt sent its request."""
        return state_before.get("busy") is False

    def recover(self, state_before: dict[str, Any]) -> None:
        """Return ``None``, so that the request is sent again; a conflict response identifies the running job."""


class RecoverFromList(SubmitOnce):
    """Base of the operators whose result is listed as soon as DataRobot has accepted the request."""

    #: Field of a row that contains its creation time.
    created_at: ClassVar[str] = "created"

    @abstractmethod
    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the existing resources of the kind that this task creates, the newest first.

        :param limit: maximum number of rows; ``None`` for all.
        """

    @abstractmethod
    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row is equal to the resource that this task creates."""

    @abstractmethod
    def result_from_row(self, row: Mapping[str, Any]) -> JobRef | CreatedResource:
        """Return the result that :meth:`start` would have returned for a row."""

    def state_before(self) -> dict[str, Any]:
        """Return the ids of the newest rows and the creation time of the newest one."""
        newest = self.list_rows(_NEWEST_ROWS)
        return {"ids": [row["id"] for row in newest], "created": newest[0].get(self.created_at)} if newest else {}

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:
        """Find the matching row that was created after the request was sent.

        :raises UncertainSubmitError: if several rows match.
        """
        found = [row for row in self.list_rows(None) if self._is_newer(row, state_before) and self.matches(row)]
        if len(found) > 1:
            raise UncertainSubmitError(f"Several resources match: {', '.join(str(row['id']) for row in found)}.")
        if not found:
            self.verify_not_created()
            return None
        return self.result_from_row(found[0])

    def verify_not_created(self) -> None:
        """Confirm that nothing was created, when no row matches; the default trusts the list.

        :raises UncertainSubmitError: if the resource may still appear in the list.
        """

    def _is_newer(self, row: Mapping[str, Any], state_before: Mapping[str, Any]) -> bool:
        if row["id"] in state_before.get("ids", ()):
            return False
        newest_before, created = _parse_time(state_before.get("created")), _parse_time(row.get(self.created_at))
        return newest_before is None or created is None or created >= newest_before


class RecoverFromVersions(RecoverFromList):
    """Base of the operators that create a version of a custom model.

    :ivar custom_model_id: id of the custom model.
    """

    custom_model_id: str

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the versions of the model, the newest first."""
        return self.hook.client.items(route(VERSIONS, custom_model_id=self.custom_model_id), limit=limit)


def fields_match(row: Mapping[str, Any], sent: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Return whether a row has the values that were sent.

    :param row: a resource as DataRobot returns it.
    :param sent: the payload of the request.
    :param names: the fields to compare; fields that were not sent are ignored.
    """
    return all(_value_matches(row.get(name), sent[name]) for name in names if name in sent)


def _value_matches(value: Any, sent: Any) -> bool:
    """Return whether a value equals the value that was sent; DataRobot may add fields to an object."""
    if isinstance(sent, Mapping) and isinstance(value, Mapping):
        return all(_value_matches(value.get(name), part) for name, part in sent.items())
    return bool(value == sent)


def _parse_time(text: object) -> pendulum.DateTime | None:
    try:
        parsed = pendulum.parse(str(text))
    except ValueError:
        return None
    return parsed if isinstance(parsed, pendulum.DateTime) else None


def _state_at_run_start(context: Context, record: SubmissionRecord) -> dict[str, Any] | None:
    """Return a substitute for the record on Airflow before 3.3: on a retry, the start time of the DAG run."""
    started = getattr(context.get("dag_run"), "start_date", None)
    return {"created": started.isoformat()} if record.is_retry and started else None


def _created_nothing(error: DataRobotError) -> bool:
    """Return whether an error proves that the request created nothing."""
    if isinstance(error, TransportError):
        return not error.sent
    return isinstance(error, InputError) or (isinstance(error, ApiError) and not isinstance(error, ServerError))
