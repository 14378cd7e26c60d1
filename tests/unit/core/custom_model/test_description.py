"""The argument metadata of CreateCustomModelOperator."""

from __future__ import annotations

import os

import fsspec
import pytest

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.unit.support import response

BINARY = """
name: churn
type: inference
targetType: binary
description: who leaves
language: Python
environmentID: 5e8c889607389fe0f466c72d
inferenceModel:
  targetName: churned
  positiveClassLabel: 1.0
  negativeClassLabel: no
  predictionThreshold: 0.4
"""
MULTICLASS = "name: iris\ntype: inference\ntargetType: multiclass\ninferenceModel:\n  targetName: species\n"


@pytest.fixture(autouse=True)
def _no_model_yet(api):
    api.on("GET", "customModels/", response(body={"data": []}))
    api.on("POST", "customModels/", response(201, {"id": "m"}))


@pytest.fixture
def file(tmp_path):
    def make(content, name="model-metadata.yaml"):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return make


@pytest.fixture
def create(api, context, store):
    """Return a function that runs a new task and returns the payload."""

    def run(**given):
        store.values.clear()
        assert CreateCustomModelOperator(task_id="t", **given).execute(context) == "m"
        return api.sent("POST")[-1].json

    return run


@pytest.fixture
def refusal(create, api):
    def run(**given):
        with pytest.raises(AirflowFailException) as error:
            create(**given)
        assert api.requests == []
        return str(error.value)

    return run


def test_values_are_sent_as_written_in_the_file(create, file):
    assert create(metadata=str(file(BINARY))) == {
        "name": "churn",
        "customModelType": "inference",
        "targetType": "Binary",
        "targetName": "churned",
        "description": "who leaves",
        "language": "Python",
        "positiveClassLabel": "1.0",
        "negativeClassLabel": "no",
        "predictionThreshold": 0.4,
    }


@pytest.mark.parametrize("spelling", [str, lambda path: path, lambda path: path.parent, lambda path: str(path.parent)])
def test_metadata_accepts_a_file_or_a_folder(create, file, spelling):
    assert create(metadata=spelling(file(BINARY)))["name"] == "churn"


def test_metadata_is_read_from_object_storage(create):
    from airflow.sdk import ObjectStoragePath
    from airflow.sdk.io import attach

    store = fsspec.filesystem("memory")
    attach(protocol="memory", fs=store)
    store.pipe("/bucket/model/model-metadata.yaml", BINARY.encode())
    assert create(metadata="memory://bucket/model")["name"] == "churn"
    assert create(metadata=ObjectStoragePath("memory://bucket/model/model-metadata.yaml"))["name"] == "churn"
    store.store.clear()


def test_file_with_another_name_is_accepted(create, file):
    assert create(metadata=file(BINARY, "other.yml"))["name"] == "churn"


def test_explicit_arguments_take_precedence(create, file):
    sent = create(metadata=file(BINARY), name="other", target_name="left", positive_class_label="yes", description="d")
    assert (sent["name"], sent["targetName"], sent["positiveClassLabel"]) == ("other", "left", "yes")
    assert (sent["description"], sent["negativeClassLabel"]) == ("d", "no")


def test_fields_of_other_target_types_are_omitted(create, file):
    sent = create(metadata=file(BINARY), target_type="Regression")
    assert set(sent) == {"name", "customModelType", "targetType", "targetName", "description", "language"}


@pytest.mark.parametrize(
    ("word", "target_type"),
    [
        ("regression", "Regression"),
        ("textgeneration", "TextGeneration"),
        ("TextGeneration", "TextGeneration"),
        ("agenticworkflow", "AgenticWorkflow"),
        ("mcp", "MCP"),
        ("vectordatabase", "VectorDatabase"),
        ("multilabel", "Multilabel"),
    ],
)
def test_target_type_is_converted_to_the_api_value(create, file, word, target_type):
    assert create(metadata=file(f"name: x\ntargetType: {word}\n"))["targetType"] == target_type


@pytest.mark.parametrize(
    "section", ["", "inferenceModel:\n", "inferenceModel: text\n", "inferenceModel: {targetName: }\n"]
)
def test_missing_values_are_not_sent(create, file, section):
    sent = create(metadata=file(f"name: x\ntargetType: regression\ndescription:\n{section}unknown: [1]\n"))
    assert sent == {"name": "x", "customModelType": "inference", "targetType": "Regression"}


