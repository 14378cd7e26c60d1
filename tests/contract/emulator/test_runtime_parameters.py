"""Runtime parameters: definitions, values, validation, inheritance, requirements of model tests."""

import json

import pytest

from tests.contract.emulator.conftest import CODE

METADATA = """
name: assistant
type: inference
targetType: textgeneration
runtimeParameterDefinitions:
- fieldName: LLM
  type: string
  defaultValue: gpt-4o
  description: name of the model
- fieldName: TEMPERATURE
  type: numeric
  defaultValue: 0.2
  minValue: 0
  maxValue: 2
- fieldName: STREAM
  type: boolean
  defaultValue: true
- fieldName: KEY
  type: credential
  credentialType: api_token
  allowEmpty: false
- {fieldName: JUDGE, type: deployment}
"""
FILE = "model-metadata.yaml"
PATH = "/customModels/{}/versions/"


def files(metadata=METADATA):
    content = metadata if isinstance(metadata, bytes) else metadata.encode()
    return {"custom.py": CODE, FILE: content}


def definitions(*rows):
    return "runtimeParameterDefinitions:\n" + "".join(f"- {{{row}}}\n" for row in rows)


def value(name, kind, given):
    return {"fieldName": name, "type": kind, "value": given}


def values(*rows):
    return {"runtimeParameterValues": json.dumps(list(rows))}


def parameters_of(version, field="currentValue"):
    return {p["fieldName"]: p[field] for p in version["runtimeParameters"]}


@pytest.fixture
def credential(api):
    return api.control("POST", "credentials", {"name": "OpenAI", "credentialType": "api_token"})["id"]


@pytest.fixture
def upload(api, conforms):
    """Upload versions of one model."""
    model = api.model()

    def create(content=None, method="POST", **fields):
        response = api.upload(model, files() if content is None else content, method=method, **fields)
        return conforms("CustomModelVersionResponse", response, 201)

    create.model = model
    return create


def rejection(api, metadata, *rows, field="runtimeParameterValues", method="POST"):
    response = api.upload(api.model(), files(metadata), method=method, **(values(*rows) if rows else {}))
    assert response.status_code == 422, response.text
    return response.json()["errors"][field]


def test_definitions_are_returned_with_their_defaults(upload):
    rows = upload()["runtimeParameters"]
    assert rows[0] == {
        "fieldName": "LLM",
        "type": "string",
        "description": "name of the model",
        "allowEmpty": True,
        "defaultValue": "gpt-4o",
        "overrideValue": None,
        "currentValue": "gpt-4o",
    }
    assert (rows[1]["minValue"], rows[1]["maxValue"], rows[1]["currentValue"]) == (0, 2, 0.2)
    assert rows[2]["currentValue"] is True
    assert (rows[3]["allowEmpty"], rows[3]["credentialType"], rows[3]["currentValue"]) == (False, "api_token", None)
    assert rows[4]["type"] == "deployment"


def test_values_override_defaults(upload, credential):
    sent = values(
        value("TEMPERATURE", "numeric", 1), value("STREAM", "boolean", False), value("KEY", "credential", credential)
    )
    version = upload(**sent)
    assert parameters_of(version) == {
        "LLM": "gpt-4o",
        "TEMPERATURE": 1,
        "STREAM": False,
        "KEY": credential,
        "JUDGE": None,
    }
    assert parameters_of(version, "overrideValue")["LLM"] is None
    assert parameters_of(version, "defaultValue")["TEMPERATURE"] == 0.2


