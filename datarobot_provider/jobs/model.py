"""Types that describe jobs: reference, probe, kind and verdict."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from datarobot_provider.client.routes import route
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(StrEnum):
    """Outcome of a poll or of a wait."""

    PENDING = "pending"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TIMED_OUT = "timed_out"
    POLLING_ERROR = "polling_error"
    POLLING_REFUSED = "polling_refused"


@dataclass(frozen=True)
class JobRef:
    """Reference to a job. It is stored in the task state store, in the arguments of triggers and in events. Ids only.

    :param kind: name of a kind in ``jobs/kinds.py``.
    :param ids: ids for the routes of the job, such as ``{"custom_model_id": "…"}``.
    :param joined: whether the job was started by somebody else, so that the task must not cancel it; default ``False``.
    """

    kind: str
    ids: Mapping[str, str]
    joined: bool = False

    def dumps(self) -> str:
        """Return the reference as JSON."""
        joined = {"joined": True} if self.joined else {}
        return json.dumps({"kind": self.kind, "ids": dict(self.ids), **joined}, sort_keys=True)

    @classmethod
    def loads(cls, text: str) -> JobRef:
        """Parse the JSON of :meth:`dumps`.

        :raises InputError: if ``text`` is not a reference.
        """
        try:
            raw = json.loads(text)
            ids = {str(name): str(value) for name, value in raw["ids"].items()}
            return cls(str(raw["kind"]), ids, raw.get("joined") is True)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError(f"{text!r} is not a reference to a DataRobot job.") from None

    def path(self, template: str) -> str:
        """Fill the ids into a route.

        :raises InputError: if an id is missing or invalid.
        """
        return route(template, **{name: self.ids.get(name) for name in placeholders(template)})

    def has_ids_for(self, template: str) -> bool:
        """Return whether the reference contains all ids of a route."""
        return set(placeholders(template)) <= set(self.ids)

    def with_ids_from(self, template: str, path: str | None) -> JobRef:
        """Return the reference with the ids added that ``path`` has at the placeholders of ``template``."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
        match = re.fullmatch(pattern, path or "")
        return replace(self, ids={**self.ids, **match.groupdict()}) if match else self


class Listing(NamedTuple):
    """A list of the API whose entries are the same objects as the responses to the polls of a probe.

    :param path: route of the list, with placeholders for ids.
    :param id_field: field of an entry that contains its id.
    :param id_name: name of this id among the ids of a job.
    """

    path: str
    id_field: str
    id_name: str


class ListEntry(NamedTuple):
    """The entry of one job in a list.

    :param list_path: path of the list.
    :param id_field: field of an entry that contains its id.
    :param id: id of the entry.
    :param kind: kind of the job.
    :param probe: how to read the entry.
    """

    list_path: str
    id_field: str
    id: str
    kind: str
    probe: Probe


@dataclass(frozen=True)
class Probe:
    """Definition of one GET request and of how its response is read. States are compared without regard to case.

    :param path: route, with placeholders for ids.
    :param state: field of the state, with dots between levels.
    :param flags: for resources without a field for the state: a field, its value (``True`` or ``None``), and the state
        that it means. The first match counts.
    :param unflagged: state if no flag matches, or if the field of the state is null.
    :param http_states: states by HTTP status.
    :param running: states of a running job.
    :param succeeded: states of a job that succeeded.
    :param failed: states of a job that failed.
    :param cancelled: states of a job that was cancelled.
    :param expired: states of a job that no longer exists.
    :param done_on_303: whether a 303 means that the job succeeded and ``Location`` is its result.
    :param messages: fields that may contain the message of the server.
    :param success_is_final: ``False`` if the next probe decides whether the job succeeded.
    :param failure_is_final: ``False`` if the next probe decides whether the job failed.
    :param stuck: a running state, and the seconds after which the next probe is used instead.
    :param listing: a list that contains what the request returns, for many jobs.
    :raises ValueError: if a state is in two groups.
    """

    path: str
    state: str = "status"
    flags: tuple[tuple[str, bool | None, str], ...] = ()
    unflagged: str = ""
    http_states: Mapping[int, str] = field(default_factory=dict)
    running: frozenset[str] = frozenset()
    succeeded: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    cancelled: frozenset[str] = frozenset()
    expired: frozenset[str] = frozenset()
    done_on_303: bool = False
    messages: tuple[str, ...] = ("message",)
    success_is_final: bool = True
    failure_is_final: bool = True
    stuck: tuple[str, float] | None = None
    listing: Listing | None = None

    def __post_init__(self) -> None:
        groups = [self.running, self.succeeded, self.failed, self.cancelled, self.expired]
        folded = [state.casefold() for group in groups for state in group]
        if len(folded) != len(set(folded)):
            raise ValueError(f"{self.path}: a state is in two groups")

    def entry_of(self, ref: JobRef) -> ListEntry | None:
        """Return the entry of a job in :attr:`listing`; ``None`` if there is no list, or an id is missing."""
        if self.listing is None or not ref.has_ids_for(self.listing.path) or self.listing.id_name not in ref.ids:
            return None
        path, id_field, id_name = self.listing
        return ListEntry(sys.intern(ref.path(path)), id_field, ref.ids[id_name], ref.kind, self)

    def states(self, outcome: Outcome) -> frozenset[str]:
        """Return the states that mean an outcome."""
        groups = {
            Outcome.PENDING: self.running,
            Outcome.SUCCEEDED: self.succeeded,
            Outcome.FAILED: self.failed,
            Outcome.CANCELLED: self.cancelled,
            Outcome.EXPIRED: self.expired,
        }
        return groups.get(outcome, frozenset())

    def outcome_of(self, state: str) -> Outcome:
        """Return the outcome that a state means."""
        folded = state.casefold()
        matches = (outcome for outcome in Outcome if folded in {item.casefold() for item in self.states(outcome)})
        return next(matches, Outcome.UNKNOWN)


@dataclass(frozen=True)
class JobKind:
    """Kind of a long-running job.

    :param name: its key in the table, in trigger arguments and in the task state store.
    :param title: its name in logs and errors.
    :param probes: probes in order: the status record if there is one, then the resource itself.
    :param timeout: default timeout of a wait, in seconds.
    :param handle: id that represents the job in an XCom.
    :param result: route of the result; ``None`` if only the last poll returns it.
    :param log: route of the log.
    :param cancel: route for the DELETE request that cancels the job; ``None`` if the API has none.
    :param page: page in the web interface of DataRobot.
    :param repeatable: whether a new job can succeed after a failed one.
    :param identity: field of the response that distinguishes successive jobs at the same path; ``None`` if every job
        has its own path.
    """

    name: str
    title: str
    probes: tuple[Probe, ...]
    timeout: float
    handle: str
    result: str | None = None
    log: str | None = None
    cancel: str | None = None
    page: str | None = None
    repeatable: bool = True
    identity: str | None = None


@dataclass(frozen=True)
class Verdict:
    """Result of a poll.

    :param outcome: the outcome.
    :param state: the state as DataRobot names it, or a state of ``jobs/kinds.py`` if DataRobot reports none.
    :param message: the message of the server about the job.
    :param result: path of the result below ``/api/v2/``, if the server named it.
    :param found: the result itself, if the last poll returned it.
    """

    outcome: Outcome
    state: str | None = None
    message: str | None = None
    result: str | None = None
    found: Mapping[str, Any] | None = None


def placeholders(template: str) -> list[str]:
    """Return the names of the placeholders in a route."""
    return re.findall(r"\{(\w+)\}", template)
