"""Path arguments as strings, path objects and object storage paths."""

from __future__ import annotations

import collections
import json
from pathlib import Path, PurePosixPath, PureWindowsPath

import fsspec
import pytest
from airflow.sdk import DAG

from datarobot_provider.core.arguments.paths import resolve_path
from datarobot_provider.core.arguments.storage import StorageSink
from datarobot_provider.exceptions import InputError
from datarobot_provider.operators.versions import CreateVersionOperator, DownloadVersionOperator
from datarobot_provider.version_compat import AirflowFailException, ObjectStoragePath
from tests.support.airflow import DagSerialization
from tests.unit.operators.test_versions import create, paths, texts
from tests.unit.support import FakeTaskInstance, response

VERSIONS = "customModels/m/versions/"


class CustomPath:
    """Path object of another library."""

    def __init__(self, path: object) -> None:
        self._path = path if isinstance(path, bytes) else str(path)

    def __fspath__(self) -> object:
        return self._path


class LazySequence(collections.abc.Sequence):
    """Sequence that is neither a list nor a tuple, such as the result of a mapped task."""

    def __init__(self, *items: object) -> None:
        self._items = items

    def __getitem__(self, index):
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)


def form_of(api, **given):
    """Run the operator as a separate task; return the form that it sends."""
    return create(api, {"ti": FakeTaskInstance()}, **given)[1]


@pytest.fixture
def model(tmp_path, monkeypatch, api):
    api.on("GET", VERSIONS, response(body={"data": []}))
    api.on("GET", "customModelLimits/", response(body={}))
    (tmp_path / "model").mkdir()
    (tmp_path / "model/custom.py").write_text("print()")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "model"


@pytest.fixture
def stores():
    """Return two object stores with different connections."""
    from airflow.sdk.io import attach

    stores = {}
    for name in ("first", "second"):
        fs = type(f"Store{name}", (fsspec.get_filesystem_class("memory"),), {"store": {}, "pseudo_dirs": [""]})()
        stores[name] = attach(protocol="memory", conn_id=name, fs=fs).fs
        fs.pipe("/bucket/model/custom.py", name.encode())
        fs.pipe("/bucket/model/sub/a b:ü#?.txt", b"a")
    return stores


@pytest.mark.parametrize(
    "shape",
    [str, Path, PurePosixPath, CustomPath, lambda p: f"file://{p}", lambda p: ObjectStoragePath(f"file://{p}")],
    ids=["string", "Path", "PurePath", "PathLike", "URL", "ObjectStoragePath"],
)
def test_every_argument_accepts_every_type_of_local_path(api, model, shape):
    folder = form_of(api, folder=shape(model))
    in_list = form_of(api, files=[shape(model / "custom.py")])
    in_mapping = form_of(api, files={PurePosixPath("custom.py"): shape(model / "custom.py")})
    in_sequence = form_of(api, files=LazySequence(shape(model / "custom.py")))
    assert [paths(form) for form in (folder, in_list, in_mapping, in_sequence)] == [["custom.py"]] * 4
    sink = StorageSink(shape(model / "m.zip"))
    with sink.open() as file:
        file.write(b"zip")
    assert sink.commit().endswith(f"{model}/m.zip")
    assert (model / "m.zip").read_bytes() == b"zip"


@pytest.mark.parametrize("given", ["model", "./model", "~/model", Path("model"), Path("~/model"), "model/../model"])
def test_relative_paths_and_the_home_directory(api, model, given):
    assert paths(form_of(api, folder=given)) == ["custom.py"]


def test_missing_relative_path_is_named_as_absolute_path(api, model):
    with pytest.raises(AirflowFailException, match=f"The folder {model.parent}/nothing does not exist"):
        form_of(api, folder="nothing")


def test_path_keeps_its_connection(api, stores, model):
    for name in stores:
        for given in (f"memory://{name}@bucket/model", ObjectStoragePath("memory://bucket/model", conn_id=name)):
            form = form_of(api, folder=given)
            assert [part.content for part in form if part.name == "file"] == [name.encode(), b"a"]
            assert paths(form) == ["custom.py", "sub/a b:ü#?.txt"]
            form = form_of(api, files={"x/custom.py": ObjectStoragePath(str(given)) / "custom.py"})
            assert [part.content for part in form if part.name == "file"] == [name.encode()]
    target = ObjectStoragePath("memory://bucket/out/m.zip", conn_id="second")
    sink = StorageSink(target)
    with sink.open() as file:
        file.write(b"zip")
    assert sink.commit() == str(target) == "memory://second@/bucket/out/m.zip"
    assert stores["second"].cat("/bucket/out/m.zip") == b"zip"
    assert not stores["first"].exists("/bucket/out")


@pytest.mark.parametrize("native", [False, True])
def test_path_objects_are_rendered(stores, native):
    with DAG("d", schedule=None, render_template_as_native_obj=native) as dag:
        task = CreateVersionOperator(
            task_id="t",
            custom_model_id="m",
            folder=Path("/models/{{ params.name }}"),
            files=[
                Path("{{ params.name }}.py"),
                ObjectStoragePath("memory://bucket/{{ params.name }}", conn_id="second"),
            ],
            zip_file=ObjectStoragePath("memory://bucket/{{ params.name }}.zip", conn_id="first"),
        )
    task.render_template_fields({"params": {"name": "churn"}, "dag": dag, "task": task}, dag.get_template_env())
    assert task.folder == "/models/churn"
    assert task.files == ["churn.py", ObjectStoragePath("memory://bucket/churn", conn_id="second")]
    assert task.zip_file == ObjectStoragePath("memory://bucket/churn.zip", conn_id="first")


