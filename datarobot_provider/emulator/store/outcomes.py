"""Outcomes that the control API sets for future jobs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import identifiers
from datarobot_provider.emulator.store.jobs import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from datarobot_provider.emulator.store.jobs import PlannedOutcome


@dataclass
class OutcomeRule:
    """An outcome for the next jobs of a kind.

    :param kind: the kind of the jobs.
    :param planned: their outcome.
    :param remaining: the number of jobs that it still applies to.
    :param target: the ids that a job must have, for example ``{"customModelId": "65a0..."}``; empty for any job.
    """

    kind: str
    planned: PlannedOutcome
    remaining: int
    target: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=identifiers.object_id)

    def matches(self, ids: Mapping[str, str]) -> bool:
        """Return whether the outcome applies to a job.

        :param ids: the ids of the job.
        """
        return all(ids.get(name) == value for name, value in self.target.items())

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of the control API."""
        return {
            "id": self.id,
            "kind": self.kind,
            "outcome": self.planned.outcome,
            "remaining": self.remaining,
            "state": self.planned.state,
            "message": self.planned.message,
            "seconds": self.planned.seconds,
            "checks": dict(self.planned.checks),
            "customModelId": self.target.get("customModelId"),
            "customModelVersionId": self.target.get("customModelVersionId"),
        }


class Outcomes:
    """The outcomes that are not used up, by kind of job."""

    def __init__(self) -> None:
        self._rules: dict[str, list[OutcomeRule]] = defaultdict(list)
        # States and messages that the control API injects and that an enumeration of the contract may not contain.
        self.injected_values: set[str] = set()

    @property
    def all(self) -> list[OutcomeRule]:
        """The outcomes of all kinds, sorted by kind, then oldest first."""
        return [rule for kind in sorted(self._rules) for rule in self._rules[kind]]

    def plan(
        self, kind: str, planned: PlannedOutcome, times: int, target: Mapping[str, str] | None = None
    ) -> OutcomeRule:
        """Set the outcome of the next jobs of a kind.

        :param kind: the kind of the jobs.
        :param planned: their outcome.
        :param times: the number of jobs.
        :param target: the ids that a job must have, or None for any job.
        """
        rule = OutcomeRule(kind, replace(planned, forced=True), times, target or {})
        self._rules[kind].append(rule)
        self.injected_values.update(text for text in (planned.state, planned.message) if text)
        return rule

    def take(self, kind: str, default: PlannedOutcome, ids: Mapping[str, str]) -> PlannedOutcome:
        """Return the outcome of a new job: the oldest one that matches. Those with a target have precedence.

        :param kind: the kind of the job.
        :param default: the outcome that the inputs of the job determine, used if none was set.
        :param ids: the ids of the job.
        """
        matching = [rule for rule in self._rules[kind] if rule.matches(ids)]
        if not matching:
            return default
        rule = min(matching, key=lambda candidate: not candidate.target)
        rule.remaining -= 1
        if not rule.remaining:
            self._rules[kind].remove(rule)
        if rule.planned.outcome == DEFAULT:
            return replace(default, seconds=rule.planned.seconds)
        return rule.planned

    def delete(self, rule_id: str) -> bool:
        """Remove an outcome.

        :param rule_id: the id of the outcome.
        :returns: whether it existed.
        """
        for rules in self._rules.values():
            for rule in rules:
                if rule.id == rule_id:
                    rules.remove(rule)
                    return True
        return False

    def clear(self) -> None:
        """Remove all outcomes."""
        self._rules.clear()

    def restore(self, rules: Iterable[OutcomeRule], injected_values: set[str]) -> None:
        """Replace everything.

        :param rules: the outcomes, as `all` returns them.
        :param injected_values: the injected states and messages.
        """
        self._rules.clear()
        for rule in rules:
            self._rules[rule.kind].append(rule)
        self.injected_values = set(injected_values)
