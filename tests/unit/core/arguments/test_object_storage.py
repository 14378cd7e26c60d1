"""Versions with files in object storage, which are not copied to the disk of the worker."""

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
    """Return the URL of a bucket and a function that puts objects into it."""
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


def test_folder_is_sent_with_relative_paths(bucket):
    url, put = bucket
    put("model/custom.py", b"print()")
    put("model/data/weights.bin", b"\0" * 3_000_000)
    put("model/__pycache__/custom.pyc", b"excluded")
    put("other/custom.py", b"another model")
    files = folder_files(resolve_path("folder", f"{url}/model"))
    assert [(file.name, file.size) for file in files] == [("custom.py", 7), ("data/weights.bin", 3_000_000)]
    assert parts(files) == [
        ("file", "custom.py", b"print()"),
        ("filePath", None, b"custom.py"),
        ("file", "weights.bin", b"\0" * 3_000_000),
        ("filePath", None, b"data/weights.bin"),
    ]


def test_files_and_zip_file_are_sent(bucket):
    url, put = bucket
    put("a/custom.py", b"one")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sub/custom.py", b"two" * 1000)
    put("model.zip", packed.getvalue())
    single = resolve_path("files", f"{url}/a/custom.py")
    assert parts(listed_files([single]))[0] == ("file", "custom.py", b"one")
    assert parts(listed_files({"hooks/custom.py": single}))[1] == ("filePath", None, b"hooks/custom.py")
    zipped = zip_files(resolve_path("zip_file", f"{url}/model.zip"))
    assert parts(zipped) == [("file", "custom.py", b"two" * 1000), ("filePath", None, b"sub/custom.py")]


@pytest.mark.parametrize("key", ["model/../custom.py", "model//custom.py", "model/a\\b.py", "model/a\nb.py"])
def test_key_outside_the_folder_is_refused(bucket, key):
    url, put = bucket
    put("model/custom.py", b"x")
    fsspec.filesystem("memory").store[f"/bucket/{key}"] = fsspec.filesystem("memory").store["/bucket/model/custom.py"]
    if f"/bucket/{key}" not in fsspec.filesystem("memory").find("/bucket/model"):
        pytest.skip("this version of fsspec does not list the key")
    with pytest.raises(InputError, match=r"not a plain relative path|control character"):
        folder_files(resolve_path("folder", f"{url}/model"))


def test_error_names_the_missing_object(bucket):
    url, _ = bucket
    for read in (
        lambda: folder_files(resolve_path("folder", f"{url}/none")),
        lambda: listed_files([resolve_path("files", f"{url}/none.py")]),
        lambda: zip_files(resolve_path("zip_file", f"{url}/none.zip")),
    ):
        with pytest.raises(InputError, match="none"):
            read()


def test_error_names_an_object_that_was_changed(bucket):
    url, put = bucket
    put("model/custom.py", b"12345")
    files = folder_files(resolve_path("folder", f"{url}/model"))
    put("model/custom.py", b"1")
    with pytest.raises(InputError, match=r"The size of memory:///?bucket/model/custom\.py changed during the upload"):
        parts(files)


@pytest.mark.parametrize(("error", "heals"), [(OSError("the network is down"), True), (FileNotFoundError(), False)])
def test_read_error_during_the_upload_is_retried_unless_permanent(bucket, monkeypatch, error, heals):
    url, put = bucket
    put("model/custom.py", b"12345")
    files = folder_files(resolve_path("folder", f"{url}/model"))

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(type(files[0].source), "open", fail)
    with pytest.raises(InputError, match="could not be read during the upload") as caught:
        parts(files)
    assert caught.value.retryable is heals


def test_operator_accepts_a_url(bucket, api, context, task_log):
    url, put = bucket
    put("model/custom.py", b"print()")
    api.on("GET", VERSIONS, response(body={"data": []}))
    api.on("GET", "customModels/limits/", response(body={}))
    sent = []

    def create(request):
        sent.append(b"".join(request.upload()))
        return response(201, {"id": "v", "label": "v1.0"})

    api.on("POST", VERSIONS, create)
    task = CreateVersionOperator(task_id="t", custom_model_id="m", folder=f"{url}/model", base_environment_id="e")
    assert task.execute(context) == "v"
    assert b"print()" in sent[0]
    assert "Uploading 1 files, 7 bytes." in task_log()


def test_unknown_url_scheme_is_refused_before_a_request(api, context):
    task = CreateVersionOperator(task_id="t", custom_model_id="m", folder="gopher://b/m", base_environment_id="e")
    with pytest.raises(
        AirflowFailException, match=r"folder is 'gopher:///?b/m', but Airflow cannot open this object storage"
    ):
        task.execute(context)
    assert api.requests == []


def test_file_url_is_checked_like_a_local_path(tmp_path):
    (tmp_path / "custom.py").write_text("x")
    (tmp_path / "outside").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="outside the model folder"):
        folder_files(resolve_path("folder", f"file://{tmp_path}"))


def test_download_is_written_to_object_storage(bucket):
    url, _ = bucket
    sink = StorageSink(f"{url}/model.zip")
    with sink.open() as file:
        file.write(b"zip")
    assert sink.commit() == f"{url}/model.zip"
    assert fsspec.filesystem("memory").cat("/bucket/model.zip") == b"zip"
