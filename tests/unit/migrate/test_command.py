"""The command: its paths, its exit status, and files that cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from datarobot_provider.migrate.__main__ import main

ROOT = Path(__file__).parents[3]
DIRECT = (
    b"from datarobot_provider.sensors.datarobot import StatusCheckJobCompleteSensor as S\nS(task_id='s', job_id='1')\n"
)
NO_REPLACEMENT = b"from datarobot_provider.sensors.predictions import WaitForPredictionsSensor as W\nW(task_id='w')\n"


@pytest.fixture
def run(tmp_path, capsys):
    """Write files, run the command on their folder, and return its status and its lines."""

    def run(files, *paths):
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        status = main([str(tmp_path / path) for path in paths or ("",)])
        return status, capsys.readouterr().out.replace(f"{tmp_path}{os.sep}", "").splitlines()

    return run


@pytest.mark.parametrize(
    ("content", "status", "summary"),
    [
        (b"", 0, "1 file, 0 uses of DataRobot's own provider."),
        (DIRECT, 0, "1 with a direct replacement, 0 to check, 0 without a replacement. See docs/migrating.md."),
        (NO_REPLACEMENT, 1, "0 with a direct replacement, 0 to check, 1 without a replacement."),
    ],
)
def test_status_and_summary(run, content, status, summary):
    found, lines = run({"dag.py": content})
    assert found == status
    assert summary in lines[-1]


def test_report_has_file_line_replacement_and_renames(run):
    status, lines = run({"team/dag.py": DIRECT})
    assert status == 0
    assert lines[:2] == [
        "team/dag.py:2: StatusCheckJobCompleteSensor -> datarobot_provider.sensors.status.DataRobotStatusSensor",
        "    rename: job_id -> status",
    ]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"import os\n\nname = '\xe9'\n", 3, "the file is not encoded in utf-8"),
        (b"\xff\xfei\x00m\x00", 1, "the file is not encoded in utf-8"),
        (b"# coding: ascii\n\n\xc3\xa9 = 1\n", 3, "the file is not encoded in ascii"),
        (b"# coding: klingon\n", 1, "the encoding of the file is unknown"),
        (b"# coding: hex\n", 1, "the encoding of the file is unknown"),
        (b"x = 1\ndef f(:\n", 2, "the file is not valid Python: invalid syntax"),
        (b"print 'Python 2'\n", 1, "the file is not valid Python"),
        (b"x = 1\x00\n", 1, "the file is not valid Python"),
        (b"x = " + b"(" * 5000 + b")" * 5000, 1, "the file"),
        (b"x = " + b"-" * 200_000 + b"1", 1, "the file"),
    ],
    ids=["latin-1", "utf-16", "ascii", "unknown-encoding", "no-text", "syntax", "python-2", "null", "nested", "deep"],
)
def test_a_file_that_cannot_be_read_is_reported_and_the_others_are_read(run, content, line, problem):
    status, lines = run({"a.py": DIRECT, "broken.py": content, "z.py": DIRECT})
    assert status == 1
    assert [line.partition(" ")[0] for line in lines if not line.startswith("    ")][:2] == ["a.py:2:", "z.py:2:"]
    assert lines[-2].startswith(f"broken.py:{line}: {problem}")
    assert lines[-1].startswith("3 files, 2 uses of DataRobot's own provider: 2 with a direct replacement")
    assert "; 1 not readable." in lines[-1]


@pytest.mark.parametrize(
    "content",
    [
        "# coding: latin-1\nname = 'é'\n".encode("latin-1") + DIRECT,
        b"\xef\xbb\xbf\n\n" + DIRECT,
        b"path = '\\d'\n\n" + DIRECT,
        b"\n\n" + DIRECT.replace(b"\n", b"\r\n"),
    ],
    ids=["latin-1", "byte-order-mark", "invalid-escape", "windows"],
)
def test_other_encodings_and_warnings_are_accepted(run, content, recwarn):
    status, lines = run({"dag.py": content})
    assert (status, lines[0].partition(" ")[0]) == (0, "dag.py:4:")
    assert list(recwarn) == []


def test_only_python_files_outside_of_environments_are_read(run):
    others = (".venv/a.py", "env/pyvenv.cfg", "env/lib/a.py", "node_modules/a.py", "a.ipynb", "a.txt", ".git/a.py")
    _, lines = run({"dags/dag.py": DIRECT, **dict.fromkeys(others, NO_REPLACEMENT)})
    assert lines[-1].startswith("1 file, 1 use of")


def test_single_files_are_read_once(run):
    files = {"dag.py": DIRECT, "script": DIRECT, "notebook.ipynb": b"{}", "other.py": DIRECT}
    _, lines = run(files, "dag.py", "script", "notebook.ipynb", "dag.py")
    assert lines[-1].startswith("2 files, 2 uses of")


def test_an_environment_is_read_if_its_path_is_given(run):
    _, lines = run({".hidden/dag.py": DIRECT, ".hidden/pyvenv.cfg": b""}, ".hidden")
    assert lines[-1].startswith("1 file, 1 use of")


def test_links_and_loops_of_links_are_followed_once(run, tmp_path):
    folder = tmp_path / "dags"
    folder.mkdir()
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "dag.py").write_bytes(DIRECT)
    (folder / "shared").symlink_to(shared)
    (shared / "again").symlink_to(folder)
    (folder / "self").symlink_to(folder)
    (folder / "dag.py").symlink_to(shared / "dag.py")
    (folder / "one.py").symlink_to(folder / "two.py")
    (folder / "two.py").symlink_to(folder / "one.py")
    (folder / "missing.py").symlink_to(folder / "nothing.py")
    status, lines = run({}, "dags")
    assert status == 1
    assert [line.partition(":")[0] for line in lines[2:-1]] == [f"dags/{name}.py" for name in ("missing", "one", "two")]
    assert all("the file cannot be read" in line for line in lines[2:-1])
    assert lines[-1].startswith("4 files, 1 use of")


def test_a_pipe_is_not_read(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    status, lines = run({})
    assert (status, lines[0]) == (1, "pipe.py:1: it is not a regular file")


def test_a_folder_that_cannot_be_read_is_reported(run, tmp_path, monkeypatch):
    (tmp_path / "secret").mkdir()
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    status, lines = run({"dag.py": DIRECT})
    assert (status, lines[2]) == (1, "secret:1: the folder cannot be read: Permission denied")


def test_file_names_that_are_not_utf_8_are_escaped(run, tmp_path):
    (tmp_path / os.fsdecode(b"d\xe9.py")).write_bytes(DIRECT)
    assert run({})[1][0].startswith("d\\udce9.py:2: ")


@pytest.mark.parametrize("arguments", [[], ["--unknown"], ["does/not/exist"]])
def test_status_is_two_if_the_command_is_called_incorrectly(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m datarobot_provider.migrate" in capsys.readouterr().err


def test_neither_airflow_nor_the_files_are_imported(tmp_path):
    (tmp_path / "dag.py").write_bytes(b"raise SystemExit('executed')\n" + NO_REPLACEMENT)
    (tmp_path / "airflow.py").write_bytes(b"raise SystemExit('imported')\n")
    script = (
        "import runpy, sys\nsys.argv = ['migrate', sys.argv[1]]\n"
        "try: runpy.run_module('datarobot_provider.migrate', run_name='__main__')\n"
        "finally: print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert done.returncode == 1, done.stderr
    assert "WaitForPredictionsSensor -> no replacement yet" in done.stdout
    assert not loaded & {"airflow", "requests", "aiohttp", "datarobot", "pendulum", "yaml"}
