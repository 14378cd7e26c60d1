"""Rejections by the emulator itself: unknown ids, invalid values, resources in the wrong state."""

from __future__ import annotations

from functools import cached_property

import pytest

from datarobot_provider.operators.conversions import ConvertVersionOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.guard_configurations import CreateGuardConfigOperator
from datarobot_provider.operators.guard_templates import ListGuardTemplatesOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.use_cases import CreateUseCaseOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import UpdateVersionOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations.cases import CASES
from tests.contract.operations.responses import PUBLISHED
from tests.contract.provider.test_arguments import ROUTES
from tests.support.emulator import DATASET, DEPLOYMENT
from tests.support.life_cycle import create_model, create_version
from tests.support.task_runner import WAIT

UNKNOWN_ID = "0" * 24
NO_MODEL = {"custom_model_id": UNKNOWN_ID}


class Resources:
    """Resources in the emulator, created on first access."""

    def __init__(self, runner, folder):
        self.runner, self.folder = runner, folder

    @cached_property
    def model(self):
        return create_model(self.runner)

    @cached_property
    def old_model(self):
        return create_model(self.runner, is_training_data_for_versions_permanently_enabled=None)

    @cached_property
    def ids(self):
        version = create_version(self.runner, self.model, self.folder)
        return {"custom_model_id": self.model, "custom_model_version_id": version}

    @cached_property
    def built(self):
        self.runner.run(StartDependencyBuildOperator, **self.ids, **WAIT)
        return self.ids

    @cached_property
    def building(self):
        self.stuck("dependency_build")
        self.runner.run(StartDependencyBuildOperator, **self.ids, wait_for_completion=False)
        return self.ids

    @cached_property
    def testing(self):
        """A test that does not end."""
        ids = self.built
        self.stuck("model_test")
        return self.runner.run(RunModelTestOperator, **ids, dataset_id=DATASET, wait_for_completion=False)

    @cached_property
    def tested(self):
        return self.runner.run(RunModelTestOperator, **self.built, dataset_id=DATASET, **WAIT)["id"]

    @cached_property
    def converted(self):
        done = self.runner.run(ConvertVersionOperator, **self.ids, main_program_path="custom.py", **WAIT)
        return {**self.ids, "conversion_id": done["id"]}

    @cached_property
    def validation(self):
        columns = {"prompt_column_name": "promptText", "target_column_name": "relevant"}
        arguments = {"deployment_id": DEPLOYMENT, **columns, "wait_for_completion": False}
        return self.runner.run(ValidateVectorDatabaseOperator, **arguments)

    @cached_property
    def template(self):
        return self.runner.run(ListGuardTemplatesOperator, limit=1)[0]["id"]

    @cached_property
    def live(self):
        """A version that is deployed and therefore frozen."""
        ids = self.ids
        self.runner.emulator.control(
            "POST", "deployments", {"label": "live", "modelId": ids["custom_model_version_id"]}
        )
        return ids

    def guard(self, name, **arguments):
        values = {"stages": ["prompt"], "entity_id": self.model, "entity_type": "customModel", **arguments}
        return self.runner.run(CreateGuardConfigOperator, template_id=self.template, name=name, **values)

    def named_twice(self):
        self.guard("one")
        return {"config_id": self.guard("two"), "name": "one"}

    def of_a_frozen_version(self):
        version = self.ids["custom_model_version_id"]
        guard = self.guard("one", entity_id=version, entity_type="customModelVersion")
        return {"config_id": guard, "description": f"on {self.live['custom_model_version_id']}"}

    def labelled(self):
        self.runner.run(UpdateVersionOperator, **self.ids, required_metadata={"key": "a"})
        return {**self.ids, "required_metadata": {"key": "b"}}

    def deleted_dataset(self, model):
        self.runner.emulator.control("DELETE", f"datasets/{DATASET}")
        return {"custom_model_id": model, "dataset_id": DATASET}

    def without_an_image(self):
        self.runner.emulator.control("DELETE", "image")
        return {}

    @cached_property
    def use_case(self):
        return self.runner.run(CreateUseCaseOperator, name="Prices")

    def stuck(self, kind):
        self.runner.emulator.control("POST", "outcomes", {"kind": kind, "outcome": "stuck"})


def entity(model):
    return {"entity_id": model, "entity_type": "customModel"}


def link(use_case, entity_type="datasets", entity_id=UNKNOWN_ID):
    """Return the arguments of an entity in a use case."""
    return {"use_case_id": use_case, "entity_type": entity_type, "entity_id": entity_id}


def guard_of(resources, **arguments):
    """Return the arguments of a guard with the name ``one``."""
    return {
        "template_id": resources.template,
        "name": "one",
        "stages": ["prompt"],
        **entity(resources.model),
        **arguments,
    }


