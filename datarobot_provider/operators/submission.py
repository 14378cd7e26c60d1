"""Submit once: what a task remembers from try to try, and how it finds what a lost reply would have told it.

Before a request that makes something, the task writes down that it is about to send it, and what DataRobot had until
then. After the reply it writes down what was made. A later try that finds only the first half asks DataRobot.
"""

from __future__ import annotations

import json
import logging
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import pendulum

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
from datarobot_provider.operators.fields import Converter, payload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datarobot_provider.version_compat import Context

STORE_KEY = "datarobot_job"
_POLICIES = ("fail", "resubmit")
_NEWEST = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """What a request made that leaves nothing to wait for.

    :param value: what goes to XCom.
    :param ids: what the pages of the links need.
    """

    value: Any
    ids: Mapping[str, str] = field(default_factory=dict)


class Ledger:
    """What a task remembers from try to try, in Airflow's task state store (Airflow 3.3 and up).

    The store outlives a user's clear, after which the work is to be done anew. Airflow raises ``max_tries`` then, so a
    record with another number is history.

    :param context: the context of the task.
    :param retries: how many retries the task has.
    :ivar kept: whether Airflow has a store at all.
    :ivar is_retry: whether this is a later try since the task's beginning, or since its last clear.
    :ivar before: what DataRobot had before the request; ``None`` if no request was ever about to be sent.
    :ivar made: what the request made; ``None`` if that is not known.
    :ivar outdated: what the task had made when it was cleared.
    """

    def __init__(self, context: Context, retries: int | None) -> None:
        task_instance = context["ti"]
        self._store = context.get("task_state_store")
        self._max_tries = int(getattr(task_instance, "max_tries", 0))
        tries_before_clear = self._max_tries - (retries or 0)
        self.kept = self._store is not None
        self.is_retry = int(getattr(task_instance, "try_number", 1)) - tries_before_clear > 1
        record = self._load()
        cleared = record.get("max_tries", self._max_tries) != self._max_tries
        self.outdated = _made(record) if cleared else None
        self.made = None if cleared else _made(record)
        self.before: dict[str, Any] | None = None if cleared else record.get("before")

    def intend(self, before: Callable[[], dict[str, Any]]) -> None:
        """Write down that the request is about to be sent.

        :param before: tells what DataRobot has until then; asked only once for all tries.
        """
        if self._store is not None and self.before is None:
            self.before = before()
            self._write({})

    def keep(self, made: JobRef | Done) -> None:
        """Write down what the request made."""
        self.made = made
        if isinstance(made, JobRef):
            self._write({"ref": made.dumps()})
        else:
            self._write({"done": {"value": made.value, "ids": dict(made.ids)}})

    def forget(self) -> None:
        """Let the next try begin anew."""
        self.made = self.before = None
        if self._store is not None:
            self._store.delete(STORE_KEY)

    def _write(self, outcome: dict[str, Any]) -> None:
        if self._store is None:
            return
        record = {"max_tries": self._max_tries, "before": self.before or {}, **outcome}
        try:
            text = json.dumps(record, allow_nan=False)
        except (TypeError, ValueError):
            log.warning("What the request returned cannot be remembered as JSON; a retry will not know it.")
            return
        self._store.set(STORE_KEY, text)

    def _load(self) -> dict[str, Any]:
        text = self._store.get(STORE_KEY) if self._store is not None else None
        if not text:
            return {}
        try:
            record = dict(json.loads(str(text)))
            record["before"] = dict(record["before"])
            _made(record)
        except (ValueError, KeyError, TypeError, AttributeError, InputError, RecursionError):
            log.warning("The task state store holds something else under %r; it is not used.", STORE_KEY)
            return {}
        return record


def _made(record: Mapping[str, Any]) -> JobRef | Done | None:
    if "ref" in record:
        return JobRef.loads(record["ref"])
    return Done(record["done"]["value"], dict(record["done"]["ids"])) if "done" in record else None


