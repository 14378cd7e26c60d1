"""Constraints and virtual environments of the versions of Airflow, made by uv, which is much faster than pip."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.matrix import debian
from tests.matrix.versions import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.matrix.versions import AirflowVersion

_STAMP = ".made-for"
#: The oldest Python that the provider supports.
_PYTHON = "3.11"
_HEADER = """\
# Airflow {release} with every other package as of {resolved}, the day after its release.
# make matrix-constraints AIRFLOW={minor}
"""


def resolve(version: AirflowVersion) -> None:
    """Write the constraints of a version, with the newest packages as of its date."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as limits:
        limits.write(f"apache-airflow=={version.release}\n")
        limits.flush()
        done = _uv(
            *("compile", "pyproject.toml", "--extra", "emulator", "--group", "test", "--no-annotate", "--no-header"),
            *("--exclude-newer", f"{version.resolved}T00:00:00Z", "--python-version", _PYTHON),
            *("--constraints", limits.name),
        )
    header = _HEADER.format(release=version.release, resolved=version.resolved, minor=version.minor)
    version.constraints.write_text(header + done, encoding="utf-8")


def prepare(version: AirflowVersion) -> list[str]:
    """Create the environment of a version if it does not exist or is outdated; return the command of its Python."""
    if version.environment == ROOT / ".venv":
        return [sys.executable]
    system = debian.install(version.debian) if version.debian else []
    base = "/usr/bin/python3" if version.debian else sys.executable
    python = str(version.environment / "bin" / "python")
    stamp, wanted = version.environment / _STAMP, _contents(version)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(version.environment, ignore_errors=True)
        subprocess.run([*system, base, "-m", "venv", "--without-pip", version.environment], check=True)
        _uv(
            *("install", "--python", python, "--constraints", str(version.constraints)),
            *("--editable", ".[emulator]", "--group", "test"),
            system=system,
        )
        stamp.write_text(wanted, encoding="utf-8")
    return [*system, python]


def _uv(*arguments: str, system: Sequence[str] = ()) -> str:
    """Run ``uv pip``, in another system if one is given; return its output."""
    command = [*system, str(Path(sys.executable).with_name("uv")), "--quiet", "pip", *arguments]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def _contents(version: AirflowVersion) -> str:
    """Return what an environment depends on: its folder, Python, the constraints and the requirements."""
    files = (version.constraints, ROOT / "pyproject.toml", ROOT / "setup.cfg")
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    return f"{ROOT} {sys.version} {digest.hexdigest()}"