def test_list_and_json_string_are_equivalent(api, upload):
    upload()
    rows = [value("LLM", "string", "o3")]
    for sent in (rows, json.dumps(rows)):
        body = {"isMajorUpdate": "false", "runtimeParameterValues": sent}
        response = api("PATCH", PATH.format(upload.model), json=body)
        assert parameters_of(response.json())["LLM"] == "o3"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (value("OTHER", "string", "x"), '"OTHER": there is no definition'),
        (value("LLM", "numeric", 1), '"LLM": the type has to be string'),
        (value("LLM", "string", 1), '"LLM": the value has to be a string'),
        (value("TEMPERATURE", "numeric", "1"), '"TEMPERATURE": the value has to be a number'),
        (value("TEMPERATURE", "numeric", True), '"TEMPERATURE": the value has to be a number'),
        (value("TEMPERATURE", "numeric", float("nan")), "NaN is not a JSON number"),
        (value("TEMPERATURE", "numeric", 10**400), "an integer exceeds 64 bits"),
        (value("TEMPERATURE", "numeric", -0.1), '"TEMPERATURE": must be at least 0'),
        (value("TEMPERATURE", "numeric", 2.1), '"TEMPERATURE": must be at most 2'),
        (value("STREAM", "boolean", "true"), '"STREAM": the value has to be a boolean'),
        (value("JUDGE", "deployment", ["x"]), '"JUDGE": the value has to be a string'),
        (value("LLM", "string", "\ud800"), "it contains a lone surrogate"),
        (value("KEY", "credential", "64e000000000000000000001"), '"KEY": there is no credential with this ID'),
        ({"fieldName": "LLM", "value": "x"}, '"LLM": fieldName, type and value are required'),
        ({"fieldName": "LLM", "type": "string"}, '"LLM": fieldName, type and value are required'),
        ({"type": "string", "value": "x"}, "an entry without a name: fieldName, type and value are required"),
    ],
)
def test_invalid_value_is_rejected(api, row, message):
    assert message in rejection(api, METADATA, row)


def test_all_problems_are_reported(api):
    text = rejection(api, METADATA, value("A", "string", "x"), value("LLM", "string", "x"), value("LLM", "string", "y"))
    assert '"A": there is no definition' in text
    assert '"LLM": is given more than once' in text


@pytest.mark.parametrize("text", ["{", "[1]", "{}", "3", "null", "[" * 100_000, '[{"fieldName": NaN}'])
def test_malformed_values_are_rejected(api, rejected_fields, text):
    model = api.model()
    assert "runtimeParameterValues" in rejected_fields(api.upload(model, files(), runtimeParameterValues=text))
    assert api("GET", PATH.format(model)).json()["data"] == []


def test_values_without_definitions_are_rejected(api):
    assert "there is no definition" in rejection(api, "name: x\n", value("A", "string", "x"))


def test_only_a_version_from_the_latest_inherits_values(upload):
    upload(**values(value("LLM", "string", "o3"), value("TEMPERATURE", "numeric", 1)))
    second = upload({"extra.txt": b"x"}, "PATCH", **values(value("TEMPERATURE", "numeric", 1.5)))
    assert (parameters_of(second)["LLM"], parameters_of(second)["TEMPERATURE"]) == ("o3", 1.5)
    reset = upload({}, "PATCH", **values(value("LLM", "string", None)))
    assert (parameters_of(reset)["LLM"], parameters_of(reset)["TEMPERATURE"]) == ("gpt-4o", 1.5)
    clean = upload()
    assert (parameters_of(clean)["LLM"], parameters_of(clean)["TEMPERATURE"]) == ("gpt-4o", 0.2)


def test_values_are_inherited_for_existing_definitions(upload):
    upload(**values(value("LLM", "string", "o3"), value("TEMPERATURE", "numeric", 1)))
    changed = definitions("fieldName: LLM, type: string", "fieldName: TEMPERATURE, type: numeric, maxValue: 0.5")
    second = upload({FILE: changed.encode()}, "PATCH")
    assert parameters_of(second) == {"LLM": "o3", "TEMPERATURE": None}
    third = upload({FILE: definitions("fieldName: LLM, type: numeric").encode()}, "PATCH")
    assert parameters_of(third) == {"LLM": None}


def test_no_definitions_without_the_file(api, upload):
    first = upload()
    file = next(item["id"] for item in first["items"] if item["filePath"] == FILE)
    assert upload({}, "PATCH", filesToDelete=file)["runtimeParameters"] == []


def test_sent_definitions_replace_all_and_are_inherited(upload):
    upload()
    sent = json.dumps([{"fieldName": "LIMIT", "type": "numeric", "defaultValue": 1, "currentValue": 5, "maxValue": 9}])
    second = upload({}, "PATCH", runtimeParameters=sent)
    assert parameters_of(second) == {"LIMIT": 5}
    assert parameters_of(upload({"more.txt": b""}, "PATCH")) == {"LIMIT": 5}
    third = upload({FILE: definitions("fieldName: LLM, type: string").encode()}, "PATCH")
    assert parameters_of(third) == {"LLM": None, "LIMIT": 5}


