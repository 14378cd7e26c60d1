"""Submit once: a request that makes something is sent once, whatever dies on the way.

Before a request that makes something, the task writes down that it is about to send it, and what DataRobot had until
then. After the response it writes down what was made. A later attempt that finds only the first half asks DataRobot.
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
_NEWEST = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CreatedResource:
    """What a request made that leaves nothing to wait for.

    :param value: what goes to XCom.
    :param ids: what the pages of the links need.
    """

    value: Any
    ids: Mapping[str, str] = field(default_factory=dict)


class SubmitOnce(UsesDataRobotHook):
    """What every operator has that makes something in DataRobot: it does so once, whatever dies on the way.

    :ivar on_uncertain_submit: ``fail`` or ``resubmit``, where DataRobot cannot tell whether an earlier try got through.
    """

    on_uncertain_submit: str
    api_fields: ClassVar[Mapping[str, Converter]]

    @abstractmethod
    def start(self, context: Context) -> JobRef | CreatedResource:
        """Send the request."""

    def before(self) -> dict[str, Any]:
        """Return what :meth:`recover` needs to know of the time before the request; JSON."""
        return {}

    def recover(self, before: dict[str, Any]) -> JobRef | CreatedResource | None:  # noqa: ARG002 - for subclasses
        """Find what an earlier try made whose response was lost; ``None`` if it made nothing.

        :param before: what :meth:`before` told at that time.
        :raises UncertainSubmitError: if DataRobot cannot tell.
        """
        raise UncertainSubmitError("DataRobot offers no way to find out.")

    def submit(self, context: Context, record: SubmissionRecord) -> JobRef | CreatedResource:
        """Send the request, unless an earlier attempt has done so."""
        made = self._recovered(context, record)
        if made is None:
            sent_before = record.before is not None
            record.intend(self.before)
            try:
                made = self.start(context)
            except DataRobotError as error:
                if _made_nothing(error):
                    record.forget()
                raise
            if isinstance(made, JobRef) and made.joined and sent_before and self.is_own(record.before or {}):
                made = replace(made, joined=False)
        record.keep(made)
        return made

    def is_own(self, before: Mapping[str, Any]) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether a running job that refuses the request is one whose start an earlier attempt had requested.

        :param before: what :meth:`before` returned ahead of the earlier request.
        """
        return False

    def check_submission(self) -> None:
        """Check what is to be sent, before DataRobot is asked anything.

        :raises InputError: naming the argument at fault.
        """
        payload(vars(self), self.api_fields)
        if self.on_uncertain_submit not in _POLICIES:
            raise InputError(
                f"on_uncertain_submit should be one of {', '.join(_POLICIES)}, but is {self.on_uncertain_submit!r}."
            )

    def _recovered(self, context: Context, record: SubmissionRecord) -> JobRef | CreatedResource | None:
        before = record.before if record.kept else _since_the_run_began(context, record)
        if before is None:
            return None
        try:
            made = self.recover(before)
        except UncertainSubmitError as error:
            if self.on_uncertain_submit == "fail":
                raise
            log.warning("%s Sending it again, as on_uncertain_submit says.", error.headline)
            return None
        if made is None or not (record.kept or self.may_recover(made)):
            return None
        log.info("An earlier attempt of this task made it already, only its response was lost; taking it up.")
        # Without a record it is only likely that this task started the job.
        return replace(made, joined=True) if isinstance(made, JobRef) and not record.kept else made

    def may_recover(self, made: JobRef | CreatedResource) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether to take what was found without a record of this task."""
        return True


class RecoverByConflict(SubmitOnce):
    """For jobs of which DataRobot refuses a second one, naming the first: sending again is the way to ask."""

    @abstractmethod
    def existing(self) -> JobRef:
        """Return the job that may be there already, by the ids of what it works on."""

    def before(self) -> dict[str, Any]:
        """Return whether somebody else's job runs already, which is then not this task's to cancel."""
        return {"busy": self.hook.jobs.is_running(self.existing())}

    def is_own(self, before: Mapping[str, Any]) -> bool:
        """Return whether no job ran before the earlier attempt sent its request."""
        return before.get("busy") is False

    def recover(self, before: dict[str, Any]) -> None:
        """Leave it to the refusal."""


class RecoverFromList(SubmitOnce):
    """For what shows up in a list as soon as DataRobot has taken the request."""

    #: Field of a row that holds the time of its creation.
    created_at: ClassVar[str] = "created"

    @abstractmethod
    def listed(self, limit: int | None) -> list[dict[str, Any]]:
        """Return what there is of the kind that this task makes, the newest first."""

    @abstractmethod
    def is_same(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row is what this task would make."""

    @abstractmethod
    def recovered_row(self, row: Mapping[str, Any]) -> JobRef | CreatedResource:
        """Return a row as :meth:`start` would have."""

    def before(self) -> dict[str, Any]:
        """Return the ids of the newest rows (several may be of the same second) and when the newest was made."""
        newest = self.listed(_NEWEST)
        return {"ids": [row["id"] for row in newest], "created": newest[0].get(self.created_at)} if newest else {}

    def recover(self, before: dict[str, Any]) -> JobRef | CreatedResource | None:
        """Look for what is newer than what was the newest before."""
        found = [row for row in self.listed(None) if self._is_newer(row, before) and self.is_same(row)]
        if len(found) > 1:
            raise UncertainSubmitError(f"More than one fits: {', '.join(str(row['id']) for row in found)}.")
        if not found:
            self.check_absence()
            return None
        return self.recovered_row(found[0])

    def check_absence(self) -> None:
        """Refuse to take it that no request came through when nothing was found; here it is taken so."""

    def _is_newer(self, row: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
        if row["id"] in before.get("ids", ()):
            return False
        earlier, created = _moment(before.get("created")), _moment(row.get(self.created_at))
        return earlier is None or created is None or created >= earlier


class RecoverFromVersions(RecoverFromList):
    """For what makes a new version of a custom model.

    :ivar custom_model_id: id of the custom model.
    """

    custom_model_id: str

    def listed(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the versions of the model, the newest first."""
        return self.hook.client.items(route(VERSIONS, custom_model_id=self.custom_model_id), limit=limit)


def _moment(text: object) -> pendulum.DateTime | None:
    """Return a point in time, ``None`` for what is none."""
    try:
        parsed = pendulum.parse(str(text))
    except ValueError:
        return None
    return parsed if isinstance(parsed, pendulum.DateTime) else None


def same_fields(row: Mapping[str, Any], sent: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Return whether a row has the values that were sent for these fields; what was not sent does not count."""
    return all(_agrees(row.get(name), sent[name]) for name in names if name in sent)


def _agrees(value: Any, sent: Any) -> bool:
    """Return whether a value is what was sent; DataRobot may add fields of its own to an object."""
    if isinstance(sent, Mapping) and isinstance(value, Mapping):
        return all(_agrees(value.get(name), part) for name, part in sent.items())
    return bool(value == sent)


def _since_the_run_began(context: Context, record: SubmissionRecord) -> dict[str, Any] | None:
    """Return the best that can be known before Airflow 3.3: on a retry, that the run began at that time."""
    began = getattr(context.get("dag_run"), "start_date", None)
    return {"created": began.isoformat()} if record.is_retry and began else None


def _made_nothing(error: DataRobotError) -> bool:
    """Return whether an error proves that the request made nothing."""
    if isinstance(error, TransportError):
        return not error.sent
    return isinstance(error, InputError) or (isinstance(error, ApiError) and not isinstance(error, ServerError))
