"""The resources that the rejections of the emulator require, created by the operators."""

from __future__ import annotations

from functools import cached_property

from datarobot_provider.operators.batch_predictions import RunBatchPredictionOperator
from datarobot_provider.operators.conversions import ConvertVersionOperator
from datarobot_provider.operators.datasets import CreateDatasetFromFileOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.deployments import CreateDeploymentOperator, UpdateDeploymentStatusOperator
from datarobot_provider.operators.guard_configurations import CreateGuardConfigOperator
from datarobot_provider.operators.guard_templates import ListGuardTemplatesOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.registered_models import (
    ListRegisteredModelVersionsOperator,
    RegisterCustomModelVersionOperator,
)
from datarobot_provider.operators.use_cases import CreateUseCaseOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import UpdateVersionOperator
from tests.support.emulator import DATASET, DEPLOYMENT, ENVIRONMENT
from tests.support.life_cycle import create_model, create_version
from tests.support.task_runner import WAIT

UNKNOWN_ID = "0" * 24
NO_MODEL = {"custom_model_id": UNKNOWN_ID}
NO_DATASET = {"dataset_id": UNKNOWN_ID}
NO_REGISTERED = {"registered_model_id": UNKNOWN_ID}
NO_DEPLOYMENT = {"deployment_id": UNKNOWN_ID}
NO_ENVIRONMENT = {"environment_id": UNKNOWN_ID}
NO_ENVIRONMENT_VERSION = {"environment_id": ENVIRONMENT, "environment_version_id": UNKNOWN_ID}


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

    @cached_property
    def table(self):
        """A file with a table."""
        file = self.folder / "table.csv"
        file.write_text("age,price\n1,10\n", encoding="utf-8")
        return file

    @property
    def target(self):
        return self.folder / "download.csv"

    @cached_property
    def unread(self):
        """A dataset whose data is not read to its end."""
        self.stuck("dataset_upload")
        return self.runner.run(CreateDatasetFromFileOperator, file=self.table, wait_for_completion=False)

    def registered(self, name):
        """Register the version as a new registered model; return its id."""
        arguments = {"custom_model_version_id": self.ids["custom_model_version_id"], "registered_model_name": name}
        return self.runner.run(RegisterCustomModelVersionOperator, **arguments, **WAIT)["registeredModelId"]

    def registered_twice(self):
        self.registered("one")
        return {"registered_model_id": self.registered("two"), "name": "one"}

    @cached_property
    def package(self):
        """A version of a registered model."""
        model = self.registered("Prices")
        return self.runner.run(ListRegisteredModelVersionsOperator, registered_model_id=model)[0]["id"]

    @cached_property
    def other_package(self):
        model = self.registered("Other prices")
        return self.runner.run(ListRegisteredModelVersionsOperator, registered_model_id=model)[0]["id"]

    @cached_property
    def failed_package(self):
        """A version of a registered model whose build has failed."""
        self.runner.emulator.control(
            "POST", "outcomes", {"kind": "model_package_build", "outcome": "failed", "seconds": 0}
        )
        arguments = {"custom_model_version_id": self.ids["custom_model_version_id"], "registered_model_name": "New"}
        return self.runner.run(RegisterCustomModelVersionOperator, **arguments, wait_for_completion=False)

    @cached_property
    def deployed(self):
        arguments = {"model_package_id": self.package, "deployment_label": "Prices", "user_provided_id": "mine"}
        return {"deployment_id": self.runner.run(CreateDeploymentOperator, **arguments, **WAIT)["id"]}

    @cached_property
    def changing(self):
        """A deployment whose status is being changed."""
        deployed = self.deployed
        self.stuck("deployment_status")
        self.runner.run(UpdateDeploymentStatusOperator, **deployed, status="inactive", wait_for_completion=False)
        return deployed

    def batch(self, outcome="succeeded", **arguments):
        """Start a batch prediction; return its id when it has ended."""
        deployed = self.deployed
        self.runner.emulator.control("POST", "outcomes", {"kind": "batch_prediction", "outcome": outcome, "seconds": 0})
        job = self.runner.run(
            RunBatchPredictionOperator, **deployed, dataset_id=DATASET, wait_for_completion=False, **arguments
        )
        return {"prediction_job_id": job}

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
