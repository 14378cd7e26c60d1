"""Versions whose files lie in object storage: nothing touches the worker's disk."""

from __future__ import annotations

import io
import zipfile

import fsspec
import pytest

from datarobot_provider.client.archives import zip_files
from datarobot_provider.client.files import listed_files
from datarobot_provider.client.folders import folder_files
from datarobot_provider.client.multipart import UploadBody
from datarobot_provider.core.arguments.paths import resolve_path
from datarobot_provider.core.arguments.storage import StorageSink
from datarobot_provider.exceptions import InputError
from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.unit.client.forms import parse_form
from tests.unit.support import response

VERSIONS = "customModels/m/versions/"


@pytest.fixture
def bucket(monkeypatch):
    """Give the address of a bucket in an object store that Airflow knows, and a function that puts objects into it."""
    from airflow.sdk.io import attach

    store = fsspec.filesystem("memory")
    store.store.clear()
    attach(protocol="memory", fs=store)

    def put(key: str, content: bytes) -> None:
        store.pipe(f"/bucket/{key}", content)

    yield "memory://bucket", put
    store.store.clear()


def parts(files):
    body = UploadBody([], files)
    return [(part.name, part.filename, part.content) for part in parse_form(body.content_type, b"".join(body))]


def test_a_folder_is_sent_with_the_paths_below_it(bucket):
    address, put = bucket
    put("model/custom.py", b"print()")
    put("model/data/weights.bin", b"\0" * 3_000_000)
    put("model/__pycache__/custom.pyc", b"left out")
    put("other/custom.py", b"not ours")
    files = folder_files(resolve_path("folder", f"{address}/model"))
    assert [(file.name, file.size) for file in files] == [("custom.py", 7), ("data/weights.bin", 3_000_000)]
    assert parts(files) == [
        ("file", "custom.py", b"print()"),
        ("filePath", None, b"custom.py"),
        ("file", "weights.bin", b"\0" * 3_000_000),
        ("filePath", None, b"data/weights.bin"),
    ]


def test_single_files_and_a_zip_are_sent(bucket):
    address, put = bucket
    put("a/custom.py", b"one")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sub/custom.py", b"two" * 1000)
    put("model.zip", packed.getvalue())
    single = resolve_path("files", f"{address}/a/custom.py")
    assert parts(listed_files([single]))[0] == ("file", "custom.py", b"one")
    assert parts(listed_files({"hooks/custom.py": single}))[1] == ("filePath", None, b"hooks/custom.py")
    zipped = zip_files(resolve_path("zip_file", f"{address}/model.zip"))
    assert parts(zipped) == [("file", "custom.py", b"two" * 1000), ("filePath", None, b"sub/custom.py")]


@pytest.mark.parametrize("key", ["model/../custom.py", "model//custom.py", "model/a\\b.py", "model/a\nb.py"])
def test_a_key_that_leads_elsewhere_is_refused(bucket, key):
    address, put = bucket
    put("model/custom.py", b"x")
    fsspec.filesystem("memory").store[f"/bucket/{key}"] = fsspec.filesystem("memory").store["/bucket/model/custom.py"]
    with pytest.raises(InputError, match=r"not a plain relative path|control character"):
        folder_files(resolve_path("folder", f"{address}/model"))


def test_what_is_not_there_is_named(bucket):
    address, _ = bucket
    for listed in (
        lambda: folder_files(resolve_path("folder", f"{address}/none")),
        lambda: listed_files([resolve_path("files", f"{address}/none.py")]),
        lambda: zip_files(resolve_path("zip_file", f"{address}/none.zip")),
    ):
        with pytest.raises(InputError, match="none"):
            listed()


def test_an_object_that_shrinks_after_it_was_listed_is_named(bucket):
    address, put = bucket
    put("model/custom.py", b"12345")
    files = folder_files(resolve_path("folder", f"{address}/model"))
    put("model/custom.py", b"1")
    with pytest.raises(InputError, match=r"The size of custom\.py changed during the upload"):
        parts(files)


@pytest.mark.parametrize(("error", "heals"), [(OSError("the network is down"), True), (FileNotFoundError(), False)])
def test_a_storage_that_fails_in_the_middle_is_tried_again_later(bucket, monkeypatch, error, heals):
    address, put = bucket
    put("model/custom.py", b"12345")
    files = folder_files(resolve_path("folder", f"{address}/model"))

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(type(files[0].source), "open", fail)
    with pytest.raises(InputError, match="could not be read during the upload") as caught:
        parts(files)
    assert caught.value.retryable is heals


def test_the_operator_takes_addresses(bucket, api, context, task_log):
    address, put = bucket
    put("model/custom.py", b"print()")
    api.on("GET", VERSIONS, response(body={"data": []}))
    api.on("GET", "customModels/limits/", response(body={}))
    sent = []

    def create(request):
        sent.append(b"".join(request.upload()))
        return response(201, {"id": "v", "label": "v1.0"})

    api.on("POST", VERSIONS, create)
    task = CreateVersionOperator(task_id="t", custom_model_id="m", folder=f"{address}/model", base_environment_id="e")
    assert task.execute(context) == "v"
    assert b"print()" in sent[0]
    assert "Uploading 1 files, 7 bytes." in task_log()


def test_an_address_that_airflow_does_not_know_is_refused_before_anything_is_sent(api, context):
    task = CreateVersionOperator(task_id="t", custom_model_id="m", folder="gopher://b/m", base_environment_id="e")
    with pytest.raises(
        AirflowFailException, match="folder is 'gopher://b/m', but Airflow cannot open this object storage"
    ):
        task.execute(context)
    assert api.requests == []


def test_a_file_address_is_a_local_path_with_all_its_checks(tmp_path):
    (tmp_path / "custom.py").write_text("x")
    (tmp_path / "leads_out").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="outside the model folder"):
        folder_files(resolve_path("folder", f"file://{tmp_path}"))


def test_a_download_goes_into_object_storage(bucket):
    address, _ = bucket
    sink = StorageSink(f"{address}/model.zip")
    with sink.open() as file:
        file.write(b"zip")
    assert sink.commit() == f"{address}/model.zip"
    assert fsspec.filesystem("memory").cat("/bucket/model.zip") == b"zip"
