"""Runs the steps of a wait with scripted responses and a fake clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datarobot_provider.jobs.model import JobRef, Verdict
from datarobot_provider.jobs.poller import steps
from datarobot_provider.jobs.wait_steps import Get, LogMessage, Sleep
from tests.unit.support import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_STEPS = 10_000
VERSION = {"custom_model_id": "m", "custom_model_version_id": "v"}
IDS = {
    "task_status": {"status_id": "s"},
    "genai_task_status": {"status_id": "s"},
    "dependency_build": VERSION,
    "model_test": {**VERSION, "status_id": "s", "custom_model_test_id": "t"},
    "feature_impact": {**VERSION, "status_id": "s"},
    "prediction_explanations": {**VERSION, "status_id": "s"},
    "version_from_repository": {"custom_model_id": "m", "status_id": "s"},
    "training_data_assignment": VERSION,
    "version_with_training_data": {**VERSION, "status_id": "s"},
    "model_training_data_assignment": {"custom_model_id": "m", "status_id": "s"},
    "conversion": {**VERSION, "conversion_id": "c"},
    "vector_database_validation": {"validation_id": "x", "deployment_id": "d"},
    "registered_model_build": {"registered_model_id": "r", "version_id": "v"},
    "environment_build": {"environment_id": "e", "environment_version_id": "v"},
    **{
        key: {"deployment_id": "d", "status_id": "s"}
        for key in ("deployment", "deployment_status", "model_replacement", "deployment_settings", "actuals")
    },
    "challenger": {"deployment_id": "d", "status_id": "s", "challenger_id": "c"},
    "batch_prediction": {"deployment_id": "d", "prediction_job_id": "b"},
    **{
        f"{resource}_from_{source}": {"dataset_id": "data", "dataset_version_id": "v", "status_id": "s"}
        for resource in ("dataset", "dataset_version")
        for source in ("file", "url", "data_source")
    },
}


def ref_of(kind: str) -> JobRef:
    """Return a reference to a job of this kind, with all its ids."""
    return JobRef(kind, IDS[kind])


@dataclass
class WaitRecord:
    """Record of a wait."""

    ref: JobRef | None = None
    verdict: Verdict | None = None
    gets: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    messages: list[LogMessage] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        return str(self.verdict.outcome)

    @property
    def warnings(self) -> list[str]:
        return [message.text for message in self.messages if message.warning]


def run_wait(
    ref: JobRef,
    responses: list[Any] | Callable[[str], Any],
    *,
    timeout: float = 3600.0,
    poll_interval: float = 10.0,
    jitter: float = 1.0,
    clock: FakeClock | None = None,
    **given: Any,
) -> WaitRecord:
    """Run a wait to its end.

    :param responses: responses or errors in order, the last one repeated; or a function of the path.
    :param given: more arguments of :func:`steps`.
    """
    clock = clock or FakeClock()
    coming = list(responses) if isinstance(responses, list) else []

    def respond(path: str) -> Any:
        if not coming:
            return responses(path)
        return coming.pop(0) if len(coming) > 1 else coming[0]

    done = WaitRecord()
    loop = steps(
        ref,
        deadline=clock() + timeout,
        poll_interval=poll_interval,
        clock=clock,
        jitter=lambda: jitter,
        **given,
    )
    seen = None
    for _ in range(MAX_STEPS):
        try:
            step = loop.send(seen)
        except StopIteration as stop:
            done.ref, done.verdict = stop.value
            return done
        seen = None
        if isinstance(step, Get):
            done.gets.append(step.path)
            seen = respond(step.path)
        elif isinstance(step, Sleep):
            done.pauses.append(step.seconds)
            clock.sleep(step.seconds)
        else:
            done.messages.append(step)
    raise AssertionError(f"the wait did not end: {done.gets[-3:]}, {done.pauses[-3:]}")