#: (operation, status, arguments, expected part of the message)
REJECTIONS = [
    ("get_use_case", 404, lambda _: {"use_case_id": UNKNOWN_ID}, "Not Found"),
    ("update_use_case", 404, lambda _: {"use_case_id": UNKNOWN_ID, "name": "n"}, "Not Found"),
    ("delete_use_case", 404, lambda _: {"use_case_id": UNKNOWN_ID}, "Not Found"),
    ("add_to_use_case", 404, lambda w: link(w.use_case), "Not Found"),
    ("add_to_use_case", 422, lambda w: link(w.use_case, "tables"), "entityType: should be one of"),
    ("remove_from_use_case", 404, lambda w: link(w.use_case), "Not Found"),
    ("get_resource_bundle", 404, lambda _: {"resource_bundle_id": "cpu.giant"}, "Not Found"),
    ("get_inference_image_feature_impact", 404, lambda _: {"image_id": UNKNOWN_ID}, "Not Found"),
    (
        "get_inference_image_feature_impact",
        422,
        lambda w: {"image_id": w.ids["custom_model_version_id"]},
        "Training data is not assigned",
    ),
    ("cancel_custom_model_test", 404, lambda _: {"custom_model_test_id": UNKNOWN_ID}, "Not Found"),
    ("cancel_custom_model_test", 409, lambda w: {"custom_model_test_id": w.tested}, "already reached a terminal"),
    ("download_custom_model_test_log", 404, lambda w: {"custom_model_test_id": w.testing}, "No testing log found"),
    (
        "get_custom_model_test_log_tail",
        400,
        lambda _: {"custom_model_test_id": UNKNOWN_ID, "lines": 5000},
        "lines: must be",
    ),
    ("get_custom_model_test_log_tail", 404, lambda _: {"custom_model_test_id": UNKNOWN_ID, "lines": 5}, "Not Found"),
    (
        "init_prediction_explanations_legacy",
        422,
        lambda w: {**w.ids, "environment_id": UNKNOWN_ID},
        "environmentId: no such execution environment",
    ),
    ("init_prediction_explanations", 422, lambda w: w.ids, "Training data is not assigned"),
    ("delete_custom_model", 409, lambda w: {"custom_model_id": w.live["custom_model_id"]}, "existing deployments"),
    (
        "update_custom_model",
        409,
        lambda w: {"name": w.testing, "custom_model_id": w.model},
        "cannot be changed while it is being tested",
    ),
    ("update_custom_model", 422, lambda w: {"custom_model_id": w.model, "replicas": 9}, "replicas: must be at most 8"),
    (
        "update_custom_model_access",
        409,
        lambda w: {"custom_model_id": w.model, "roles": [{"username": "emulator@example.com", "role": None}]},
        "without an owner",
    ),
    (
        "update_custom_model_access",
        422,
        lambda w: {"custom_model_id": w.model, "roles": [{"username": "reviewer@example.com", "role": "KING"}]},
        "data.0.role: ",
    ),
    ("assign_custom_model_training_data", 410, lambda w: w.deleted_dataset(w.old_model), "has been deleted"),
    (
        "assign_custom_model_training_data",
        422,
        lambda w: {"custom_model_id": w.model, "dataset_id": DATASET},
        "assign the data to a version",
    ),
    (
        "create_custom_model_version_from_repository",
        422,
        lambda w: {"custom_model_id": w.model, "repository_id": "r"},
        "baseEnvironmentId: this field is required",
    ),
    (
        "create_custom_model_version_from_latest_and_repository",
        422,
        lambda w: {"repository_id": "r", "from_latest": True, "source_path": [], "custom_model_id": w.model},
        "baseEnvironmentId: this field is required",
    ),
    (
        "create_custom_model_version_with_training_data",
        404,
        lambda _: {**NO_MODEL, "training_data": {"datasetId": DATASET}},
        "Not Found",
    ),
    (
        "create_custom_model_version_with_training_data",
        410,
        lambda w: {
            "custom_model_id": w.ids["custom_model_id"],
            "training_data": {"datasetId": w.deleted_dataset("")["dataset_id"]},
        },
        "has been deleted",
    ),
    (
        "create_custom_model_version_with_training_data",
        422,
        lambda w: {"custom_model_id": w.ids["custom_model_id"], "training_data": {}},
        "trainingData: datasetId is required",
    ),
    ("update_custom_model_version", 404, lambda w: {**w.ids, **NO_MODEL, "description": "d"}, "Not Found"),
    ("update_custom_model_version", 422, lambda w: w.labelled(), "requiredMetadata: once set, it cannot be changed"),
    (
        "start_custom_model_conversion",
        422,
        lambda w: {**w.ids, "main_program_item_id": UNKNOWN_ID},
        "mainProgramItemId: is not a file of the version",
    ),
    ("stop_custom_model_conversion", 422, lambda w: w.converted, "The given conversion is not active"),
    ("cancel_dependency_build", 409, lambda w: w.built, "reached a terminal state"),
    ("cancel_dependency_build", 422, lambda w: w.ids, "has not been started"),
    ("get_dependency_build", 422, lambda w: w.ids, "has not been started"),
    ("get_dependency_build_log", 404, lambda w: w.building, "is in progress; its log is not there yet"),
    ("get_dependency_build_log", 422, lambda w: w.ids, "has not been started"),
    ("get_custom_model_version_feature_impact", 404, lambda w: {**w.ids, **NO_MODEL}, "Not Found"),
    ("get_custom_model_version_feature_impact", 422, lambda w: w.ids, "Training data is not assigned"),
    ("list_vector_database_validations", 422, lambda _: {"sort": "colour"}, "query.sort: "),
    (
        "update_vector_database_validation",
        422,
        lambda w: {"validation_id": w.validation, "prediction_timeout": 0},
        "predictionTimeout: must be",
    ),
    (
        "list_guard_configurations",
        400,
        lambda _: {"entity_id": "m", "entity_type": "model"},
        "entityType: must be one of",
    ),
    ("list_guard_configurations", 404, lambda _: entity(UNKNOWN_ID), "Not Found"),
    ("create_guard_configuration", 404, lambda w: guard_of(w, template_id=UNKNOWN_ID), "Not Found"),
    (
        "create_guard_configuration",
        409,
        lambda w: guard_of(w, entity_id=w.guard("one") and w.model),
        "exists already",
    ),
    ("list_guard_prediction_environments", 404, lambda _: {"custom_model_version_id": UNKNOWN_ID}, "Not Found"),
    ("delete_guard_configuration", 404, lambda _: {"config_id": UNKNOWN_ID}, "Not Found"),
    ("get_guard_configuration", 404, lambda _: {"config_id": UNKNOWN_ID}, "Not Found"),
    ("update_guard_configuration", 404, lambda _: {"config_id": UNKNOWN_ID, "name": "n"}, "Not Found"),
    ("update_guard_configuration", 409, lambda w: w.named_twice(), "exists already"),
    ("update_guard_configuration", 409, lambda w: w.of_a_frozen_version(), "is frozen"),
    ("get_guard_template", 404, lambda _: {"template_id": UNKNOWN_ID}, "Not Found"),
    ("get_pps_image_metadata", 404, lambda w: w.without_an_image(), "There is no prediction server image"),
    ("get_overall_moderation_configuration", 404, lambda w: entity(w.model), "Not Found"),
    (
        "update_overall_moderation_configuration",
        404,
        lambda _: {**entity(UNKNOWN_ID), "timeout_sec": 5, "timeout_action": "block"},
        "Not Found",
    ),
]
#: Rejections that the emulator never sends by itself; ``test_rejections.py`` injects them.
BY_FAULT = {
    ("list_custom_model_access", 400),
    ("list_custom_model_versions", 400),
    ("list_custom_model_versions", 422),
    ("list_guard_templates", 400),
    ("list_guard_templates", 404),
    ("download_pps_image", 404),
    ("update_custom_model", 403),
    ("assign_custom_model_training_data", 409),
    ("delete_vector_database_validation", 422),
    ("get_vector_database_validation", 422),
    ("revalidate_vector_database", 422),
}


