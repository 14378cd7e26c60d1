"""Test sessions remove their temporary folders, however they end."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.emulator import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TEST = """
import os, signal
from pathlib import Path

def test_end():
    home = Path(os.environ["AIRFLOW_HOME"])
    home.mkdir(exist_ok=True)
    (home / "airflow.db").touch()
    Path(os.environ["TMPDIR"], "ran").write_text(str(home))
    {end}
"""


@pytest.mark.full
@pytest.mark.parametrize(
    ("end", "options", "code"),
    [
        ("pass", ["-n", "1"], pytest.ExitCode.OK),
        ("os._exit(1)", ["-n", "1", "--max-worker-restart=0"], pytest.ExitCode.TESTS_FAILED),
        ("os.kill(os.getpid(), signal.SIGTERM)", [], pytest.ExitCode.INTERRUPTED),
    ],
    ids=["success", "a worker dies", "SIGTERM"],
)
def test_no_folder_remains(tmp_path: Path, end: str, options: list[str], code: int) -> None:
    file = tmp_path / "tests" / "test_end.py"
    file.parent.mkdir()
    file.write_text(TEST.format(end=end), encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "--rootdir", str(tmp_path), *options]
    done = subprocess.run(
        [*command, str(file)],
        cwd=tmp_path,
        env={**inherited, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert (tmp_path / "ran").read_text(encoding="utf-8").startswith(str(tmp_path / "airflow-tests-"))
    assert list(tmp_path.glob("airflow-tests-*")) == []
