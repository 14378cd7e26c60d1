"""The logs of dependency builds, in the way pip writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.jobs import Job
    from datarobot_provider.emulator.store.state import Version

_FAILED = "The command 'pip install -r /opt/code/requirements.txt' returned a non-zero code: 1"


def text(version: Version, job: Job, *, failed: bool) -> str:
    """Return the log of a finished build of `version`."""
    lines = [
        "Step 1/3 : FROM the base environment",
        "Step 2/3 : COPY . /opt/code",
        "Step 3/3 : RUN pip install -r /opt/code/requirements.txt",
        *(f"NOTE: {note}" for note in version.requirements.notes),
    ]
    refusal = version.requirements.refusal
    if not failed:
        lines += _installed(version)
    elif refusal is not None and not job.fate.forced:
        lines += [f"ERROR: {refusal}", _FAILED]
    else:
        lines += _broken(version, job)
    return "\n".join(lines) + "\n"


def _installed(version: Version) -> list[str]:
    names = [dependency["packageName"] for dependency in version.dependencies]
    return [
        *version.requirements.collected,
        f"Installing collected packages: {', '.join(names)}",
        f"Successfully installed {' '.join(names)}",
        "Build finished.",
    ]


def _broken(version: Version, job: Job) -> list[str]:
    """Return the log of a build that the control API lets fail."""
    first = next((d["line"] for d in version.dependencies), "the requirements")
    return [
        *version.requirements.collected[:1],
        f"ERROR: {job.fate.message or f'No matching distribution found for {first}'}",
        _FAILED,
    ]
