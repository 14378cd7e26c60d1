from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from harness import environment
from harness.environment import STAMP, main

if TYPE_CHECKING:
    from collections.abc import Callable

PIP = """
import os, sys
os.chdir(os.path.dirname(__file__))
open("calls", "a").write(" ".join(sys.argv[1:]) + "\\n")
print("Collecting everything")
print("a warning", file=sys.stderr)
{lines}
"""
INSTALLED = 'print("Installing collected packages: a, b, c")\nprint("Successfully installed a-1 b-1 c-1")'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, list[str]]]:
    """Return a function that updates an environment whose pip is a script, and returns the exit code and its calls."""

    def run_main(lines: str, *arguments: str) -> tuple[int, list[str]]:
        python = tmp_path / "venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!{sys.executable}\n{PIP.format(lines=lines)}", encoding="utf-8")
        python.chmod(0o700)
        code = main([str(tmp_path / "venv"), "--update", "--pins", "pins.txt", *arguments])
        return code, (python.parent / "calls").read_text(encoding="utf-8").splitlines()

    monkeypatch.setattr(environment, "time", SimpleNamespace(monotonic=iter(range(0, 1000, 7)).__next__))
    return run_main


def test_every_step_is_printed_with_its_seconds(
    run: Callable[..., tuple[int, list[str]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, calls = run(INSTALLED, "-e", ".[emulator]", "--group", "dev")
    assert code == 0
    folder = tmp_path / "venv"
    output = capsys.readouterr()
    assert output.err == ""
    assert output.out.splitlines() == [
        f"{folder}: installing pip ... 7 s",
        f"{folder}: downloading packages ... 7 s",
        f"{folder}: installing 3 package(s) ... 7 s",
        f"{folder}: ready after 49 s",
    ]
    pip = "-m pip install --disable-pip-version-check -c pins.txt"
    assert calls == [f"{pip} pip", f"{pip} -e .[emulator] --group dev"]
    assert (folder / STAMP).read_text(encoding="utf-8") == str(Path.cwd())


def test_nothing_to_install_is_no_step(run: Callable[..., tuple[int, list[str]]], capsys: pytest.CaptureFixture[str]):
    assert run("print('Requirement already satisfied')", "a")[0] == 0
    assert "package(s)" not in capsys.readouterr().out


def test_an_error_of_pip_is_shown_and_leaves_no_stamp(
    run: Callable[..., tuple[int, list[str]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = run('sys.exit("ERROR: no matching distribution" if "a" in sys.argv else 0)', "a")
    assert code == 1
    output = capsys.readouterr()
    assert output.out.endswith("venv: downloading packages ... failed\n")
    assert "ERROR: no matching distribution\n" in output.err
    assert not (tmp_path / "venv" / STAMP).exists()
