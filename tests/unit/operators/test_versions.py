"""CreateVersionOperator: which files and fields make a version."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.unit.client.forms import parse_form
from tests.unit.support import ORIGIN, response

VERSIONS = "customModels/m/versions/"
MADE = {"id": "v", "label": "1.0", "trainingData": {"assignmentInProgress": False}}
LATEST = {
    "data": [{"id": "old", "items": [{"id": "i1", "filePath": "custom.py"}, {"id": "i2", "filePath": "sub/a.txt"}]}]
}


@pytest.fixture(autouse=True)
def _no_version_yet(api):
    api.on("GET", VERSIONS, response(body={"data": []}))
    api.on("GET", "customModelLimits/", response(body={}))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model" / "sub").mkdir(parents=True)
    (tmp_path / "model" / "custom.py").write_text("print()", encoding="utf-8")
    (tmp_path / "model" / "sub" / "a.txt").write_text("a", encoding="utf-8")
    return str(tmp_path / "model")


def create(api, context, method="POST", made=MADE, **given):
    """Run the operator; return what it returned, and the form as an independent parser reads it."""
    forms = []

    def receive(request):
        body = request.upload()
        forms.append(parse_form(body.content_type, b"".join(body)))
        return response(201, made)

    api.on(method, VERSIONS, receive)
    result = CreateVersionOperator(task_id="t", custom_model_id="m", **given).execute(context)
    (form,) = forms
    return result, form


def texts(form):
    """Return the fields that are no files."""
    return [(part.name, part.content.decode()) for part in form if part.name not in ("file", "filePath")]


def paths(form):
    return [part.content.decode() for part in form if part.name == "filePath"]


def test_a_folder_becomes_a_new_version(api, context, ti, folder):
    version, form = create(api, context, folder=folder, base_environment_id="e")
    assert version == "v"
    assert texts(form) == [("isMajorUpdate", "true"), ("baseEnvironmentId", "e")]
    assert paths(form) == ["custom.py", "sub/a.txt"]
    assert ti.xcoms == {
        "datarobot_id": "v",
        "_link_CustomModelVersionLink": f"{ORIGIN}/registry/custom-model-workshop/m/versions/v",
    }


def test_every_field_is_spelt_as_the_form_wants_it(api, context, folder):
    _, form = create(
        api,
        context,
        folder=folder,
        is_major_update="False",
        maximum_memory="268435456",
        replicas=2,
        requires_ha=True,
        keep_training_holdout_data="false",
        training_data={"datasetId": "d"},
        holdout_data='{"partitionColumn": "p"}',
        required_metadata={"a": "ä"},
        required_metadata_values=[{"fieldName": "a", "value": "1"}],
        git_model_version={"refName": "main"},
    )
    fields = dict(texts(form))
    assert {
        name: fields.pop(name)
        for name in ("isMajorUpdate", "maximumMemory", "replicas", "requiresHa", "keepTrainingHoldoutData")
    } == {
        "isMajorUpdate": "false",
        "maximumMemory": "268435456",
        "replicas": "2",
        "requiresHa": "true",
        "keepTrainingHoldoutData": "false",
    }
    assert {name: json.loads(value) for name, value in fields.items()} == {
        "trainingData": {"datasetId": "d"},
        "holdoutData": {"partitionColumn": "p"},
        "requiredMetadata": {"a": "ä"},
        "requiredMetadataValues": [{"fieldName": "a", "value": "1"}],
        "gitModelVersion": {"refName": "main"},
    }


@pytest.mark.parametrize("spelling", [list, json.dumps])
def test_a_list_of_files_goes_under_base_names(api, context, folder, spelling):
    _, form = create(api, context, files=spelling([f"{folder}/custom.py", f"{folder}/sub/a.txt"]))
    assert paths(form) == ["custom.py", "a.txt"]


@pytest.mark.parametrize("spelling", [dict, json.dumps])
def test_a_mapping_of_files_says_where_they_go(api, context, folder, spelling):
    _, form = create(api, context, files=spelling({"src/main.py": f"{folder}/custom.py"}))
    assert paths(form) == ["src/main.py"]
    assert [part.filename for part in form if part.name == "file"] == ["main.py"]


def test_a_zip_is_sent_as_its_files(api, context, tmp_path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("sub/custom.py", "print()")
    _, form = create(api, context, zip_file=str(tmp_path / "m.zip"))
    assert paths(form) == ["sub/custom.py"]


def test_the_latest_version_may_be_taken_as_it_is_with_other_settings(api, context):
    _, form = create(api, context, method="PATCH", from_latest="true", replicas=3, is_major_update=False)
    assert [(part.name, part.content) for part in form] == [("isMajorUpdate", b"false"), ("replicas", b"3")]


def test_files_of_the_latest_version_are_deleted_by_path_or_id(api, context, folder):
    api.on("GET", VERSIONS, response(body=LATEST))
    _, form = create(
        api,
        context,
        method="PATCH",
        from_latest=True,
        files_to_delete=["sub/a.txt", "i1"],
        files=[f"{folder}/custom.py"],
    )
    assert [part.content for part in form if part.name == "filesToDelete"] == [b"i2", b"i1"]


@pytest.mark.parametrize(
    ("latest", "words"), [(LATEST, "Its files: custom.py, sub/a.txt"), ({"data": []}, "Its files: none.")]
)
def test_a_file_to_delete_that_is_not_there_is_named(api, context, latest, words):
    api.on("GET", VERSIONS, response(body=latest))
    task = CreateVersionOperator(task_id="t", custom_model_id="m", from_latest=True, files_to_delete='["gone.py"]')
    with pytest.raises(AirflowFailException, match=r"files_to_delete names gone\.py") as caught:
        task.execute(context)
    assert words in str(caught.value)
    assert api.sent("PATCH") == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "A new version requires files"),
        ({"folder": "a", "zip_file": "b"}, "Give only one of folder, files and zip_file, not folder and zip_file"),
        ({"folder": "a", "files": ["b"], "zip_file": "c"}, "folder and files and zip_file"),
        ({"folder": "a", "files_to_delete": ["x"]}, "files_to_delete requires from_latest"),
        ({"folder": "a", "from_latest": "perhaps"}, "from_latest should be true or false"),
        ({"folder": "no-such-folder"}, "no-such-folder does not exist"),
        ({"zip_file": "no-such.zip"}, r"no-such\.zip does not exist"),
        ({"files": ["no-such.py"]}, r"no-such\.py does not exist"),
        ({"files": "just a text"}, "files should be a list"),
        ({"files": 5}, "files should be a list"),
        ({"from_latest": True, "is_major_update": "maybe"}, "is_major_update should be true or false"),
        ({"from_latest": True, "training_data": "d"}, "training_data should be an object"),
        ({"from_latest": True, "files_to_delete": "a.py"}, "files_to_delete should be a list"),
    ],
)
def test_arguments_that_do_not_fit_send_nothing(api, context, given, words):
    task = CreateVersionOperator(task_id="t", custom_model_id="m", **given)
    with pytest.raises(AirflowFailException, match=words):
        task.execute(context)
    assert api.requests == []


def test_a_version_whose_training_data_is_being_assigned_is_waited_for(api, context, folder):
    running = {**MADE, "trainingData": {"assignmentInProgress": True}}
    api.on("GET", f"{VERSIONS}v/", response(body=MADE))
    version, _ = create(api, context, made=running, folder=folder, training_data={"datasetId": "d"})
    assert version == "v"
    assert api.paths() == [VERSIONS, f"{VERSIONS}v/"]


def test_an_assignment_that_fails_says_why_and_which_version_has_none(api, context, folder):
    running = {**MADE, "trainingData": {"assignmentInProgress": True}}
    api.on(
        "GET", f"{VERSIONS}v/", response(body={"trainingData": {"assignmentError": {"message": "there is no target"}}})
    )
    with pytest.raises(AirflowFailException, match="The training data assignment failed") as caught:
        create(api, context, made=running, folder=folder, training_data={"datasetId": "d"})
    assert "Message from DataRobot: there is no target" in str(caught.value)
    assert "custom_model_version_id v" in str(caught.value)


@pytest.mark.parametrize("training", [None, {}, {"assignmentInProgress": False}])
def test_a_version_without_training_data_is_done_at_once(api, context, folder, training):
    version, _ = create(api, context, made={"id": "v", "trainingData": training}, folder=folder, deferrable=True)
    assert version == "v"
    assert api.paths() == [VERSIONS]


@pytest.mark.parametrize(
    ("paths", "from_nothing", "from_latest"),
    [
        ({"custom.py", "sub/a.txt"}, True, True),
        # The latest version may have had other files, a version from nothing has only those of the task.
        ({"custom.py", "sub/a.txt", "other.py"}, False, True),
        ({"custom.py"}, False, False),
        (set(), False, False),
    ],
)
def test_a_version_with_other_files_is_not_the_one_of_this_task(folder, paths, from_nothing, from_latest):
    row = {"items": [{"filePath": path} for path in paths]}
    for latest, expected in ((False, from_nothing), (True, from_latest)):
        operator = CreateVersionOperator(task_id="t", custom_model_id="m", folder=folder, from_latest=latest)
        operator.check()
        assert operator.matches(row) is expected


@pytest.fixture
def with_parameter(folder):
    """Let the folder define a runtime parameter."""
    definition = "runtimeParameterDefinitions: [{fieldName: T, type: numeric}]"
    Path(folder, "model-metadata.yaml").write_text(definition, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("value", "same"), [(1, True), (1.0, True), (2, False), (None, False)])
def test_a_version_with_other_values_is_not_the_one_of_this_task(with_parameter, value, same):
    given = {"custom_model_id": "m", "folder": with_parameter, "runtime_parameter_values": {"T": 1}}
    operator = CreateVersionOperator(task_id="t", **given)
    operator.check()
    row = {"items": [{"filePath": name} for name in ("custom.py", "model-metadata.yaml", "sub/a.txt")]}
    row["runtimeParameters"] = [{"fieldName": "T", "overrideValue": value}]
    assert operator.matches(row) is same
    assert operator.matches({**row, "runtimeParameters": []})


def test_a_task_that_runs_several_times_sends_the_values_of_each_time(api, context, with_parameter):
    del context["task_state_store"]
    forms = []
    api.on("POST", VERSIONS, lambda request: forms.append(b"".join(request.upload())) or response(201, MADE))
    operator = CreateVersionOperator(task_id="t", custom_model_id="m", folder=with_parameter)
    for value in (11, 22):
        operator.runtime_parameter_values = {"T": value}
        operator.execute(context)
    assert [b'"value": 22' in form for form in forms] == [False, True]
