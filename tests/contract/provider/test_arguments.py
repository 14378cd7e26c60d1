"""Every field of the contract's requests is an argument of the operator, and vice versa."""

from __future__ import annotations

import typing

import pytest

from datarobot_provider.core import guard_types
from datarobot_provider.core.arguments import converters
from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from datarobot_provider.sensors.feature_impact import FeatureImpactSensor
from datarobot_provider.sensors.model_tests import ModelTestSensor
from datarobot_provider.sensors.status import DataRobotStatusSensor
from datarobot_provider.sensors.vector_databases import VectorDatabaseValidationSensor
from tests.contract.provider.openapi import SCHEMAS, operation, resolved
from tests.unit.operators.catalogue import CONTROL, OPERATORS, SENSORS

VERSION = "/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/"
ROUTES = {
    CreateCustomModelOperator: [("POST", "/api/v2/customModels/")],
    CreateVersionOperator: [
        ("POST", "/api/v2/customModels/{customModelId}/versions/"),
        ("PATCH", "/api/v2/customModels/{customModelId}/versions/"),
    ],
    StartDependencyBuildOperator: [("POST", f"{VERSION}dependencyBuild/")],
    RunModelTestOperator: [("POST", "/api/v2/customModelTests/")],
    ComputeFeatureImpactOperator: [
        ("POST", f"{VERSION}featureImpact/"),
        ("POST", "/api/v2/customInferenceImages/{imageId}/featureImpact/"),
    ],
    ValidateVectorDatabaseOperator: [("POST", "/api/v2/genai/customModelVectorDatabaseValidations/")],
    ApplyGuardConfigOperator: [("POST", "/api/v2/guardConfigurations/toNewCustomModelVersion/")],
}
POLLS = {
    DataRobotStatusSensor: "/api/v2/status/{statusId}/",
    DependencyBuildSensor: f"{VERSION}dependencyBuild/",
    ModelTestSensor: "/api/v2/customModelTests/{customModelTestId}/",
    FeatureImpactSensor: f"{VERSION}featureImpact/",
    VectorDatabaseValidationSensor: "/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/",
}
#: Arguments whose fields have other names.
RENAMED_FIELDS = {
    CreateVersionOperator: {
        "folder": ["file", "filePath"],
        "files": ["file", "filePath"],
        "zip_file": ["file", "filePath"],
    },
    ApplyGuardConfigOperator: {"guards": ["data"], "from_templates": ["data"]},
    DataRobotStatusSensor: {"status": ["statusId"]},
}
#: Arguments of which one of several sets is required; the operator itself checks this.
ALTERNATIVES = {
    CreateCustomModelOperator: {"name", "metadata"},
    ComputeFeatureImpactOperator: {"custom_model_id", "custom_model_version_id", "image_id"},
    ApplyGuardConfigOperator: {"guards", "from_templates"},
}
#: Arguments that are not sent to the API.
NOT_SENT = {
    "datarobot_conn_id",
    "from_latest",
    "exclude",
    "follow_links",
    "fail_on_warning",
    "raise_on_failure",
    "if_exists",
    "metadata",
    "openai_api_key_conn_id",
    *CONTROL,
}
CASES = [(task, route) for task, routes in ROUTES.items() for route in routes]
CONVERTERS = {
    converters.string: {"string"},
    converters.identifier: {"string"},
    converters.integer: {"integer"},
    converters.number: {"number"},
    converters.boolean: {"boolean"},
    converters.string_list: {"array"},
    converters.object_list: {"array"},
    converters.json_object: {"object"},
}


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other[0].upper() + other[1:] for other in others)


def fields_of(task: type) -> dict[str, str]:
    """Return the API's fields of a task, and the argument of each."""
    renamed = RENAMED_FIELDS.get(task, {})
    names = [name for name in task.template_fields if name not in NOT_SENT]
    return {field: name for name in names for field in renamed.get(name, [camel(name)])}


def fields_of_operation(method: str, path: str) -> dict[str, dict]:
    """Return the schemas of all fields of an operation: of its path, its query and its body."""
    expected = operation(method, path)
    body = expected.body_schema() or {"properties": {}}
    parameters = {name: p["schema"] for where in ("path", "query") for name, p in expected.parameters(where).items()}
    return {**parameters, **body.get("properties", {})}


