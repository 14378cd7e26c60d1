"""The checks of a model test: how each will end, how far each has come, and what the log says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datarobot_provider.emulator.evaluation.launch_check import check_launch
from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.store.folder import Folder
from datarobot_provider.emulator.store.jobs import FAILED, UNKNOWN, WARNING, Fate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.emulator.store.state import CustomModel, Dataset, ModelTest, Version

ORDER = (
    "longRunningService", "errorCheck", "nullValueImputation", "sideEffects", "predictionVerificationCheck",
    "performanceCheck", "stabilityCheck",
)  # fmt: skip
_ALWAYS_SHOWN = ORDER[:4]
_DEFAULTS = {"longRunningService": "fail", "errorCheck": "fail"}
_FIRST, _SECOND = ORDER[:2]
_OVER = frozenset({"succeeded", "warning", "failed", "canceled"})

Verdicts = dict[str, tuple[str, str]]


class Findings(NamedTuple):
    """What the inputs of a test show: the check that they fail and the reason, and notes for the log."""

    problem: tuple[str, str] | None
    notes: list[str]


def inspect(model: CustomModel, version: Version, dataset: Dataset | None) -> Findings:
    """Return the check that a version fails by itself, if it fails any."""
    launch = check_launch(Folder(version.items), model.fields.get("targetType", ""))
    if launch.problem:
        return Findings((_FIRST, launch.problem), launch.notes)
    if dataset is not None and not dataset.rows:
        return Findings((_SECOND, "The testing dataset has no rows, so no prediction could be made."), launch.notes)
    return Findings(None, launch.notes)


def decide(configuration: Mapping[str, str], problem: tuple[str, str] | None, fate: Fate) -> Verdicts:
    """Return how each check of a test will end: check -> (status, message).

    Parameters: the test's `configuration` (check -> skip, warn or fail), the `problem` found in the inputs, and the
    `fate` of the job, which may have been ordered by the control API and then has the last word.
    """
    wanted = {**_DEFAULTS, **configuration}
    bad = _ordered(fate) if fate.forced else ({problem[0]: (FAILED, problem[1])} if problem else {})
    verdicts: Verdicts = {}
    broken = False
    for check in ORDER:
        if check not in (*_ALWAYS_SHOWN, *wanted, *bad):
            continue
        if check not in bad and wanted.get(check, "skip") == "skip":
            verdicts[check] = ("skipped", "")
        elif broken:
            verdicts[check] = ("aborted", "")
        else:
            verdicts[check] = _verdict(bad.get(check), wanted.get(check))
            broken = verdicts[check][0] == FAILED
    return verdicts


def _verdict(ordered: tuple[str, str] | None, severity: str | None) -> tuple[str, str]:
    status, message = ordered or ("succeeded", "")
    return (WARNING if status == FAILED and severity == "warn" else status), message


def _ordered(fate: Fate) -> Verdicts:
    if fate.checks:
        return {check: (status, fate.message or _message(status)) for check, status in fate.checks.items()}
    if fate.outcome == FAILED:
        return {_SECOND: (FAILED, fate.message or _message(FAILED))}
    if fate.outcome == WARNING:
        return {"nullValueImputation": (WARNING, fate.message or _message(WARNING))}
    return {}


def _message(status: str) -> str:
    return {FAILED: "The check failed.", WARNING: "The check found something to mend."}.get(status, "")


def outcome_of(verdicts: Verdicts) -> str:
    """Return how a test with these verdicts ends."""
    statuses = {status for status, _ in verdicts.values()}
    return FAILED if FAILED in statuses else WARNING if WARNING in statuses else "succeeded"


def statuses(test: ModelTest, now: float) -> dict[str, dict[str, str]]:
    """Return the state of each check: those before the current one have ended, those after it wait."""
    word = test.job.word(now)
    run = [check for check, (status, _) in test.verdicts.items() if status not in {"skipped", "aborted"}]
    position = int(max(0.0, (test.job.progress(now) - 0.25) / 0.75) * len(run))
    shown: dict[str, dict[str, str]] = {}
    for check, (status, message) in test.verdicts.items():
        if status == "skipped":
            now_status = "skipped"
        elif word in {"succeeded", "warning", "failed"} or (word == "in_progress" and check in run[:position]):
            now_status = status
        elif word == "canceled":
            now_status = "canceled"
        elif word == "in_progress" and position < len(run) and check == run[position]:
            now_status = "in_progress"
        else:
            now_status = word if word in {"not_tested", "queued"} else "queued"
        shown[check] = {"status": now_status, "message": message if now_status == status else ""}
    return shown


def log(test: ModelTest, now: float) -> str | None:
    """Return the log so far, or None if the test has not begun."""
    word = test.job.word(now)
    if word in {"not_tested", "queued"} or (test.job.fate.outcome == UNKNOWN and test.job.active(now)):
        return None
    lines = [
        f"Testing custom model {test.model.id}, version {test.version.label} ({test.version.id})",
        f"Environment: {test.environment.name} ({test.environment.id})",
        "Starting the model server ...",
        *(f"NOTE: {note}" for note in test.notes),
    ]
    for check, state in statuses(test, now).items():
        if state["status"] != "skipped":
            lines.append(f"[{check}] {state['status']}")
            lines += state["message"].splitlines()
    if word in _OVER:
        lines.append(f"Test ended at {identity.timestamp(test.job.finished_at())}: {word}")
    return "\n".join(lines) + "\n"
