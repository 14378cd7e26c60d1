"""The command that takes the pictures of the documentation."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING

from harness.browser import WINDOW
from harness.emulator import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def take_picture(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Take a picture of a page in a process of its own, as Playwright allows only one browser driver per thread."""
    argv = [sys.executable, "-m", "demo.screenshots", "--folder", str(folder), "--page", str(page), "start"]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_picture_of_any_file_can_be_taken(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<h1>Title</h1>", encoding="utf-8")
    done = take_picture(page, tmp_path / "images")
    assert done.returncode == 0, done.stderr
    picture = (tmp_path / "images" / "start.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == WINDOW


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    done = take_picture(tmp_path / "missing.html", tmp_path)
    assert done.returncode == 1
    assert "missing.html" in done.stdout
    assert "Traceback" not in done.stderr