@pytest.mark.parametrize(
    "row",
    [
        {"type": "string"},
        {"fieldName": "A"},
        {"fieldName": "A", "type": "numeric", "minValue": "0"},
        {"fieldName": "A", "type": "string", "allowEmpty": "no"},
        {"fieldName": "A", "type": "string", "description": 1},
        {"fieldName": "A", "type": "numeric", "defaultValue": "x"},
        {"fieldName": "A", "type": "numeric", "maxValue": 1, "currentValue": 2},
    ],
)
def test_invalid_sent_definitions_are_rejected(api, rejected_fields, row):
    response = api.upload(api.model(), files(), runtimeParameters=json.dumps([row]))
    assert "runtimeParameters" in rejected_fields(response)


def test_definitions_and_values_exclude_each_other(api, rejected_fields):
    response = api.upload(api.model(), files(), runtimeParameters="[]", runtimeParameterValues="[]")
    assert "runtimeParameters" in rejected_fields(response)


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "just a string",
        "- a list",
        "name: x\nanything: {goes: [here, 1, 2024-01-01]}\n",
        "runtimeParameterDefinitions:\n",
        "runtimeParameterDefinitions: null\n",
        "runtimeParameterDefinitions: []\n",
        "name: !custom tag\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    ],
)
def test_file_without_definitions_is_accepted(upload, metadata):
    assert upload(files(metadata))["runtimeParameters"] == []


def test_metadata_file_in_a_subfolder_is_ignored(upload):
    assert upload({"custom.py": CODE, f"sub/{FILE}": METADATA.encode()})["runtimeParameters"] == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('fieldName: A, type: numeric, defaultValue: "5"', 5),
        ("fieldName: A, type: string, defaultValue: 1.0", "1.0"),
        ("fieldName: A, type: string, defaultValue: no", "no"),
        ("fieldName: A, type: string, defaultValue: 2024-01-01", "2024-01-01"),
        ("fieldName: A, type: boolean, defaultValue: Yes", True),
        ('fieldName: A, type: string, defaultValue: ""', None),
        ("fieldName: A, type: string, defaultValue: null", None),
        ("fieldName: A, type: somethingNew, defaultValue: x", "x"),
    ],
)
def test_defaults_are_converted_to_their_type(upload, row, expected):
    (parameter,) = upload(files(definitions(row)))["runtimeParameters"]
    assert parameter["defaultValue"] == parameter["currentValue"] == expected


def test_anchors_and_merges_are_resolved(upload):
    metadata = "base: &base {type: numeric, maxValue: 3}\n" + definitions("<<: *base, fieldName: A")
    (parameter,) = upload(files(metadata))["runtimeParameters"]
    assert (parameter["type"], parameter["maxValue"]) == ("numeric", 3)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("a:\n\t- b\n", "line 2"),
        ("a: [1\nb: 2\n", "line"),
        ("--- 1\n--- 2\n", "not valid YAML"),
        (b"name: caf\xe9\n", "not valid YAML"),
        (b"\x00", "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
        ("a: *b\n", "line 1"),
        ("#" * (1 << 21), "too large"),
        ("runtimeParameterDefinitions: {}\n", "has to be a list"),
        ("runtimeParameterDefinitions: [1]\n", "entry 1: has to be a mapping"),
        (definitions("type: string"), "entry 1: fieldName and type are required"),
        (definitions("fieldName: A"), "entry 1: fieldName and type are required"),
        (definitions("fieldName: A, type: string", "fieldName: A, type: string"), "entry 2: the fieldName is defined"),
        (definitions("fieldName: A, type: string, allowEmpty: maybe"), "allowEmpty has to be true or false"),
        (definitions("fieldName: A, type: numeric, minValue: few"), "minValue has to be a number"),
        (definitions("fieldName: A, type: numeric, defaultValue: few"), "defaultValue has to be a number"),
        (definitions("fieldName: A, type: numeric, defaultValue: .nan"), "defaultValue has to be a number"),
        (definitions("fieldName: A, type: numeric, defaultValue: " + "9" * 5000), "defaultValue has to be a number"),
        (definitions("fieldName: A, type: numeric, defaultValue: 3, maxValue: 2"), "defaultValue must be at most 2"),
        (definitions("fieldName: A, type: boolean, defaultValue: 7"), "defaultValue has to be true or false"),
        (definitions("fieldName: A, type: string, defaultValue: [1]"), "defaultValue has to be a single value"),
        (definitions('fieldName: "\\ud800", type: string'), "surrogate"),
    ],
)
def test_invalid_metadata_file_is_rejected(api, metadata, message):
    assert message in rejection(api, metadata, field="file")