def test_dag_with_path_objects_is_serialized(stores):
    with DAG("d", schedule=None) as dag:
        CreateVersionOperator(
            task_id="t",
            custom_model_id="m",
            folder=Path("/models/churn"),
            files={"custom.py": ObjectStoragePath("memory://bucket/x", conn_id="first"), "a": Path("/a")},
        )
        CreateVersionOperator.partial(task_id="mapped", files=[Path("/a")]).expand(custom_model_id=["m"])
        DownloadVersionOperator(
            task_id="d", custom_model_id="m", custom_model_version_id="v", target=Path("/archive/m.zip")
        )
    stored = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    restored = DagSerialization.from_dict(stored)
    assert restored.get_task("t").folder == "/models/churn"
    assert restored.get_task("d").target == "/archive/m.zip"


def test_object_storage_path_is_read_from_an_xcom(stores, api, model):
    from tests.support.airflow import deserialize, serialize

    sent = json.loads(json.dumps(serialize(ObjectStoragePath("memory://bucket/model", conn_id="second"))))
    form = form_of(api, folder=deserialize(sent))
    assert b"second" in [part.content for part in form]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"/models", "should be a path \\(a string, a pathlib.Path or an ObjectStoragePath\\), but is a bytes"),
        (CustomPath(b"/models"), "should be a path .* but is a bytes"),
        (5, "should be a path .* but is an int"),
        (None, "should be a path .* but is None"),
        (["/models"], "should be a path .* but is a list"),
        ("", "which is not a path"),
        (" \n", "which is not a path"),
        ("None", "which is not a path"),
        ("a\0b", "a line break or a NUL"),
        ("/models/churn\n", "a line break or a NUL"),
        ("C:\\models\\churn", "a Windows path"),
        ("C:/models/churn", "a Windows path"),
        ("\\\\host\\share", "a Windows path"),
        (PureWindowsPath("C:/models"), "a Windows path"),
        (Path("s3://bucket/key"), "has reduced to one slash"),
        ("s3:/bucket/key", "has reduced to one slash"),
        ("~nobody-of-this-name/x", "home directory"),
        ("gopher://bucket/key", "but Airflow cannot open this object storage"),
        ("memory://no_such_connection@bucket/key", "but Airflow cannot open this object storage"),
    ],
)
def test_invalid_path_is_refused(value, reason):
    with pytest.raises(InputError, match=rf"(?s)^folder .*{reason}"):
        resolve_path("folder", value)


@pytest.mark.parametrize(
    ("files", "element"),
    [
        ([None], r"\[0\]"),
        (["model/custom.py", 5], r"\[1\]"),
        ({"custom.py": None}, r"\['custom\.py'\]"),
        ({"a": ""}, r"\['a'\]"),
        ([b"x"], r"\[0\]"),
    ],
)
def test_error_names_the_invalid_element(api, model, files, element):
    with pytest.raises(AirflowFailException, match=f"files{element} (is|should be)"):
        form_of(api, files=files)
    assert api.sent("POST") == []


@pytest.mark.parametrize("files", ["custom.py", Path("custom.py"), 5, b"x", {"a"}])
def test_files_must_be_a_list_or_a_mapping(api, model, files):
    with pytest.raises(AirflowFailException, match="files should be a list"):
        form_of(api, files=files)
    assert api.sent("POST") == []


def test_local_path_may_contain_a_colon(model):
    assert resolve_path("folder", "/models/a:b/x://y") == Path("/models/a:b/x:/y")
    assert resolve_path("folder", "models:2") == model.parent / "models:2"


def test_symbolic_link_in_files_is_followed(api, model):
    (model / "shared.py").symlink_to("../target.py")
    (model.parent / "target.py").write_text("x")
    assert paths(form_of(api, files=[model / "shared.py"])) == ["shared.py"]


@pytest.mark.parametrize("exclude", ["*.csv", "*.csv\n*.md", ["*.csv", "*.md"], '["*.csv", "*.md"]', []])
@pytest.mark.parametrize("follow_links", [True, "True", "false", False])
def test_exclude_accepts_strings_and_lists(api, model, exclude, follow_links):
    if exclude:
        (model / "a.csv").write_text("x")
    assert paths(form_of(api, folder=model, exclude=exclude, follow_links=follow_links)) == ["custom.py"]


def test_exclude_is_refused_without_a_folder_and_with_invalid_values(api, model):
    with pytest.raises(AirflowFailException, match="exclude can only be used with folder or zip_file"):
        form_of(api, files=[model / "custom.py"], exclude=["*"])
    with pytest.raises(AirflowFailException, match="follow_links should be true or false"):
        form_of(api, folder=model, follow_links="perhaps")
    with pytest.raises(AirflowFailException, match=r"'!' in exclude is not a valid pattern"):
        form_of(api, folder=model, exclude=["!"])
    assert api.requests == []


def test_second_custom_py_is_logged_as_a_warning(api, model, task_log):
    form_of(api, folder=model)
    assert "custom.py:" not in task_log()
    (model / "pkg").mkdir()
    (model / "pkg/custom.py").write_text("x")
    form_of(api, folder=model)
    assert "The model has 2 files named custom.py: custom.py, pkg/custom.py." in task_log()
    form_of(api, folder=model, exclude=["pkg/"])
    log = task_log()
    assert log.count("The model has 2 files") == 1
    assert "Excluded from the upload: pkg/ of exclude (1)." in log


def test_exclude_and_follow_links_are_not_sent(api, model):
    form = form_of(api, folder=model, exclude=["x"], follow_links=True, base_environment_id="e")
    assert texts(form) == [("isMajorUpdate", "true"), ("baseEnvironmentId", "e")]
