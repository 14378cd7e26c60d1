from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.scale import __main__ as scale
from demo.scale import postgres, redis
from demo.scale.hostname import hostname
from demo.scale.object_storage import ObjectStorage
from demo.scale.run import model_names

if TYPE_CHECKING:
    from pathlib import Path


def test_missing_servers_are_listed_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    assert scale.main([]) == 1
    output = capsys.readouterr().out
    assert output == (
        "demo: servers are missing; on Debian and Ubuntu, install them with: apt-get install postgresql redis-server\n"
    )


def test_latest_postgresql_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    assert not postgres.installed()
    for version in ("9.6", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        if version != "17":
            (tmp_path / version / "bin" / "initdb").touch()
    assert postgres.programs() == tmp_path / "15" / "bin"


def test_password_is_not_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = redis.Redis(tmp_path)
    started: list[list[str]] = []
    monkeypatch.setattr(server._processes, "start", lambda _, argv, **__: started.append(argv))
    server.launch()
    password = server.url.partition(":")[2].removeprefix("//:").partition("@")[0]
    assert password in (tmp_path / "redis.conf").read_text()
    assert (tmp_path / "redis.conf").stat().st_mode & 0o777 == 0o600
    assert password not in " ".join(started[0])


def test_only_reads_of_objects_are_counted(tmp_path: Path) -> None:
    storage = ObjectStorage(tmp_path)
    storage.log.write_text(
        '127.0.0.1 - - [x] "PUT /models/m/custom.py HTTP/1.1" 200 -\n'
        '127.0.0.1 - - [x] "GET /models?list-type=2&prefix=m HTTP/1.1" 200 -\n'
        '127.0.0.1 - - [x] "HEAD /models/m/custom.py HTTP/1.1" 200 -\n'
        '127.0.0.1 - - [x] "\x1b[35m\x1b[1mGET /models/m/custom.py HTTP/1.1\x1b[0m" 206 -\n'
    )
    assert storage.reads() == 1


def test_hostname_is_the_name_of_the_component(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_HOSTNAME", "worker-2")
    assert hostname() == "worker-2"


def test_command_line_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert scale.parse([]).models == 30
    assert scale.parse(["--models", "4"]).timeout == 420
    assert model_names(2) == ["model-01", "model-02"]
    with pytest.raises(SystemExit):
        scale.parse(["--models", "3"])
    assert "at least 4 models" in capsys.readouterr().err