def test_model_test_requires_all_values(api, upload, credential):
    version = upload()["id"]
    response = api.start_test(upload.model, version, datasetId=api.dataset())
    assert response.status_code == 422
    assert "KEY" in response.json()["message"]
    assert "JUDGE" not in response.json()["message"]
    complete = upload({}, "PATCH", **values(value("KEY", "credential", credential)))["id"]
    assert api.start_test(upload.model, complete, datasetId=api.dataset()).status_code == 202


def test_empty_string_counts_as_no_value(api, upload):
    metadata = definitions("fieldName: A, type: string, allowEmpty: false")
    version = upload(files(metadata), **values(value("A", "string", "")))
    assert parameters_of(version) == {"A": None}
    assert api.start_test(upload.model, version["id"], datasetId=api.dataset()).status_code == 422


def test_repository_versions_keep_or_drop_parameters(api, upload):
    upload(**values(value("LLM", "string", "o3")))
    path = PATH.format(upload.model) + "fromRepository/"
    body = {"repositoryId": "65a0000000000000000000c1", "isMajorUpdate": "false", "sourcePath": "custom.py"}

    def create(method):
        location = api.finish(api(method, path, json=body)).headers["Location"]
        return api("GET", location).json()

    assert parameters_of(create("PATCH"))["LLM"] == "o3"
    assert create("POST")["runtimeParameters"] == []


def test_copy_of_a_model_has_the_parameters(api, upload):
    upload(**values(value("LLM", "string", "o3")))
    copied = api("POST", "/customModels/fromCustomModel/", json={"customModelId": upload.model}).json()
    assert parameters_of(copied["latestVersion"])["LLM"] == "o3"


def test_credentials_are_listed_and_read(api, conforms):
    created = [api.control("POST", "credentials", {"name": name})["id"] for name in ("a", "b")]
    listed = conforms("CredentialList", api("GET", "/credentials/"))["data"]
    assert [c["credentialId"] for c in listed] == created[::-1]
    one = conforms("Credential", api("GET", f"/credentials/{created[0]}/"))
    assert (one["name"], one["credentialType"], one["description"]) == ("a", "api_token", "")
    assert api("GET", "/credentials/64e000000000000000000001/").status_code == 404
    page = conforms("CredentialList", api("GET", "/credentials/", params={"limit": 1}))
    assert page["totalCount"] == 2
    assert page["next"]
    assert [c["name"] for c in api.control("GET", "credentials")["data"]] == ["a", "b"]


MERGED = """
string: &string {type: string, defaultValue: a}
needed: &needed {<<: *string, allowEmpty: false}
number: &number {type: numeric, minValue: 1}
runtimeParameterDefinitions:
- {<<: *needed, fieldName: DEEP}
- {<<: [*string, *number], fieldName: FIRST}
- {<<: [*number, *string], fieldName: OTHER, defaultValue: 2}
"""


def test_first_merged_mapping_has_precedence(api):
    found = api("GET", PATH.format(model := api.model()) + api.version(model, files(MERGED)) + "/").json()
    rows = {row["fieldName"]: row for row in found["runtimeParameters"]}
    assert {name: (row["type"], row["allowEmpty"]) for name, row in rows.items()} == {
        "DEEP": ("string", False),
        "FIRST": ("string", True),
        "OTHER": ("numeric", True),
    }
    assert parameters_of(found) == {"DEEP": "a", "FIRST": "a", "OTHER": 2}


@pytest.mark.parametrize(("last", "status"), [(30, 201), (5_000, 422)])
def test_nested_merges_are_read_in_bounded_time(api, last, status):
    links = "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}, *a{i - 1}]}}\n" for i in range(1, last))
    text = f"a0: &a0 {{type: string}}\n{links}runtimeParameterDefinitions:\n- {{<<: *a{last - 1}, fieldName: A}}\n"
    assert api.upload(api.model(), files(text)).status_code == status