class SubmitsOnce(UsesDataRobotHook):
    """What every operator has that makes something in DataRobot: it does so once, whatever dies on the way.

    :ivar on_uncertain_submit: ``fail`` or ``resubmit``, where DataRobot cannot tell whether an earlier try got through.
    """

    on_uncertain_submit: str
    api_fields: ClassVar[Mapping[str, Converter]]

    @abstractmethod
    def start(self, context: Context) -> JobRef | Done:
        """Send the request."""

    def before(self) -> dict[str, Any]:
        """Return what :meth:`recover` needs to know of the time before the request; JSON."""
        return {}

    def recover(self, before: dict[str, Any]) -> JobRef | Done | None:  # noqa: ARG002 - for subclasses
        """Find what an earlier try made whose reply was lost; ``None`` if it made nothing.

        :param before: what :meth:`before` told at that time.
        :raises UncertainSubmitError: if DataRobot cannot tell.
        """
        raise UncertainSubmitError("DataRobot offers no way to find out.")

    def submit(self, context: Context, ledger: Ledger) -> JobRef | Done:
        """Send the request, unless an earlier try has done so."""
        made = self._recovered(context, ledger)
        if made is None:
            ledger.intend(self.before)
            try:
                made = self.start(context)
            except DataRobotError as error:
                if _made_nothing(error):
                    ledger.forget()
                raise
        ledger.keep(made)
        return made

    def check_submission(self) -> None:
        """Check what is to be sent, before DataRobot is asked anything.

        :raises InputError: naming the argument at fault.
        """
        payload(vars(self), self.api_fields)
        if self.on_uncertain_submit not in _POLICIES:
            raise InputError(
                f"on_uncertain_submit should be one of {', '.join(_POLICIES)}, but is {self.on_uncertain_submit!r}."
            )

    def _recovered(self, context: Context, ledger: Ledger) -> JobRef | Done | None:
        before = ledger.before if ledger.kept else _since_the_run_began(context, ledger)
        if before is None:
            return None
        try:
            made = self.recover(before)
        except UncertainSubmitError as error:
            if self.on_uncertain_submit == "fail":
                raise
            log.warning("%s Sending it again, as on_uncertain_submit says.", error.headline)
            return None
        if made is not None and (ledger.kept or self.may_adopt(made)):
            log.info("An earlier try of this task made it already, only its reply was lost; taking it up.")
            return made
        return None

    def may_adopt(self, made: JobRef | Done) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether to take what was found without a record of this task."""
        return True


class RefusedTwice(SubmitsOnce):
    """For requests that DataRobot refuses a second time, naming what is there: sending them again is the way to ask."""

    def recover(self, before: dict[str, Any]) -> None:
        """Leave it to the refusal."""


class FoundInList(SubmitsOnce):
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
    def adopted(self, row: Mapping[str, Any]) -> JobRef | Done:
        """Return a row as :meth:`start` would have."""

    @cached_property
    def newest(self) -> list[dict[str, Any]]:
        """The newest rows before the request: some, because more than one may be of the same second."""
        return self.listed(_NEWEST)

    def before(self) -> dict[str, Any]:
        """Return the ids of the newest rows, and the time of creation of the newest."""
        if not self.newest:
            return {}
        return {"ids": [row["id"] for row in self.newest], "created": self.newest[0].get(self.created_at)}

    def recover(self, before: dict[str, Any]) -> JobRef | Done | None:
        """Look for what is newer than what was the newest before."""
        found = [row for row in self.listed(None) if self._is_newer(row, before) and self.is_same(row)]
        if len(found) > 1:
            raise UncertainSubmitError(f"More than one fits: {', '.join(str(row['id']) for row in found)}.")
        if not found:
            self.check_absence()
            return None
        return self.adopted(found[0])

    def check_absence(self) -> None:
        """Refuse to take it that no request came through when nothing was found; here it is taken so."""

    def _is_newer(self, row: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
        if row["id"] in before.get("ids", ()):
            return False
        earlier, created = _moment(before.get("created")), _moment(row.get(self.created_at))
        return earlier is None or created is None or created >= earlier


class FoundAmongVersions(FoundInList):
    """For what makes a new version of a custom model.

    :ivar custom_model_id: id of the custom model.
    """

    custom_model_id: str

    def listed(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the versions of the model, the newest first."""
        return self.hook.client.versions.list(self.custom_model_id, {}, limit)


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


def _since_the_run_began(context: Context, ledger: Ledger) -> dict[str, Any] | None:
    """Return the best that can be known before Airflow 3.3: on a retry, that the run began at that time."""
    began = getattr(context.get("dag_run"), "start_date", None)
    return {"created": began.isoformat()} if ledger.is_retry and began else None


def _made_nothing(error: DataRobotError) -> bool:
    """Return whether an error proves that the request made nothing."""
    if isinstance(error, TransportError):
        return not error.sent
    return isinstance(error, InputError) or (isinstance(error, ApiError) and not isinstance(error, ServerError))
