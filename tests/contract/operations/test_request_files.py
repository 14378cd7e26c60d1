"""The request operator: uploads of files, and downloads of responses."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
import zipfile
from pathlib import Path

import fsspec
import pytest

from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException, ObjectStoragePath
from tests.contract.operations.test_request_operator import BOTH_MODES, send_request
from tests.contract.provider.conftest import TOKEN
from tests.support.emulator import ENVIRONMENT
from tests.support.life_cycle import create_model
from tests.support.task_runner import WAIT
from tests.unit.client.forms import parse_form
from tests.unit.support import http_response, raw_server, read_request

CSV = b"age,price\n1,10\n2,21\n"
UPLOAD = {"path": "datasets/fromFile/", "method": "POST"}


@pytest.fixture
def csv(tmp_path):
    (tmp_path / "prices of today.csv").write_bytes(CSV)
    return tmp_path / "prices of today.csv"


@pytest.fixture
def bucket():
    from airflow.sdk.io import attach

    store = fsspec.filesystem("memory")
    store.store.clear()
    attach(protocol="memory", conn_id="store", fs=store)
    yield store
    store.store.clear()


def served(runner, *responses, **arguments):
    """Run the operator against a server with these responses; return its result and the requests."""
    waiting, seen = list(responses), []

    def handle(connection):
        seen.append(read_request(connection))
        connection.sendall(waiting.pop(0))

    with raw_server(handle) as port:
        runner.origin = f"http://127.0.0.1:{port}"
        runner.connect(TOKEN)
        return runner.run(DataRobotRequestOperator, **arguments), seen


def form_of(request):
    """Return the form of a request with an independent parser."""
    head, _, body = request.partition(b"\r\n\r\n")
    (kind,) = [line for line in head.decode().split("\r\n") if line.lower().startswith("content-type:")]
    return [(part.name, part.filename, part.content) for part in parse_form(kind.partition(": ")[2], body)]


@BOTH_MODES
def test_a_dataset_is_uploaded_from_disk(runner, csv, deferrable):
    created = send_request(runner, **UPLOAD, files={"file": csv}, deferrable=deferrable, **WAIT)
    assert (created["name"], created["rowCount"], created["datasetSize"]) == ("prices of today.csv", 2, len(CSV))


def test_a_dataset_is_uploaded_from_object_storage_under_another_name(runner, bucket):
    bucket.pipe("/bucket/a.csv", CSV)
    source = ObjectStoragePath("memory://bucket/a.csv", conn_id="store")
    created = send_request(runner, **UPLOAD, files={"file": {"path": source, "filename": "prices.csv"}}, **WAIT)
    assert (created["name"], created["rowCount"]) == ("prices.csv", 2)


def test_an_unexpected_file_is_rejected_by_the_server(runner, csv):
    with pytest.raises(AirflowFailException, match="colour"):
        send_request(runner, **UPLOAD, files={"file": csv}, data={"colour": "red"})
    with pytest.raises(AirflowFailException, match="exactly one file"):
        send_request(runner, **UPLOAD, files={"file": [csv, csv]})


def test_an_environment_version_is_created_from_a_docker_context(runner, tmp_path):
    """Like the official client: form fields, then the archive in ``docker_context``."""
    with zipfile.ZipFile(tmp_path / "context.zip", "w") as archive:
        archive.writestr("Dockerfile", "FROM scratch\n")
    content = (tmp_path / "context.zip").read_bytes()
    created = {"id": "65a0000000000000000000e2", "buildStatus": "submitted"}
    returned, (request,) = served(
        runner,
        http_response(json.dumps(created).encode(), "202 Accepted"),
        path=f"executionEnvironments/{ENVIRONMENT}/versions/",
        method="POST",
        data={"label": "1.2", "description": None, "tags": ["a", "b"], "isDefault": True, "more": {"x": 1}},
        files={"docker_context": str(tmp_path / "context.zip")},
    )
    assert returned == created
    assert form_of(request) == [
        ("label", None, b"1.2"),
        ("tags", None, b"a"),
        ("tags", None, b"b"),
        ("isDefault", None, b"true"),
        ("more", None, b'{"x": 1}'),
        ("docker_context", "context.zip", content),
    ]


def test_fields_without_files_are_sent_as_a_form(runner):
    _, (request,) = served(runner, http_response(), path="x/", method="PATCH", data='{"a": "1", "b": 2}')
    assert form_of(request) == [("a", None, b"1"), ("b", None, b"2")]


def test_pairs_keep_their_order(runner, csv, tmp_path):
    (tmp_path / "b").write_bytes(b"")
    files = [("file", csv), ["extra", {"path": tmp_path / "b", "filename": 'q"uote.bin'}], ("file", str(csv))]
    _, (request,) = served(runner, http_response(), path="x/", method="PUT", files=files)
    assert [(name, content) for name, _, content in form_of(request)] == [
        ("file", CSV),
        ("extra", b""),
        ("file", CSV),
    ]


def test_a_large_file_is_streamed(runner, tmp_path):
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    sizes = []

    def handle(connection):
        head = connection.recv(65536)
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        left = length - len(head.partition(b"\r\n\r\n")[2])
        while left:
            left -= len(connection.recv(1 << 20))
        sizes.append(length)
        connection.sendall(http_response())

    with raw_server(handle) as port:
        runner.origin = f"http://127.0.0.1:{port}"
        runner.connect(TOKEN)
        tracemalloc.start()
        runner.run(DataRobotRequestOperator, path="x/", method="POST", files={"file": path})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert sizes[0] > 100_000_000
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"method": "GET"}, "files require the method POST, PATCH, PUT, not GET"),
        ({"method": "DELETE"}, "files require the method"),
        ({"method": "GET", "files": None, "data": {"a": 1}}, "data require the method"),
        ({"json": {"a": 1}}, "Give json or files, not both"),
        ({"json": {"a": 1}, "data": {"b": 2}}, "Give json or data and files, not both"),
        ({"files": {}}, "files contain nothing to send"),
        ({"files": {"file": "no such file.csv"}}, "no such file.csv does not exist"),
        ({"files": {"file": None}}, r"files\['file'\] should be a path"),
        ({"files": {"file": [b"x"]}}, r"files\['file'\] should be a path"),
        ({"files": {"file": {"name": "x"}}}, r"files\['file'\] should have the keys path and filename, but has 'name'"),
        ({"files": ["a.csv"]}, "files should be an object of form fields and paths, or a list of pairs"),
        ({"files": b"xy"}, "files should be an object of form fields and paths, or a list of pairs"),
        ({"files": "a.csv"}, "files should be an object"),
        ({"data": "a=1"}, "data should be an object"),
        ({"data": {"a": [1, None]}}, r"data\['a'\] contains None"),
        ({"data": {"a": float("nan")}}, r"data.a is "),
        ({"data": {"a": object()}}, r"data.a is "),
        ({"target": b"x"}, "target should be a path"),
        ({"target": "/"}, "target is '/', which is a folder"),
        ({"sha256": "0" * 64}, "sha256 requires target"),
        ({"sha256": "0" * 63, "target": "x"}, "sha256 should be 64 hexadecimal digits"),
    ],
)
def test_invalid_arguments_are_rejected_before_any_request(runner, csv, arguments, reason):
    with pytest.raises(AirflowFailException, match=reason):
        runner.run(DataRobotRequestOperator, **{**UPLOAD, "files": {"file": csv}, **arguments})
    assert runner.received == []


@pytest.mark.parametrize("filename", ["売上\u3000表.csv", "a\u200db\u00a0c.csv"])
def test_a_non_latin_filename_is_sent_unchanged(runner, csv, filename):
    assert (
        send_request(runner, **UPLOAD, files={"file": {"path": csv, "filename": filename}}, **WAIT)["name"] == filename
    )


@pytest.mark.parametrize("filename", ["", "a/b.csv", "a\nb", "..\\x", "a\u2028b", "a\udce9b"])
def test_an_invalid_filename_is_rejected(runner, csv, filename):
    with pytest.raises(
        AirflowFailException, match=r"files\['file'\] has the filename .*\. Use a file name without slashes"
    ):
        send_request(runner, **UPLOAD, files={"file": {"path": csv, "filename": filename}})


@pytest.mark.parametrize("wrap", [str, Path])
def test_the_response_of_a_get_is_saved(runner, tmp_path, wrap, model_folder):
    from datarobot_provider.operators.versions import CreateVersionOperator

    model = create_model(runner)
    version = runner.run(
        CreateVersionOperator, custom_model_id=model, folder=model_folder, base_environment_id=ENVIRONMENT
    )
    target = tmp_path / "out" / "m.zip"
    path = f"customModels/{model}/versions/{version}/download/"
    saved = send_request(runner, path, target=wrap(target))
    content = target.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert saved == {"path": str(target), "size": len(content), "sha256": digest}
    assert "custom.py" in zipfile.ZipFile(target).namelist()
    assert [each.name for each in target.parent.iterdir()] == ["m.zip"]
    assert send_request(
        runner, path, target=target, sha256=digest.upper(), response_filter=lambda created: created["path"]
    ) == str(target)
    with pytest.raises(AirflowException, match="SHA-256"):
        send_request(runner, path, target=tmp_path / "other.zip", sha256="0" * 64)
    assert not (tmp_path / "other.zip").exists()


def test_a_response_is_saved_in_object_storage(runner, bucket):
    target = ObjectStoragePath("memory://bucket/out/page.json", conn_id="store")
    saved = send_request(runner, "datasets/", query={"limit": 1}, target=target)
    assert saved["path"] == str(target)
    assert json.loads(bucket.cat("/bucket/out/page.json"))["count"] == 1


@BOTH_MODES
def test_the_result_of_a_job_is_saved(runner, csv, tmp_path, deferrable):
    target = tmp_path / "made.json"
    saved = send_request(runner, **UPLOAD, files={"file": csv}, target=target, deferrable=deferrable, **WAIT)
    assert saved["path"] == str(target)
    assert json.loads(target.read_bytes())["name"] == csv.name


@pytest.mark.parametrize(("location", "with_token"), [("/api/v2/y/?a=1", True), ("/storage/y?a=1", False)])
def test_the_token_is_only_sent_to_redirects_within_the_api(runner, tmp_path, location, with_token):
    moved = http_response(b"", f"303 See Other\r\nLocation: {location}")
    _, (_, second) = served(runner, moved, http_response(CSV), path="x/", target=tmp_path / "a.csv")
    assert second.startswith(f"GET {location} ".encode())
    assert (TOKEN.encode() in second) is with_token
    assert (tmp_path / "a.csv").read_bytes() == CSV


def test_an_error_fails_and_leaves_no_file(runner, tmp_path):
    with pytest.raises(AirflowFailException, match="returned 404 for GET datasets/65a0000000000000000000ff/"):
        send_request(runner, "datasets/65a0000000000000000000ff/", target=tmp_path / "a.json")
    body = {"name": "x", "customModelType": "inference"}
    with pytest.raises(AirflowFailException, match="targetType: this field is required"):
        send_request(runner, "customModels/", method="POST", json=body, target=tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


def test_a_post_is_not_repeated_when_saving_its_response_fails(runner, tmp_path):
    body = {"name": "Prices", "customModelType": "inference", "targetType": "Unstructured"}
    how = {"path": "customModels/", "method": "POST", "json": body}
    saved = runner.run(DataRobotRequestOperator, **how, target=tmp_path / "m.json")
    assert json.loads((tmp_path / "m.json").read_bytes())["name"] == "Prices"
    assert saved["path"] == str(tmp_path / "m.json")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AirflowException, match="responded with 201, but the response could not be saved") as caught:
        runner.run(DataRobotRequestOperator, **how, target=tmp_path / "file/m.json")
    assert not isinstance(caught.value, AirflowFailException)
    runner.ti.retry()
    with pytest.raises(AirflowFailException, match="no way to find out"):
        runner.retry(DataRobotRequestOperator, **how, target=tmp_path / "file/m.json")
    assert len(runner.bodies("POST", "customModels/")) == 2


def test_a_secret_in_a_form_is_redacted(runner):
    secret = "sk-a-very-secret-key"
    echo = http_response(json.dumps({"message": f"bad key {secret}"}).encode(), "422 Unprocessable Entity")
    with pytest.raises(AirflowFailException, match=r"bad key \*\*\*") as caught:
        served(runner, echo, path="x/", method="POST", data={"openaiApiKey": secret})
    assert secret not in str(caught.value)


def test_every_argument_is_rendered():
    task = DataRobotRequestOperator(
        task_id="t",
        path="datasets/fromFile/",
        method="POST",
        data={"name": "{{ params.name }}"},
        files={"file": Path("/data/{{ params.name }}.csv"), "more": [("{{ params.name }}")]},
        target=Path("/out/{{ params.name }}.json"),
        sha256="{{ params.name }}",
    )
    task.render_template_fields({"params": {"name": "churn"}})
    assert (task.data, task.files) == ({"name": "churn"}, {"file": "/data/churn.csv", "more": ["churn"]})
    assert (task.target, task.sha256) == ("/out/churn.json", "churn")
