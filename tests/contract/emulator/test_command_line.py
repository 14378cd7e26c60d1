"""The command line, in a separate process."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
import requests

from datarobot_provider.emulator import running
from datarobot_provider.emulator.__main__ import TOKEN_VARIABLE, main


def start(*arguments):
    environment = {**os.environ, TOKEN_VARIABLE: "cli-token"}
    return subprocess.Popen(
        [sys.executable, "-m", "datarobot_provider.emulator", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_prints_its_address_and_exits_with_0(number):
    process = start("--time-scale", "2")
    line = process.stdout.readline()
    found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)/api/v2\n", line)
    assert found
    with requests.Session() as session:
        response = session.get(f"{found[1]}/api/v2/version/", headers={"Authorization": "Bearer cli-token"}, timeout=5)
        assert response.status_code == 200
        health = session.get(f"{found[1]}/__emulator__/health", timeout=5).json()
        assert health == {"status": "ok", "timeScale": 2.0}
        # The session keeps its connection open while the server stops.
        begin = time.monotonic()
        process.send_signal(number)
        output, errors = process.communicate(timeout=5)
    assert process.returncode == 0
    assert time.monotonic() - begin < 1
    assert (output, errors) == ("", "")


def test_token_is_required(capsys, monkeypatch):
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert main([]) == 2
    assert "token" in capsys.readouterr().err


SEEDED_MODEL = """
    {"name": "M", "targetType": "Regression", "version": {"folder": "none", "environmentId": "e1"}}
"""
SEEDED_VALIDATION = """
    {"name": "V", "deploymentId": "p1", "promptColumnName": "prompt", "targetColumnName": "target"}
"""


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (None, "seed.json"),
        ("{", "seed.json"),
        ('{"data": []}', "data"),
        ('{"datasets": [{"name": "x", "file": "none.csv"}]}', "none.csv"),
        ('{"environments": [{}]}', "environments/0"),
        ('{"customModels": [{"name": "M", "targetType": "Poem"}]}', "customModels/0/targetType"),
        (f'{{"customModels": [{SEEDED_MODEL}]}}', "M: the seed has no environment e1"),
        (
            f'{{"environments": [{{"id": "e1", "name": "E"}}], "customModels": [{SEEDED_MODEL}]}}',
            "none does not exist or contains no files",
        ),
        (f'{{"validations": [{SEEDED_VALIDATION}]}}', "V: the seed has no deployment p1"),
        ('{"image": {"size": NaN}}', "NaN is not a JSON number"),
        ('{"image": {"size": 1e308}}', "image/size"),
        ('{"image": {"size": 5.0}}', "image/size"),
        ('{"useCases": [{"name": "\\ud800"}]}', "lone surrogate"),
        ("[" * 100_000, "nested deeper"),
    ],
)
def test_invalid_seed_is_explained(tmp_path, capsys, seed, message):
    if seed is not None:
        (tmp_path / "seed.json").write_text(seed, encoding="utf-8")
    assert main(["--token", "token-of-the-command-line", "--seed", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("scale", ["-1", "nan", "inf", "1e308", "1e999", "fast", ""])
def test_invalid_time_scale_is_rejected_by_the_command(scale):
    with pytest.raises(SystemExit) as error:
        main(["--token", "token-of-the-command-line", "--time-scale", scale])
    assert error.value.code == 2


@pytest.mark.parametrize("scale", [-1, float("nan"), float("inf"), 1e308])
def test_invalid_time_scale_is_rejected_in_a_test(scale):
    with pytest.raises(ValueError, match="time scale"), running(time_scale=scale):
        pass


def test_used_port_is_explained(emulator, capsys):
    port = emulator.url.rsplit(":", 1)[1]
    assert main(["--token", "token-of-the-command-line", "--port", port]) == 2
    assert "cannot listen" in capsys.readouterr().err
