"""Logs of dependency builds, in the format of pip."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.entities import Version
    from datarobot_provider.emulator.store.jobs import Job

_FAILED = "The command 'pip install -r /opt/code/requirements.txt' returned a non-zero code: 1"


def build_log(version: Version, job: Job, *, failed: bool) -> str:
    """Return the log of a finished build."""
    lines = [
        "Step 1/3 : FROM the base environment",
        "Step 2/3 : COPY . /opt/code",
        "Step 3/3 : RUN pip install -r /opt/code/requirements.txt",
        *(f"NOTE: {note}" for note in version.requirements.notes),
    ]
    rejection = version.requirements.rejection
    if not failed:
        lines += _success(version)
    elif rejection is not None and not job.planned.forced:
        lines += [f"ERROR: {rejection}", _FAILED]
    else:
        lines += _forced_failure(version, job)
    return "\n".join(lines) + "\n"


def _success(version: Version) -> list[str]:
    names = [dependency["packageName"] for dependency in version.dependencies]
    return [
        *version.requirements.collected,
        f"Installing collected packages: {', '.join(names)}",
        f"Successfully installed {' '.join(names)}",
        "Build finished.",
    ]


def _forced_failure(version: Version, job: Job) -> list[str]:
    """Return the log of a build whose failure was set through the control API."""
    first = next((d["line"] for d in version.dependencies), "the requirements")
    return [
        *version.requirements.collected[:1],
        f"ERROR: {job.planned.message or f'No matching distribution found for {first}'}",
        _FAILED,
    ]