def test_class_labels_are_sent(create, file):
    assert create(metadata=file(MULTICLASS + "  classLabels: [1, 2.0, yes, 'x y']\n"))["classLabels"] == [
        "1", "2.0", "yes", "x y",
    ]  # fmt: skip


def test_class_labels_are_read_from_a_file(create, file, tmp_path):
    (tmp_path / "labels.txt").write_text("\ufeffsetosa\r\nversi color\n\nvirginica\n", encoding="utf-8")
    path = file(MULTICLASS + "  classLabelsFile: labels.txt\n")
    assert create(metadata=path)["classLabels"] == ["setosa", "versi color", "virginica"]
    assert create(metadata=path, class_labels=["a", "b"])["classLabels"] == ["a", "b"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("classLabels: [a]\n  classLabelsFile: labels.txt", "has both classLabels and classLabelsFile"),
        ("classLabelsFile: missing.txt", "missing.txt cannot be read"),
        ("classLabelsFile: ../labels.txt", "is outside the folder of the model"),
        ("classLabelsFile: /etc/passwd", "is outside the folder of the model"),
        ("classLabels: [a, [b]]", "classLabels should be a list of labels"),
        ("classLabels: [a, null]", "classLabels should be a list of labels"),
        ("classLabels: a", "classLabels should be a list of labels"),
    ],
)
def test_invalid_class_labels_are_refused(refusal, file, labels, message):
    assert message in refusal(metadata=file(f"{MULTICLASS}  {labels}\n"))


def test_training_task_is_refused_for_an_inference_model(create, refusal, file):
    path = file("name: x\ntype: training\ntargetType: regression\ninferenceModel: {targetName: y}\n")
    text = refusal(metadata=path)
    assert "has 'type: training'" in text
    assert "custom_model_type='training'" in text
    assert create(metadata=path, custom_model_type="training") == {
        "name": "x",
        "customModelType": "training",
        "targetType": "Regression",
    }


def test_unknown_target_type_is_refused(refusal, file):
    text = refusal(metadata=file("name: x\ntargetType: guess\n"))
    assert "targetType is 'guess', but should be one of binary" in text
    assert "textgeneration" in text


def test_name_is_required(refusal, file):
    assert "name is missing" in refusal(metadata=file("targetType: regression\n"))
    assert "name is missing" in refusal()


@pytest.mark.parametrize("metadata", ["/nowhere/model", "/dev/null/x", "x" * 300, "a\0b", "memory://bucket/none"])
def test_missing_file_is_refused(refusal, metadata):
    assert "metadata is" in refusal(metadata=metadata)


def test_folder_without_the_file_is_refused(refusal, file, tmp_path):
    assert "has no model-metadata.yaml." in refusal(metadata=tmp_path)
    file(BINARY, "model-metadata.yml")
    assert "only model-metadata.yml, which DataRobot ignores: rename it" in refusal(metadata=tmp_path)


@pytest.mark.parametrize("metadata", ["", "None"])
def test_empty_value_is_refused(refusal, metadata):
    assert f"metadata rendered to '{metadata}'" in refusal(metadata=metadata, name="x")


def test_error_names_the_line_of_invalid_yaml(refusal, file):
    assert "not valid YAML, line 2" in refusal(metadata=file("name: x\n\tb: y\n"))


def test_threshold_must_be_a_number(refusal, file):
    assert "prediction_threshold should be a number" in refusal(metadata=file(BINARY.replace("0.4", "half")))


def test_metadata_is_read_at_each_execution(api, context, file):
    del context["task_state_store"]
    operator = CreateCustomModelOperator(task_id="t")
    for name in ("first", "second"):
        operator.metadata = file(f"name: {name}\ntargetType: regression\n")
        operator.execute(context)
    assert [request.json["name"] for request in api.sent("POST")] == ["first", "second"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.yaml", "does not exist"),
        ("pipe", "is not a regular file"),
        ("a" * 300, "cannot be read: File name too long"),
    ],
    ids=["missing", "pipe", "name too long"],
)
def test_metadata_without_a_file_names_the_reason(refusal, tmp_path, name, problem):
    os.mkfifo(tmp_path / "pipe")
    assert f"metadata is {tmp_path / name}, which {problem}." in refusal(metadata=str(tmp_path / name))
