"""Runs the matrix with and without the protection, and writes ``docs/reliability.md``: ``make reliability``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.crash.page import page
from tests.crash.phases import loaded
from tests.support.emulator import ROOT

PAGE = ROOT / "docs" / "reliability.md"
MATRIX, KILLS = "matrix.json", "kills.json"
HARNESS_FAILED = 3


def main() -> int:
    """Run the matrix twice and write the page; return the exit code of the run with the protection."""
    with tempfile.TemporaryDirectory(prefix="crash-") as name:
        on, off = Path(name) / "on", Path(name) / "off"
        code = _run(on, "on", "tests/crash")
        _run(off, "off", "tests/crash/test_matrix.py")
        if not (on / MATRIX).exists() or not (on / KILLS).exists() or not (off / MATRIX).exists():
            sys.stderr.write("the matrix was not completed; the page was not changed\n")
            return HARNESS_FAILED
        results, without = (loaded((each / MATRIX).read_text(encoding="utf-8")) for each in (on, off))
        PAGE.write_text(page(results, without, json.loads((on / KILLS).read_text(encoding="utf-8"))), encoding="utf-8")
    sys.stderr.write(f"wrote {PAGE.relative_to(ROOT)}\n")
    return code


def _run(folder: Path, protection: str, tests: str) -> int:
    folder.mkdir()
    env = {**os.environ, "CRASH_RESULTS": str(folder), "CRASH_PROTECTION": protection, "CRASH_SHORT": ""}
    return subprocess.run([sys.executable, "-m", "pytest", "-q", tests], cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
