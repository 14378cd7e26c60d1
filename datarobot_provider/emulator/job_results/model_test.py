"""Model tests: results and progress of the checks, and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.evaluation.folder import Folder
from datarobot_provider.emulator.evaluation.launch_check import check_launch
from datarobot_provider.emulator.store.jobs import FAILED, UNKNOWN, WARNING, PlannedOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.emulator.store.entities import CustomModel, Dataset, ModelTest, Version

CHECKS = (
    "longRunningService", "errorCheck", "nullValueImputation", "sideEffects", "predictionVerificationCheck",
    "performanceCheck", "stabilityCheck",
)  # fmt: skip
_ALWAYS_SHOWN = CHECKS[:4]
_DEFAULTS = {"longRunningService": "fail", "errorCheck": "fail"}
_FIRST, _SECOND = CHECKS[:2]
_FINAL_STATES = frozenset({"succeeded", "warning", "failed", "canceled"})

CheckResults = dict[str, tuple[str, str]]


class InputCheck(NamedTuple):
    """The result of checking the inputs of a test.

    :param problem: the check that fails and the message, or None.
    :param notes: notes for the log.
    """

    problem: tuple[str, str] | None
    notes: list[str]


def check_inputs(model: CustomModel, version: Version, dataset: Dataset | None) -> InputCheck:
    """Check whether a version can be tested with a dataset."""
    launch = check_launch(Folder(version.items), model.fields.get("targetType", ""))
    if launch.problem:
        return InputCheck((_FIRST, launch.problem), launch.notes)
    if dataset is not None and not dataset.rows:
        return InputCheck((_SECOND, "The testing dataset has no rows, so no prediction could be made."), launch.notes)
    return InputCheck(None, launch.notes)


def check_results(
    configuration: Mapping[str, str], problem: tuple[str, str] | None, planned: PlannedOutcome
) -> CheckResults:
    """Return the result of each check of a test: check -> (status, message).

    :param configuration: the configuration of the test: check -> ``skip``, ``warn`` or ``fail``.
    :param problem: the check that fails because of the inputs and the message, or None.
    :param planned: the planned outcome of the job. An outcome that was set through the control API takes precedence
        over the problem.
    """
    severities = {**_DEFAULTS, **configuration}
    overrides = _planned_results(planned) if planned.forced else ({problem[0]: (FAILED, problem[1])} if problem else {})
    results: CheckResults = {}
    failed = False
    for check in CHECKS:
        if check not in (*_ALWAYS_SHOWN, *severities, *overrides):
            continue
        if check not in overrides and severities.get(check, "skip") == "skip":
            results[check] = ("skipped", "")
        elif failed:
            results[check] = ("aborted", "")
        else:
            results[check] = _result(overrides.get(check), severities.get(check))
            failed = results[check][0] == FAILED
    return results


def _result(planned: tuple[str, str] | None, severity: str | None) -> tuple[str, str]:
    status, message = planned or ("succeeded", "")
    return (WARNING if status == FAILED and severity == "warn" else status), message


def _planned_results(planned: PlannedOutcome) -> CheckResults:
    if planned.checks:
        return {check: (status, planned.message or _message(status)) for check, status in planned.checks.items()}
    if planned.outcome == FAILED:
        return {_SECOND: (FAILED, planned.message or _message(FAILED))}
    if planned.outcome == WARNING:
        return {"nullValueImputation": (WARNING, planned.message or _message(WARNING))}
    return {}


def _message(status: str) -> str:
    return {FAILED: "The check failed.", WARNING: "The check found a problem."}.get(status, "")


def outcome_of(results: CheckResults) -> str:
    """Return the outcome of a test from the results of its checks."""
    statuses = {status for status, _ in results.values()}
    return FAILED if FAILED in statuses else WARNING if WARNING in statuses else "succeeded"


def check_statuses(test: ModelTest, now: float) -> dict[str, dict[str, str]]:
    """Return the status and the message of each check at a time."""
    state = test.job.state(now)
    run = [check for check, (status, _) in test.check_results.items() if status not in {"skipped", "aborted"}]
    position = int(max(0.0, (test.job.progress(now) - 0.25) / 0.75) * len(run))
    statuses: dict[str, dict[str, str]] = {}
    for check, (status, message) in test.check_results.items():
        if status == "skipped":
            current = "skipped"
        elif state in {"succeeded", "warning", "failed"} or (state == "in_progress" and check in run[:position]):
            current = status
        elif state == "canceled":
            current = "canceled"
        elif state == "in_progress" and position < len(run) and check == run[position]:
            current = "in_progress"
        else:
            current = state if state in {"not_tested", "queued"} else "queued"
        statuses[check] = {"status": current, "message": message if current == status else ""}
    return statuses


def log(test: ModelTest, now: float) -> str | None:
    """Return the log at a time, or None if the test has not started."""
    state = test.job.state(now)
    if state in {"not_tested", "queued"} or (test.job.planned.outcome == UNKNOWN and test.job.active(now)):
        return None
    lines = [
        f"Testing custom model {test.model.id}, version {test.version.label} ({test.version.id})",
        f"Environment: {test.environment.environment.name} ({test.environment.environment.id})",
        "Starting the model server ...",
        *(f"NOTE: {note}" for note in test.notes),
    ]
    for check, result in check_statuses(test, now).items():
        if result["status"] != "skipped":
            lines.append(f"[{check}] {result['status']}")
            lines += result["message"].splitlines()
    if state in _FINAL_STATES:
        lines.append(f"Test ended at {timestamps.iso_format(test.job.finished_at())}: {state}")
    return "\n".join(lines) + "\n"
