"""The operator for everything else, where files go out and responses are saved."""

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
from tests.contract.operations.test_request_operator import BOTH_MODES, ask
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


def served(runner, *responses, **given):
    """Run the operator against a server that gives these responses; return what it returned and the requests."""
    waiting, seen = list(responses), []

    def handle(connection):
        seen.append(read_request(connection))
        connection.sendall(waiting.pop(0))

    with raw_server(handle) as port:
        runner.origin = f"http://127.0.0.1:{port}"
        runner.connect(TOKEN)
        return runner.run(DataRobotRequestOperator, **given), seen


def form_of(request):
    """Return the form that a request holds, as an independent parser reads it."""
    head, _, body = request.partition(b"\r\n\r\n")
    (kind,) = [line for line in head.decode().split("\r\n") if line.lower().startswith("content-type:")]
    return [(part.name, part.filename, part.content) for part in parse_form(kind.partition(": ")[2], body)]


@BOTH_MODES
def test_a_dataset_is_uploaded_from_disk(runner, csv, deferrable):
    made = ask(runner, **UPLOAD, files={"file": csv}, deferrable=deferrable, **WAIT)
    assert (made["name"], made["rowCount"], made["datasetSize"]) == ("prices of today.csv", 2, len(CSV))


def test_a_dataset_is_uploaded_from_object_storage_under_another_name(runner, bucket):
    bucket.pipe("/bucket/a.csv", CSV)
    source = ObjectStoragePath("memory://bucket/a.csv", conn_id="store")
    made = ask(runner, **UPLOAD, files={"file": {"path": source, "filename": "prices.csv"}}, **WAIT)
    assert (made["name"], made["rowCount"]) == ("prices.csv", 2)


def test_a_file_that_does_not_fit_is_refused_by_the_server(runner, csv):
    with pytest.raises(AirflowFailException, match="colour"):
        ask(runner, **UPLOAD, files={"file": csv}, data={"colour": "red"})
    with pytest.raises(AirflowFailException, match="exactly one file"):
        ask(runner, **UPLOAD, files={"file": [csv, csv]})


def test_an_environment_version_is_made_from_a_docker_context(runner, tmp_path):
    """As the official client sends it: form fields, then the archive in ``docker_context``."""
    with zipfile.ZipFile(tmp_path / "context.zip", "w") as archive:
        archive.writestr("Dockerfile", "FROM scratch\n")
    content = (tmp_path / "context.zip").read_bytes()
    made = {"id": "65a0000000000000000000e2", "buildStatus": "submitted"}
    returned, (request,) = served(
        runner,
        http_response(json.dumps(made).encode(), "202 Accepted"),
        path=f"executionEnvironments/{ENVIRONMENT}/versions/",
        method="POST",
        data={"label": "1.2", "description": None, "tags": ["a", "b"], "isDefault": True, "more": {"x": 1}},
        files={"docker_context": str(tmp_path / "context.zip")},
    )
    assert returned == made
    assert form_of(request) == [
        ("label", None, b"1.2"),
        ("tags", None, b"a"),
        ("tags", None, b"b"),
        ("isDefault", None, b"true"),
        ("more", None, b'{"x": 1}'),
        ("docker_context", "context.zip", content),
    ]


def test_fields_alone_are_a_form_too(runner):
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
    ("given", "reason"),
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
def test_what_cannot_be_sent_is_refused_before_anything_is(runner, csv, given, reason):
    with pytest.raises(AirflowFailException, match=reason):
        runner.run(DataRobotRequestOperator, **{**UPLOAD, "files": {"file": csv}, **given})
    assert runner.received == []


@pytest.mark.parametrize("filename", ["売上\u3000表.csv", "a\u200db\u00a0c.csv"])
def test_a_filename_of_another_script_is_sent_as_it_is(runner, csv, filename):
    assert ask(runner, **UPLOAD, files={"file": {"path": csv, "filename": filename}}, **WAIT)["name"] == filename


@pytest.mark.parametrize("filename", ["", "a/b.csv", "a\nb", "..\\x", "a\u2028b", "a\udce9b"])
def test_a_filename_that_is_none_is_refused(runner, csv, filename):
    with pytest.raises(
        AirflowFailException, match=r"files\['file'\] has the filename .*\. Use a file name without slashes"
    ):
        ask(runner, **UPLOAD, files={"file": {"path": csv, "filename": filename}})


@pytest.mark.parametrize("wrap", [str, Path])
def test_the_response_of_a_get_is_saved(runner, tmp_path, wrap, model_folder):
    from datarobot_provider.operators.versions import CreateVersionOperator

    model = create_model(runner)
    version = runner.run(
        CreateVersionOperator, custom_model_id=model, folder=model_folder, base_environment_id=ENVIRONMENT
    )
    target = tmp_path / "out" / "m.zip"
    path = f"customModels/{model}/versions/{version}/download/"
    saved = ask(runner, path, target=wrap(target))
    content = target.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert saved == {"path": str(target), "size": len(content), "sha256": digest}
    assert "custom.py" in zipfile.ZipFile(target).namelist()
    assert [each.name for each in target.parent.iterdir()] == ["m.zip"]
    assert ask(runner, path, target=target, sha256=digest.upper(), response_filter=lambda made: made["path"]) == str(
        target
    )
    with pytest.raises(AirflowException, match="SHA-256"):
        ask(runner, path, target=tmp_path / "other.zip", sha256="0" * 64)
    assert not (tmp_path / "other.zip").exists()


def test_a_response_is_saved_in_object_storage(runner, bucket):
    target = ObjectStoragePath("memory://bucket/out/page.json", conn_id="store")
    saved = ask(runner, "datasets/", query={"limit": 1}, target=target)
    assert saved["path"] == str(target)
    assert json.loads(bucket.cat("/bucket/out/page.json"))["count"] == 1


@BOTH_MODES
def test_the_result_of_a_job_is_saved(runner, csv, tmp_path, deferrable):
    target = tmp_path / "made.json"
    saved = ask(runner, **UPLOAD, files={"file": csv}, target=target, deferrable=deferrable, **WAIT)
    assert saved["path"] == str(target)
    assert json.loads(target.read_bytes())["name"] == csv.name


@pytest.mark.parametrize(("location", "with_token"), [("/api/v2/y/?a=1", True), ("/storage/y?a=1", False)])
def test_the_token_is_sent_to_a_redirect_within_the_api_alone(runner, tmp_path, location, with_token):
    moved = http_response(b"", f"303 See Other\r\nLocation: {location}")
    _, (_, second) = served(runner, moved, http_response(CSV), path="x/", target=tmp_path / "a.csv")
    assert second.startswith(f"GET {location} ".encode())
    assert (TOKEN.encode() in second) is with_token
    assert (tmp_path / "a.csv").read_bytes() == CSV


def test_an_error_is_an_error_and_leaves_no_file(runner, tmp_path):
    with pytest.raises(AirflowFailException, match="returned 404 for GET datasets/65a0000000000000000000ff/"):
        ask(runner, "datasets/65a0000000000000000000ff/", target=tmp_path / "a.json")
    body = {"name": "x", "customModelType": "inference"}
    with pytest.raises(AirflowFailException, match="targetType: this field is required"):
        ask(runner, "customModels/", method="POST", json=body, target=tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


def test_the_response_of_a_post_is_saved_and_not_asked_for_again_where_that_fails(runner, tmp_path):
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


def test_a_secret_in_a_form_does_not_show(runner):
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
