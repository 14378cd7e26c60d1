"""Downloads of the files of a model and of a version: to a local path and to object storage, complete or not at all."""

from __future__ import annotations

import hashlib
import io
import types
import zipfile

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from datarobot_provider.client import download
from datarobot_provider.core.arguments.storage import StorageSink
from datarobot_provider.operators.custom_models import DownloadCustomModelOperator
from datarobot_provider.operators.versions import DownloadVersionOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException, ObjectStoragePath
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import queries
from tests.support.life_cycle import create_model, create_version

NAMES = ["custom.py", "requirements.txt", "sub/größe.txt"]


@pytest.fixture
def ids(runner, model_folder):
    model = create_model(runner)
    return {"custom_model_id": model, "custom_model_version_id": create_version(runner, model, model_folder)}


@pytest.fixture
def without_pauses(monkeypatch):
    """Do not pause before a download is resumed."""
    clock = types.SimpleNamespace(sleep=lambda _: None, monotonic=download.time.monotonic)
    monkeypatch.setattr(download, "time", clock)


@pytest.fixture
def memory():
    """Register a storage in memory with Airflow."""
    attach(protocol="memory", fs=MemoryFileSystem())


def unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return sorted(archive.namelist())


def fill_the_disk(monkeypatch):
    monkeypatch.setattr(StorageSink, "open", lambda _: io.BufferedWriter(io.FileIO("/dev/full", "w")))


def check(done, content, target):
    assert done == {"path": target, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@covers("download_custom_model")
def test_a_model_to_a_local_path(runner, ids, tmp_path):
    target = tmp_path / "new" / "folder" / "model.zip"
    model = ids["custom_model_id"]
    done = runner.run(DownloadCustomModelOperator, custom_model_id=model, target=str(target))
    check(done, target.read_bytes(), str(target))
    assert unzipped(target.read_bytes()) == NAMES
    assert [file.name for file in target.parent.iterdir()] == ["model.zip"]
    assert queries(runner, f"customModels/{model}/download/") == [{}]


@covers("download_custom_model_version")
def test_a_version_replaces_an_existing_file(runner, ids, tmp_path):
    target = tmp_path / "version.zip"
    target.write_bytes(b"old")
    done = runner.run(DownloadVersionOperator, **ids, target=str(target))
    check(done, target.read_bytes(), str(target))
    assert unzipped(target.read_bytes()) == NAMES


@covers("download_custom_model", "download_custom_model_version")
def test_with_the_script_of_the_prediction_server(runner, ids, tmp_path):
    model, target = ids["custom_model_id"], tmp_path / "x.zip"
    for pps, extra in (("true", ["install_dependencies.sh"]), (False, [])):
        for task, source in (
            (DownloadCustomModelOperator, {"custom_model_id": model}),
            (DownloadVersionOperator, ids),
        ):
            runner.run(task, **source, target=str(target), pps=pps)
            assert unzipped(target.read_bytes()) == sorted([*NAMES, *extra])
    assert queries(runner, f"customModels/{model}/download/") == [{"pps": "true"}, {"pps": "false"}]


@pytest.mark.parametrize("scheme", ["file", "memory"])
@covers("download_custom_model_version")
def test_to_object_storage(runner, ids, tmp_path, memory, scheme):
    (tmp_path / "there").mkdir()
    target = f"{scheme}://{'' if scheme == 'file' else 'bucket'}{tmp_path}/there/version.zip"
    done = runner.run(DownloadVersionOperator, **ids, target=target)
    path = ObjectStoragePath(target)
    assert unzipped(path.read_bytes()) == NAMES
    check(done, path.read_bytes(), done["path"])
    assert done["path"].endswith("/version.zip")
    assert [file.name for file in path.parent.iterdir()] == ["version.zip"]


def cut(runner, where="/download/", times=1, **more):
    runner.emulator.control("POST", "faults", {"path": where, "cut": "inside", "times": times, **more})


def test_a_cut_download_is_resumed(direct, ids, tmp_path, without_pauses):
    cut(direct, times=2)
    target = tmp_path / "version.zip"
    done = direct.run(DownloadVersionOperator, **ids, target=str(target))
    check(done, target.read_bytes(), str(target))
    assert unzipped(target.read_bytes()) == NAMES
    assert [entry["status"] for entry in direct.log() if entry["path"].endswith("/download/")] == [200, 200, 200]


def test_permanent_cuts_keep_the_existing_file(direct, ids, tmp_path, without_pauses):
    cut(direct, times=None)
    target = tmp_path / "version.zip"
    target.write_bytes(b"old")
    with pytest.raises(AirflowException, match="the connection was lost") as caught:
        direct.run(DownloadVersionOperator, **ids, target=str(target))
    assert not isinstance(caught.value, AirflowFailException)
    assert {file.name: file.read_bytes() for file in tmp_path.glob("*.zip*")} == {"version.zip": b"old"}


@pytest.mark.parametrize("status", [404, 403])
def test_an_error_response_leaves_no_file(runner, ids, tmp_path, status):
    target = tmp_path / "version.zip"
    body = {"message": "Not for you."}
    runner.emulator.control("POST", "faults", {"path": "/download/", "status": status, "body": body})
    with pytest.raises(AirflowFailException, match=f"returned {status} for GET .*/download/: Not for you") as caught:
        runner.run(DownloadVersionOperator, **ids, target=str(target))
    assert "Request id: " in str(caught.value)
    assert list(tmp_path.glob("*.zip*")) == []


def test_a_full_disk_keeps_the_existing_file(runner, ids, tmp_path, monkeypatch):
    target = tmp_path / "version.zip"
    target.write_bytes(b"old")
    fill_the_disk(monkeypatch)
    with pytest.raises(AirflowFailException, match=r"could not be written: No space left on device\."):
        runner.run(DownloadVersionOperator, **ids, target=str(target))
    assert {file.name: file.read_bytes() for file in tmp_path.glob("*.zip*")} == {"version.zip": b"old"}


def test_an_unwritable_target_is_reported_before_any_request(runner, ids, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    runner.received.clear()
    with pytest.raises(AirflowFailException, match="could not be written"):
        runner.run(DownloadVersionOperator, **ids, target=str(tmp_path / "file" / "version.zip"))
    assert runner.received == []


def test_an_unknown_storage_is_reported_as_an_invalid_argument(runner, ids):
    runner.received.clear()
    with pytest.raises(AirflowFailException, match=r"target .*nowhere"):
        runner.run(DownloadVersionOperator, **ids, target="nowhere://bucket/version.zip")
    assert runner.received == []


def test_folders_are_created_for_a_file_url(runner, ids, tmp_path):
    target = tmp_path / "new" / "version.zip"
    runner.run(DownloadVersionOperator, **ids, target=f"file://{target}")
    assert unzipped(target.read_bytes()) == NAMES