@pytest.mark.parametrize(("name", "status", "prepare", "expected"), REJECTIONS)
def test_a_rejection_contains_the_message_of_the_server(runner, model_folder, name, status, prepare, expected):
    task = CASES[name][0]
    arguments = prepare(Resources(runner, model_folder))
    runner.received.clear()
    with pytest.raises(AirflowFailException) as caught:
        runner.run(task, **arguments)
    message = str(caught.value)
    (exchange,) = [e for e in runner.received if e.status == status]
    assert message.startswith(f"DataRobot returned {status} for {exchange.method} {exchange.path[len('/api/v2/') :]}: ")
    assert expected in message
    (entry,) = [entry for entry in runner.log() if entry["requestId"] in message]
    assert (entry["method"], entry["path"], entry["status"]) == (exchange.method, exchange.path, status)
    assert f"Request id: {entry['requestId']}" in message
    if status in (404, 410):
        ids = {argument: value for argument, value in arguments.items() if argument.endswith("_id") and value}
        named = [argument for argument, value in ids.items() if f"{argument} {value!r}" in message]
        assert named or not ids
        assert set(named) >= {argument for argument, value in ids.items() if value == UNKNOWN_ID}


def test_every_listed_rejection_is_tested():
    tested_with_provider = {route for routes in ROUTES.values() for route in routes}
    listed = {
        (name, int(status))
        for name, operation in PUBLISHED.items()
        for status in operation.spec["responses"]
        if status.startswith("4") and (operation.method, operation.path) not in tested_with_provider
    }
    by_emulator = {(name, status) for name, status, _, _ in REJECTIONS}
    assert by_emulator | BY_FAULT == listed
    assert by_emulator & BY_FAULT == set()
