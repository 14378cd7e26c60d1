"""The logs of dependency builds, in the way pip writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datarobot_provider.emulator.jobs import Job
    from datarobot_provider.emulator.state import Version

_CARET = "^"


def text(version: Version, job: Job, *, failed: bool) -> str:
    """Return the log of a finished build of `version`."""
    lines = [
        "Step 1/3 : FROM the base environment",
        "Step 2/3 : COPY requirements.txt /opt/code/requirements.txt",
        "Step 3/3 : RUN pip install -r /opt/code/requirements.txt",
    ]
    if not failed:
        lines += _installed(version)
    elif version.refused_lines and not job.fate.forced:
        lines += _refused(version)
    else:
        lines += _broken(version, job)
    return "\n".join(lines) + "\n"


def _installed(version: Version) -> list[str]:
    names = [dependency["packageName"] for dependency in version.dependencies]
    collecting = [
        f"Collecting {d['line']} (from -r requirements.txt (line {d['lineNumber']}))" for d in version.dependencies
    ]
    return [
        *collecting,
        f"Installing collected packages: {', '.join(names)}",
        f"Successfully installed {' '.join(names)}",
        "Build finished.",
    ]


def _refused(version: Version) -> list[str]:
    number, objection = next(iter(version.refused_lines.items()))
    line = next(d["line"] for d in version.dependencies if d["lineNumber"] == number)
    place = f"(from line {number} of /opt/code/requirements.txt)"
    return [
        f"ERROR: Invalid requirement: '{line}': {objection} {place}",
        f"    {line}",
        f"    {_CARET * len(line)}",
        "The command 'pip install -r /opt/code/requirements.txt' returned a non-zero code: 1",
    ]


def _broken(version: Version, job: Job) -> list[str]:
    line = version.dependencies[0]["line"]
    return [
        f"Collecting {line}",
        f"ERROR: {job.fate.message or f'No matching distribution found for {line}'}",
        "The command 'pip install -r /opt/code/requirements.txt' returned a non-zero code: 1",
    ]
