"""The words in which jobs are described: a reference, a probe, a kind, a verdict."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.routes import route
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(StrEnum):
    """What a look, or the whole wait, found out about a job."""

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
    """The one handle of a job: what the task state store, trigger kwargs and events hold. Ids only.

    :param kind: name of a kind in ``jobs/kinds.py``.
    :param ids: the ids that its routes need, such as ``{"custom_model_id": "…"}``.
    :param joined: whether somebody else started the job, so that the task must not cancel it; default ``False``.
    """

    kind: str
    ids: Mapping[str, str]
    joined: bool = False

    def dumps(self) -> str:
        """Return it as JSON text."""
        joined = {"joined": True} if self.joined else {}
        return json.dumps({"kind": self.kind, "ids": dict(self.ids), **joined}, sort_keys=True)

    @classmethod
    def loads(cls, text: str) -> JobRef:
        """Read what :meth:`dumps` wrote.

        :raises InputError: if the text is something else.
        """
        try:
            raw = json.loads(text)
            ids = {str(name): str(value) for name, value in raw["ids"].items()}
            return cls(str(raw["kind"]), ids, raw.get("joined") is True)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError(f"{text!r} is not a reference to a DataRobot job.") from None

    def path(self, template: str) -> str:
        """Fill the ids into a route.

        :raises InputError: if an id is missing or cannot be one.
        """
        return route(template, **{name: self.ids.get(name) for name in placeholders(template)})

    def fills(self, template: str) -> bool:
        """Return whether all ids of a route are known."""
        return set(placeholders(template)) <= set(self.ids)

    def learn(self, template: str, path: str | None) -> JobRef:
        """Return the reference with the ids that ``path`` holds in the places that ``template`` names."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
        match = re.fullmatch(pattern, path or "")
        return replace(self, ids={**self.ids, **match.groupdict()}) if match else self


@dataclass(frozen=True)
class Probe:
    """One GET, and how to read its response. States are compared without regard to case.

    :param path: the route, with placeholders for ids.
    :param state: where the state word stands in the response, dots between levels.
    :param flags: for resources without a state word: a field, the value expected there (``True`` or ``None``), and the
        state this means; the first that fits counts.
    :param unflagged: the state when no flag fits.
    :param http_states: state words for HTTP statuses that say something about the job.
    :param running: states in which the job goes on.
    :param succeeded: states in which it ended well.
    :param failed: states in which it ended badly.
    :param cancelled: states in which somebody stopped it.
    :param expired: states in which the server gave it up.
    :param done_on_303: whether a 303 means that it ended well, ``Location`` naming the result.
    :param messages: where the server's explanation may stand.
    :param success_is_final: ``False`` if the next probe has the last word on success.
    :param failure_is_final: ``False`` if the next probe has the last word on failure.
    :param stuck: a running state, and the seconds after which the next probe is asked instead.
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

    def __post_init__(self) -> None:
        groups = [self.running, self.succeeded, self.failed, self.cancelled, self.expired]
        folded = [state.casefold() for group in groups for state in group]
        if len(folded) != len(set(folded)):
            raise ValueError(f"{self.path}: a state stands in two groups")

    def states(self, outcome: Outcome) -> frozenset[str]:
        """Return the state words that mean an outcome."""
        groups = {
            Outcome.PENDING: self.running,
            Outcome.SUCCEEDED: self.succeeded,
            Outcome.FAILED: self.failed,
            Outcome.CANCELLED: self.cancelled,
            Outcome.EXPIRED: self.expired,
        }
        return groups.get(outcome, frozenset())

    def outcome_of(self, state: str) -> Outcome:
        """Return the outcome that a state word means."""
        word = state.casefold()
        matches = (outcome for outcome in Outcome if word in {item.casefold() for item in self.states(outcome)})
        return next(matches, Outcome.UNKNOWN)


@dataclass(frozen=True)
class JobKind:
    """One sort of long-running job.

    :param name: its key in the table, the trigger and the state store.
    :param title: what people call it.
    :param probes: where to look, in this order: the status record where there is one, then the resource itself.
    :param timeout: default timeout of a wait, in seconds.
    :param handle: the id that stands for the job in an XCom.
    :param result: the route of the finished thing; ``None`` where only the response of the last look tells.
    :param log: the route of its log.
    :param cancel: the route to DELETE in order to stop it; ``None`` where the API has none.
    :param page: the page in DataRobot's web interface.
    :param repeatable: whether a failed job may be started again with another outcome.
    :param identity: the field of the response that differs between jobs at the same address; ``None`` where every
        job has an address of its own.
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
    """What is known about a job.

    :param outcome: what it means.
    :param state: the server's own word; where it has none, one of ours (see ``jobs/kinds.py``).
    :param message: the server's own explanation.
    :param result: path below ``/api/v2/`` of the finished thing, where the server named it.
    :param found: the finished thing itself, where the look that ended the wait came back with it.
    """

    outcome: Outcome
    state: str | None = None
    message: str | None = None
    result: str | None = None
    found: Mapping[str, Any] | None = None


def placeholders(template: str) -> list[str]:
    """Return the names between braces in a route."""
    return re.findall(r"\{(\w+)\}", template)