def ids(value: object) -> str:
    return value.__name__ if isinstance(value, type) else " ".join(value)


def test_the_operators_and_sensors_are_in_the_package():
    assert set(ROUTES) <= set(OPERATORS)
    assert set(POLLS) <= set(SENSORS)


@pytest.mark.parametrize(("task", "route"), CASES, ids=ids)
def test_every_field_of_the_contract_is_an_argument(task, route):
    assert set(fields_of_operation(*route)) <= set(fields_of(task))


@pytest.mark.parametrize("task", ROUTES, ids=ids)
def test_every_argument_is_a_field_of_the_contract(task):
    known = set().union(*(fields_of_operation(*route) for route in ROUTES[task]))
    assert set(fields_of(task)) == known


@pytest.mark.parametrize("task", POLLS, ids=ids)
def test_a_sensor_requires_the_ids_of_its_route(task):
    needed = set(operation("GET", POLLS[task]).parameters("path"))
    assert needed <= set(fields_of(task))
    assert {camel(name) for name in task.required_fields} | {"statusId"} >= needed


@pytest.mark.parametrize(("task", "route"), CASES, ids=ids)
def test_every_required_field_is_required_or_has_a_default(task, route):
    expected = operation(*route)
    required = set(expected.parameters("path")) | set((expected.body_schema() or {}).get("required", ()))
    arguments = {fields_of(task)[field] for field in required}
    known = set(task.required_fields) | ALTERNATIVES.get(task, set())
    assert arguments - known <= {"is_major_update"}


@pytest.mark.parametrize(("task", "route"), CASES, ids=ids)
def test_every_argument_is_converted_to_the_type_of_its_field(task, route):
    media = next(iter(operation(*route).media()), None)
    for name, converter in task.api_fields.items():
        schema = fields_of_operation(*route)[camel(name)]
        kinds = schema.get("type", [])
        kinds = set(kinds if isinstance(kinds, list) else [kinds]) - {"null"}
        if media == "multipart/form-data" and kinds == {"string"}:
            # A form contains objects as JSON strings.
            kinds = {"string", "object", "array"}
        assert CONVERTERS[converter] & kinds or ("oneOf" in schema and converter is converters.json_object), name


@pytest.mark.parametrize(
    ("typed", "schema", "excluded"),
    [
        (guard_types.GuardConfiguration, "GuardConfigurationFullPost", {"isValid", "errorMessage"}),
        (guard_types.GuardIntervention, "GuardConfigurationInterventionResponse", set()),
        (guard_types.GuardModelInfo, "GuardConfigurationModelInfoResponse", set()),
        (guard_types.GuardNemoInfo, "GuardConfigurationNemoInfoResponse", set()),
    ],
)
def test_the_fields_of_guards_are_those_of_the_contract(typed, schema, excluded):
    assert set(typing.get_type_hints(typed)) == set(SCHEMAS[schema]["properties"]) - excluded


def test_the_fields_of_the_overall_configuration_are_those_of_the_contract():
    expected = operation("POST", "/api/v2/guardConfigurations/toNewCustomModelVersion/").body_schema()
    assert set(typing.get_type_hints(guard_types.OverallModerationConfig)) == set(
        expected["properties"]["overallConfig"]["properties"]
    )


@pytest.mark.parametrize(
    ("typed", "schema", "field"),
    [
        (guard_types.GuardConfiguration, "GuardConfigurationFullPost", "type"),
        (guard_types.GuardConfiguration, "GuardConfigurationFullPost", "ootbType"),
        (guard_types.GuardConfiguration, "GuardConfigurationFullPost", "llmType"),
        (guard_types.GuardConfiguration, "GuardConfigurationFullPost", "googleModel"),
        (guard_types.GuardConfiguration, "GuardConfigurationFullPost", "awsModel"),
        (guard_types.GuardIntervention, "GuardConfigurationInterventionResponse", "action"),
        (guard_types.GuardModelInfo, "GuardConfigurationModelInfoResponse", "targetType"),
    ],
)
def test_the_allowed_values_are_those_of_the_contract(typed, schema, field):
    values = typing.get_args(typing.get_type_hints(typed)[field])
    assert set(values) == set(resolved(SCHEMAS[schema]["properties"][field])["enum"]) - {None}
