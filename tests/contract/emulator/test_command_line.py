"""The command line, in a separate process."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest
import requests

from datarobot_provider import __version__
from datarobot_provider.emulator import command, running
from datarobot_provider.emulator.command import DEFAULT_PORT, DEFAULT_TOKEN, TOKEN_VARIABLE, main
from datarobot_provider.emulator.server import KEEP_ALIVE
from datarobot_provider.emulator.store.seed_loader import DEFAULT_SEED
from datarobot_provider.emulator.store.state import State

TOKEN = "cli-token"


def start(*arguments, token=TOKEN):
    environment = {**os.environ, TOKEN_VARIABLE: token}
    return subprocess.Popen(
        [sys.executable, "-m", "datarobot_provider.emulator", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rest_of(process):
    """Wait for the end of a process and return its remaining output. `communicate` would lose what was read ahead."""
    output, errors = process.stdout.read(), process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    process.wait(timeout=5)
    return output, errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_prints_its_address_and_exits_with_0(number):
    process = start("--time-scale", "2", "--port", "0", "--no-seed", "--quiet")
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
        output, errors = rest_of(process)
    assert process.returncode == 0
    assert time.monotonic() - begin < KEEP_ALIVE / 10
    connection = {"conn_type": "datarobot", "host": f"{found[1]}/api/v2", "password": "YOUR_TOKEN"}
    assert output.splitlines() == [
        f"export AIRFLOW_CONN_DATAROBOT_DEFAULT='{json.dumps(connection)}'",
        f"control API: {found[1]}/__emulator__/",
    ]
    assert errors == ""


def test_start_without_arguments_is_useful():
    """Only the port is chosen: the default one may be in use on the machine of the test."""
    process = start("--port", "0", token="")
    endpoint = process.stdout.readline().split()[-1]
    lines = [process.stdout.readline().rstrip("\n") for _ in range(16)]
    try:
        assert lines[0].startswith(f"token: {DEFAULT_TOKEN} ")
        variable, value = shlex.split(lines[1])[1].split("=", 1)
        assert (lines[1].split()[0], variable) == ("export", "AIRFLOW_CONN_DATAROBOT_DEFAULT")
        connection = json.loads(value)
        assert connection == {"conn_type": "datarobot", "host": endpoint, "password": DEFAULT_TOKEN}
        listed = dict(re.fullmatch(r"([a-z ]+): .+ \(([0-9a-f]{24})\)", line).groups()[::-1] for line in lines[2:15])
        assert lines[15] == f"control API: {endpoint.removesuffix('/api/v2')}/__emulator__/"
        assert listed["65a0000000000000000000a2"] == "custom model version"
        assert len(set(listed.values())) == 9
        headers = {"Authorization": f"Bearer {connection['password']}"}
        for path in ("customModels/65a0000000000000000000a1/", "credentials/65a0000000000000000000b9/"):
            assert requests.get(f"{endpoint}/{path}", headers=headers, timeout=5).status_code == 200
    finally:
        process.terminate()
        rest_of(process)


def test_default_port():
    parser = command._parser()
    assert parser.parse_args([]).port == DEFAULT_PORT == 8089
    assert parser.parse_args([]).seed == DEFAULT_SEED
    assert parser.parse_args(["--no-seed"]).seed is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "-1"],
        ["--port", "65536"],
        ["--port", "http"],
        ["--port", ""],
        ["--port", "\u0663"],
        ["--no-seed", "--seed", "."],
        ["--no-seed", "--no-seed=1"],
        ["--quiet=1"],
    ],
)
def test_invalid_argument_is_rejected(arguments, capsys):
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2
    assert arguments[0].partition("=")[0] in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "emulator.example.com", "localhost.example.com"])  # noqa: S104
def test_token_is_required_for_an_address_that_other_machines_reach(capsys, monkeypatch, host):
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert main(["--host", host]) == 2
    message = capsys.readouterr().err
    assert f"a token is required with --host {host}" in message
    assert TOKEN_VARIABLE in message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_loopback_addresses_need_no_token(host):
    assert command._is_loopback(host)


def test_connection_uses_the_loopback_address_if_all_addresses_are_bound():
    lines = list(command._start_message("http://0.0.0.0:80", "a-secret-token", State()))
    assert lines[0] == "listening on http://0.0.0.0:80/api/v2"
    assert '"host": "http://127.0.0.1:80/api/v2"' in lines[1]
    assert "a-secret-token" not in str(lines)


def test_every_request_is_printed_without_secrets():
    process = start("--port", "0", "--no-seed")
    endpoint = process.stdout.readline().split()[-1]
    root = endpoint.removesuffix("/api/v2")
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        session.get(f"{endpoint}/version/?key={TOKEN}", timeout=5)
        session.post(f"{root}/__emulator__/tokens", json={"token": "another-token"}, timeout=5)
        session.get(f"{endpoint}/{TOKEN}/another-token/", timeout=5)
        session.get(f"{root}/storage/x?X-Signature=0123", timeout=5)
        session.get(f"{endpoint}/a%0Ab%1B%C3%BC/", timeout=5)
        session.post(f"{root}/__emulator__/faults", json={"cut": "before"}, timeout=5)
        with pytest.raises(requests.ConnectionError):
            session.get(f"{endpoint}/version/", timeout=5)
    process.terminate()
    output, errors = rest_of(process)
    lines = output.splitlines()[2:]
    assert [re.sub(r" \d+ ms$", "", line) for line in lines] == [
        "GET /api/v2/version/ 200",
        "POST /__emulator__/tokens 201",
        "GET /api/v2/[hidden]/[hidden]/ 404",
        "GET /storage/x 400",
        "GET /api/v2/a%0Ab%1B%C3%BC/ 404",
        "POST /__emulator__/faults 201",
        "GET /api/v2/version/ aborted",
    ]
    assert all(re.search(r" \d+ ms$", line) for line in lines)
    assert errors == ""


def test_closed_output_does_not_stop_the_emulator():
    process = start("--port", "0", "--no-seed")
    endpoint = process.stdout.readline().split()[-1]
    process.stdout.close()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for _ in range(3):
        assert requests.get(f"{endpoint}/version/", headers=headers, timeout=5).status_code == 200
    process.terminate()
    assert process.wait(timeout=5) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


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
    message = capsys.readouterr().err
    assert f"cannot listen on 127.0.0.1:{port}: the port is in use" in message
    assert "--port 0" in message


def test_address_that_cannot_be_bound_is_explained(capsys):
    assert main(["--token", "token-of-the-command-line", "--host", "192.0.2.7", "--port", "0"]) == 2
    assert "cannot listen on 192.0.2.7:0: " in capsys.readouterr().err


@pytest.fixture
def without_extra(monkeypatch):
    """Let imports fail as they do without the packages of the extra."""
    for name in [name for name in sys.modules if name.startswith("datarobot_provider.emulator.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delattr("datarobot_provider.emulator.command")
    monkeypatch.delattr("datarobot_provider.emulator.server")
    from datarobot_provider.emulator import __main__ as program

    return program


def test_a_missing_package_is_reported_with_the_extra(without_extra, capsys):
    assert without_extra.main([]) == 1
    assert "pip install 'airflow-provider-datarobot-mlops[emulator]'" in capsys.readouterr().err


def test_an_import_without_the_extra_names_the_extra_for_tests(without_extra):
    with pytest.raises(ModuleNotFoundError, match=r"package uvicorn is missing\. .*datarobot-mlops\[testing\]'"):
        from datarobot_provider.emulator import running  # noqa: F401


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"datarobot-emulator {__version__}\n"
