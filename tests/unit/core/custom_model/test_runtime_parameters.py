"""The argument runtime_parameter_values of CreateVersionOperator."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal

import pytest

from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.unit.client.forms import parse_form
from tests.unit.support import response

VERSIONS = "customModels/m/versions/"
CREATED = {"id": "v", "label": "1.0", "trainingData": {"assignmentInProgress": False}}
ID, OTHER_ID = "64e000000000000000000001", "64e000000000000000000002"
DEFINITIONS = """
runtimeParameterDefinitions:
- {fieldName: LLM, type: string, defaultValue: gpt-4o}
- {fieldName: TEMPERATURE, type: numeric, minValue: 0, maxValue: 2}
- {fieldName: STREAM, type: boolean}
- {fieldName: KEY, type: credential, credentialType: api_token}
- {fieldName: JUDGE, type: deployment}
"""
REQUIRED = """
runtimeParameterDefinitions:
- {fieldName: A, type: string, allowEmpty: false}
- {fieldName: B, type: numeric, allowEmpty: no, defaultValue: null}
- {fieldName: C, type: string, allowEmpty: false, defaultValue: x}
- {fieldName: D, type: credential, allowEmpty: "False"}
"""


@pytest.fixture(autouse=True)
def _no_version_yet(api):
    api.on("GET", VERSIONS, response(body={"data": []}))
    api.on("GET", "customModelLimits/", response(body={}))


@pytest.fixture
def folder(tmp_path):
    """Return a function that creates a model folder with the given metadata."""

    def make(metadata=DEFINITIONS, name="model-metadata.yaml"):
        path = tmp_path / "model"
        path.mkdir(exist_ok=True)
        (path / "custom.py").write_text("print()", encoding="utf-8")
        if metadata is not None:
            (path / name).write_text(metadata, encoding="utf-8")
        return str(path)

    return make


@pytest.fixture
def create(api, context, store, folder):
    """Return a function that runs a new task and returns the values that it sent; ``None`` for no values."""

    def run(values=None, *, method="POST", metadata=DEFINITIONS, **given):
        sent = []
        store.values.clear()

        def receive(request):
            body = request.upload()
            sent.extend(parse_form(body.content_type, b"".join(body)))
            return response(201, CREATED)

        api.on(method, VERSIONS, receive)
        if "files" not in given and not given.get("from_latest"):
            given["folder"] = folder(metadata)
        operator = CreateVersionOperator(task_id="t", custom_model_id="m", runtime_parameter_values=values, **given)
        assert operator.execute(context) == "v"
        found = [json.loads(part.content) for part in sent if part.name == "runtimeParameterValues"]
        return found[0] if found else None

    return run


@pytest.fixture
def refusal(create, api):
    """Return a function that runs the operator and returns its error; nothing is uploaded."""

    def run(values=None, **given):
        with pytest.raises(AirflowFailException) as error:
            create(values, **given)
        assert not api.sent("POST")
        assert not api.sent("PATCH")
        return str(error.value)

    return run


def latest(*rows, **fields):
    items = [{"id": "i1", "filePath": "custom.py"}, {"id": "i2", "filePath": "model-metadata.yaml"}]
    return response(body={"data": [{"id": "old", "items": items, "runtimeParameters": list(rows), **fields}]})


def parameter(name, kind, **more):
    return {"fieldName": name, "type": kind, "allowEmpty": True, "overrideValue": None, "defaultValue": None, **more}


def sent(name, kind, value):
    return {"fieldName": name, "type": kind, "value": value}


def test_mapping_is_sent_with_the_types_of_the_definitions(create):
    given = {"LLM": "o3", "TEMPERATURE": 1, "STREAM": True, "KEY": ID, "JUDGE": OTHER_ID}
    assert create(given) == [
        sent("LLM", "string", "o3"),
        sent("TEMPERATURE", "numeric", 1),
        sent("STREAM", "boolean", True),
        sent("KEY", "credential", ID),
        sent("JUDGE", "deployment", OTHER_ID),
    ]


@pytest.mark.parametrize("spelling", [list, tuple, json.dumps])
def test_list_in_the_form_of_the_api_is_accepted(create, spelling):
    rows = [sent("LLM", "string", "o3"), {"fieldName": "TEMPERATURE", "value": "0.5"}]
    assert create(spelling(rows)) == [sent("LLM", "string", "o3"), sent("TEMPERATURE", "numeric", 0.5)]


def test_rendered_string_is_converted(create):
    assert create('{"LLM": "o3", "STREAM": false}') == [sent("LLM", "string", "o3"), sent("STREAM", "boolean", False)]


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("TEMPERATURE", "1.5", 1.5),
        ("TEMPERATURE", "1", 1),
        ("TEMPERATURE", " 2 ", 2),
        ("TEMPERATURE", Decimal("0.1"), 0.1),
        ("STREAM", "True", True),
        ("STREAM", "false", False),
        ("LLM", "5", "5"),
        ("LLM", "", ""),
        ("LLM", uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("LLM", "größer\n", "größer\n"),
        ("KEY", f" {ID} ", ID),
        ("JUDGE", int("1" * 24), "1" * 24),
        ("LLM", None, None),
        ("TEMPERATURE", None, None),
    ],
)
def test_value_is_converted_without_loss(create, name, given, value):
    (row,) = create({name: given})
    assert row["value"] == value
    assert type(row["value"]) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("LLM", 5, "LLM: should be a string, but is an int"),
        ("LLM", True, "LLM: should be a string, but is a bool"),
        ("LLM", ["x"], "LLM: should be a string, but is a list"),
        ("TEMPERATURE", "warm", "TEMPERATURE: should be a number, but is a str"),
        ("TEMPERATURE", "", "TEMPERATURE: should be a number"),
        ("TEMPERATURE", True, "TEMPERATURE: should be a number"),
        ("TEMPERATURE", "1e400", "TEMPERATURE: should be a number"),
        ("TEMPERATURE", {}, "TEMPERATURE: should be a number"),
        ("TEMPERATURE", -0.1, "TEMPERATURE: should be at least 0"),
        ("TEMPERATURE", "2.5", "TEMPERATURE: should be at most 2"),
        ("STREAM", "perhaps", "STREAM: should be true or false"),
        ("STREAM", 1, "STREAM: should be true or false"),
        ("KEY", 6.4e25, "KEY: should be the id or the name of a credential, but is a float"),
        ("KEY", "", "KEY: should be the id or the name of a credential"),
        ("JUDGE", 12, "JUDGE: should be the id of a deployment, but is an int"),
        ("OTHER", "x", "OTHER: is not defined. Defined are: LLM, TEMPERATURE, STREAM, KEY, JUDGE"),
    ],
)
def test_invalid_value_is_refused(refusal, name, given, message):
    assert message in refusal({name: given})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused(refusal, value):
    assert "runtime_parameter_values" in refusal([sent("TEMPERATURE", "numeric", value)])


def test_error_lists_all_problems_without_values(refusal):
    text = refusal(
        {"LLM": ["sk-secret"], "TEMPERATURE": 77.125, "OTHER": "sk-secret"}, metadata=DEFINITIONS + REQUIRED[29:]
    )
    for message in ("LLM: should", "TEMPERATURE: should be at most 2", "OTHER: is not defined", "A: needs a value"):
        assert message in text
    assert "sk-secret" not in text
    assert "77.125" not in text


def test_type_must_match_the_definition(refusal):
    assert "LLM: is defined as string, but the value has the type numeric" in refusal([sent("LLM", "numeric", 1)])


def test_duplicate_name_is_refused(refusal):
    assert "LLM: is set more than once" in refusal([sent("LLM", "string", "a"), sent("LLM", "string", "b")])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("o3", "runtime_parameter_values should be an object or a list of objects"),
        (5, "runtime_parameter_values should be an object or a list of objects"),
        (["LLM"], "runtime_parameter_values should be an object or a list of objects"),
        ("", "runtime_parameter_values rendered to ''"),
        ([{"fieldName": "LLM"}], "runtime_parameter_values[0] should have the keys fieldName, type and value"),
        ([{"value": 1}], "runtime_parameter_values[0] should have the keys fieldName, type and value"),
        ([{"fieldName": 1, "value": 1}], "runtime_parameter_values[0] should have"),
        ([{"fieldName": "LLM", "value": "x", "default": 1}], "and no others"),
        ([sent("LLM", 1, "x")], "runtime_parameter_values[0]: the type of LLM should be a string"),
    ],
)
def test_other_structures_are_refused(refusal, values, message):
    assert message in refusal(values)


@pytest.mark.parametrize("values", [None, {}, [], "{}"])
def test_empty_values_are_not_sent(create, values):
    assert create(values) is None


def test_missing_required_values_are_named_before_the_upload(refusal):
    text = refusal(metadata=REQUIRED)
    assert [name for name in "ABCD" if f"\n  {name}: needs a value" in text] == ["A", "B", "D"]
    assert "\n  B: needs a value" in refusal({"A": "x", "B": None, "D": ID}, metadata=REQUIRED)
    assert "\n  A: needs a value" in refusal({"A": "", "B": 1, "D": ID}, metadata=REQUIRED)


def test_required_values_are_sent(create):
    assert len(create({"A": "x", "B": 0, "D": ID}, metadata=REQUIRED)) == 3


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "",
        "just text",
        "- a list",
        "name: x\nunknown: {key: [1, 2, 3]}\n",
        "type: training\ntargetType: something new\n",
        "runtimeParameterDefinitions:\n",
        "runtimeParameterDefinitions: null\n",
        "runtimeParameterDefinitions: []\n",
        "name: !odd [1]\n? [x]\n: y\n",
    ],
)
def test_metadata_without_definitions_is_accepted(create, metadata):
    assert create(metadata=metadata) is None


def test_error_names_the_line_of_invalid_metadata(refusal):
    text = refusal(metadata="name: x\n\truntime: y\n")
    assert "model-metadata.yaml is not valid YAML, line 2" in text


def test_unknown_types_are_validated_by_datarobot(create):
    metadata = (
        'runtimeParameterDefinitions: [{fieldName: A, type: numeric, defaultValue: "5", maxValue: "9"}, {fieldName: B, '
        "type: string, minValue: x, description: [1]}, {fieldName: C, type: brandNew}]\n"
    )
    rows = create({"A": 9, "B": "b", "C": 1.5}, metadata=metadata)
    assert [row["value"] for row in rows] == [9, "b", 1.5]


def test_type_is_required_without_definitions(create, refusal, folder):
    text = refusal({"A": 1}, metadata=None)
    assert "A: is not defined: there is no model-metadata.yaml" in text
    assert '{"fieldName": "A", "type": "string", "value": …}' in text
    assert "model-metadata.yaml has no runtimeParameterDefinitions" in refusal({"A": 1}, metadata="name: x\n")
    assert create([sent("A", "numeric", "1")], metadata=None) == [sent("A", "numeric", 1)]


def test_error_names_a_misnamed_metadata_file(refusal, folder):
    folder(None)
    path = folder(DEFINITIONS, "model-metadata.yml")
    assert "model-metadata.yml should be named model-metadata.yaml" in refusal(
        {"LLM": "x"}, files=[f"{path}/custom.py", f"{path}/model-metadata.yml"]
    )


def test_definitions_of_the_latest_version_are_used(create, refusal, api):
    rows = (parameter("LLM", "string"), parameter("T", "numeric", minValue=0, maxValue=None), {"odd": 1}, "odd")
    api.on("GET", VERSIONS, latest(*rows))
    assert create({"T": "1"}, method="PATCH", from_latest=True) == [sent("T", "numeric", 1)]
    api.requests.clear()
    text = refusal({"T": -1, "X": 1}, from_latest=True)
    assert "T: should be at least 0" in text
    assert "X: is not defined. Defined are: LLM, T" in text


def test_value_of_the_latest_version_is_inherited(create, refusal, api):
    needed = {"allowEmpty": False}
    api.on("GET", VERSIONS, latest(parameter("A", "string", overrideValue="x", **needed), parameter("Z", "string")))
    assert create({"Z": "z"}, method="PATCH", from_latest=True) == [sent("Z", "string", "z")]
    api.on("GET", VERSIONS, latest(parameter("A", "string", **needed), parameter("Z", "string")))
    api.requests.clear()
    assert "A: needs a value" in refusal({"Z": "z"}, from_latest=True)


def test_new_definitions_take_precedence_over_the_latest_version(create, refusal, api, folder):
    path = f"{folder(REQUIRED)}/model-metadata.yaml"
    rows = [parameter("A", "string", overrideValue="x"), parameter("B", "string", overrideValue="1")]
    api.on("GET", VERSIONS, latest(*rows, parameter("GONE", "string")))
    text = refusal({"GONE": "x", "D": ID}, from_latest=True, files=[path])
    assert "GONE: is not defined. Defined are: A, B, C, D" in text
    assert "B: needs a value" in text
    assert "A: needs" not in text
    assert create({"D": ID, "B": 2}, method="PATCH", from_latest=True, files=[path]) is not None


def test_deleted_definitions_are_ignored(refusal, api):
    api.on("GET", VERSIONS, latest(parameter("A", "string")))
    text = refusal({"A": "x"}, from_latest=True, files_to_delete=["model-metadata.yaml"])
    assert "A: is not defined" in text


def test_latest_version_is_not_requested_without_values(create, api, context):
    del context["task_state_store"]
    create(method="PATCH", from_latest=True)
    assert api.paths("GET") == []


def credentials(*rows):
    return response(
        body={"data": [{"credentialId": i, "name": n, "credentialType": t} for i, n, t in rows], "next": None}
    )


def test_credential_is_found_by_its_name(create, api):
    api.on("GET", "credentials/", credentials((OTHER_ID, "Other", "basic"), (ID, "OpenAI key", "api_token")))
    assert create({"KEY": "OpenAI key"}) == [sent("KEY", "credential", ID)]


def test_all_pages_of_credentials_are_read(create, api):
    first = {"data": [{"credentialId": OTHER_ID, "name": "Other"}], "next": "https://x/api/v2/credentials/?offset=1"}
    api.on("GET", "credentials/", response(body=first))
    api.on("GET", "credentials/?offset=1", credentials((ID, "OpenAI", "api_token")))
    assert create({"KEY": "OpenAI"}) == [sent("KEY", "credential", ID)]


@pytest.mark.parametrize("spelling", ["api_token", "apiToken"])
def test_credential_type_selects_one_of_two_with_the_same_name(create, api, spelling):
    api.on("GET", "credentials/", credentials((OTHER_ID, "X", "basic"), (ID, "X", "api_token")))
    metadata = DEFINITIONS.replace("api_token", spelling)
    assert create({"KEY": "X"}, metadata=metadata) == [sent("KEY", "credential", ID)]


def test_unknown_or_ambiguous_credential_name_is_refused(refusal, api):
    two = "runtimeParameterDefinitions: [{fieldName: K, type: credential}, {fieldName: L, type: credential}]"
    api.on("GET", "credentials/", credentials((OTHER_ID, "X", "basic"), (ID, "X", "api_token")))
    text = refusal({"K": "X", "L": "Nobody"}, metadata=two)
    assert f"K: several credentials have this name. Use one of the ids {OTHER_ID}, {ID}" in text
    assert "L: the user of the connection has no credential with this name" in text


@pytest.mark.parametrize("status", [403, 404])
def test_error_suggests_an_id_if_credentials_cannot_be_listed(refusal, api, status):
    api.on("GET", "credentials/", response(status, {"message": "no"}))
    assert f"HTTP {status}). Use the id of the credential instead" in refusal({"KEY": "OpenAI"})


def test_server_error_while_listing_credentials_is_retried(create, api):
    api.on("GET", "credentials/", response(503, {"message": "later"}))
    with pytest.raises(AirflowException) as error:
        create({"KEY": "OpenAI"})
    assert not isinstance(error.value, AirflowFailException)


def test_credentials_are_not_requested_for_ids(create, api):
    create({"KEY": ID})
    assert "credentials/" not in api.paths("GET")


def test_values_are_not_logged_stored_or_printed(create, api, context, store, folder, caplog, capsys):
    caplog.set_level("DEBUG")
    create({"LLM": "sk-a-long-secret"})
    assert "sk-a-long-secret" not in str(store.values)
    store.values.clear()
    refused = response(422, {"message": "bad value sk-a-long-secret", "errors": {"x": "sk-a-long-secret"}})
    api.on("POST", VERSIONS, refused)
    given = {"custom_model_id": "m", "folder": folder(), "runtime_parameter_values": {"LLM": "sk-a-long-secret"}}
    with pytest.raises(AirflowFailException) as error:
        CreateVersionOperator(task_id="t", **given).execute(context)
    assert "bad value ***" in str(error.value)
    assert "sk-a-long-secret" not in str(error.value) + caplog.text + capsys.readouterr().out
