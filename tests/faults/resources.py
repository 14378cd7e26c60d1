"""Models, versions and jobs that the operations require, created over HTTP without the package."""

from __future__ import annotations

import io
import itertools
import zipfile
from functools import cached_property
from typing import Any

from tests.support.emulator import DATASET, DEPLOYMENT, MODEL, EmulatorClient, until

VALIDATION = {"deploymentId": DEPLOYMENT, "promptColumnName": "promptText", "targetColumnName": "relevant"}
VALIDATIONS = "genai/customModelVectorDatabaseValidations/"


class Resources(EmulatorClient):
    """Resources in the emulator. The properties are shared by all tests; the methods create new resources."""

    _faulty = False
    #: Names of registered models are unique.
    _numbers = itertools.count(1)

    def fault(self, method: str | None = None, path: str | None = None, **fields: Any) -> None:
        """Inject a fault into the next requests."""
        self._faulty = True
        super().fault(method, path, **fields)

    def clear_faults(self) -> None:
        """Remove all faults, if there are any."""
        if self._faulty:
            super().clear_faults()
        self._faulty = False

    def create_model_with_version(self, *, training: bool = False, built: bool = False) -> dict[str, str]:
        """Create a model with a version; return their ids when its training data is assigned."""
        model = self.create_model()
        version = self.create_version(model, training=training, built=built)
        ids = {"custom_model_id": model, "custom_model_version_id": str(version["id"])}
        if training:
            # The job may have the outcome that was set for a request that a fault prevented.
            until(lambda: not self._assigning(ids), "assignment of the training data")
        return ids

    def _assigning(self, ids: dict[str, str]) -> bool:
        return bool(self.send("GET", self.path(ids))["trainingData"]["assignmentInProgress"])

    def path(self, ids: dict[str, str]) -> str:
        """Return the path of a version."""
        return f"customModels/{ids['custom_model_id']}/versions/{ids['custom_model_version_id']}/"

    def create_model_without_training_data(self) -> str:
        """Create a model whose training data is assigned to the model, not to its versions."""
        fields = {name: value for name, value in MODEL.items() if not name.startswith("isTraining")}
        return str(self.send("POST", "customModels/", json=fields)["id"])

    def test(self, ids: dict[str, str], outcome: str = "succeeded") -> str:
        """Start a test of a built version; return its id."""
        self.outcome("model_test", outcome)
        body = {"customModelId": ids["custom_model_id"], "customModelVersionId": ids["custom_model_version_id"]}
        self.send("POST", "customModelTests/", json={**body, "datasetId": DATASET})
        found = self.send("GET", f"customModelTests/?customModelId={ids['custom_model_id']}&limit=1")
        return str(found["data"][0]["id"])

    def conversion(self, ids: dict[str, str], outcome: str = "succeeded") -> dict[str, str]:
        """Start a conversion of a version; return all ids."""
        self.outcome("conversion", outcome)
        body = {"mainProgramItemId": self.item(ids)}
        response = self.send("POST", self.path(ids) + "conversions/", json=body)
        return {**ids, "conversion_id": response["conversionId"]}

    def item(self, ids: dict[str, str]) -> str:
        """Return the id of a version's main program."""
        items = self.send("GET", self.path(ids))["items"]
        return next(str(item["id"]) for item in items if item["filePath"] == "custom.py")

    def validation(self) -> str:
        """Start a validation; return its id."""
        return str(self.send("POST", VALIDATIONS, json=VALIDATION)["id"])

    def use_case(self, *datasets: str) -> str:
        """Create a use case with these datasets; return its id."""
        use_case = str(self.send("POST", "useCases/", json={"name": "Prices"})["id"])
        for dataset in datasets:
            self.send("POST", f"useCases/{use_case}/datasets/{dataset}/")
        return use_case

    def dataset(self) -> str:
        """Create a dataset for training only; return its id."""
        dataset = self.control("POST", "datasets", {"name": "prices.csv", "csv": "age,price\n1,10\n"})["id"]
        self.send("PATCH", f"datasets/{dataset}/", json={"categories": "TRAINING"})
        return str(dataset)

    def environment(self) -> str:
        """Create an execution environment without a version; return its id."""
        return str(self.send("POST", "executionEnvironments/", json={"name": "Python"})["id"])

    def registered(self, version_id: str | None = None) -> dict[str, str]:
        """Register a version, by default that of :attr:`changeable`, as a new model; return the ids and the name."""
        body = {"customModelVersionId": version_id or self.changeable["custom_model_version_id"]}
        self.outcome("model_package_build", "succeeded", seconds=0)
        name = f"Prices of house {next(self._numbers):04}"
        created = self.send("POST", "modelPackages/fromCustomModelVersion/", json={**body, "registeredModelName": name})
        ids = {"registered_model_id": str(created["registeredModelId"]), "version_id": str(created["id"])}
        return {**ids, "name": name}

    def deployment(self, label: str, **settings: Any) -> str:
        """Deploy :attr:`package`, with settings; return the id of the deployment."""
        self.outcome("deployment", "succeeded", seconds=0)
        body = {"modelPackageId": self.package, "label": label}
        deployment = str(self.send("POST", "deployments/fromModelPackage/", json=body)["id"])
        if settings:
            self.outcome("deployment_settings", "succeeded", seconds=0)
            self.send("PATCH", f"deployments/{deployment}/settings/", json=settings)
        return deployment

    def challenger(self) -> dict[str, str]:
        """Add a challenger to a new deployment; return the ids."""
        deployment = self.deployment("Challenged", challengerModels={"enabled": True})
        self.outcome("challenger", "succeeded", seconds=0)
        body = {"modelPackageId": self.other_package, "name": "other"}
        self.send("POST", f"deployments/{deployment}/challengers/", json=body)
        (challenger,) = self.entries(f"deployments/{deployment}/challengers/")
        return {"deployment_id": deployment, "challenger_id": challenger["id"]}

    def batch_prediction(self, outcome: str = "succeeded") -> dict[str, str]:
        """Start a batch prediction with a new deployment; return the ids."""
        deployment = self.deployment("Predicted")
        self.outcome("batch_prediction", outcome, seconds=0)
        intake = {"type": "dataset", "datasetId": DATASET}
        body = {"deploymentId": deployment, "intakeSettings": intake, "outputSettings": {"type": "localFile"}}
        job = self.send("POST", "batchPredictions/", json=body)
        return {"deployment_id": deployment, "prediction_job_id": str(job["id"])}

    def guard(self, model: str) -> str:
        """Create a guard configuration; return its id."""
        entity = {"entityId": model, "entityType": "customModel"}
        body = {"templateId": self.template, "name": "Tokens", "stages": ["prompt"], **entity}
        return str(self.send("POST", "guardConfigurations/", json=body)["id"])

    def status(self, path: str) -> str:
        """Start a job; return the id of its status record."""
        return str(self.send("POST", path, json={})["location"]).rstrip("/").rpartition("/")[2]

    @cached_property
    def unique_name(self) -> str:
        """The name of exactly one model and one validation."""
        name = "the only one"
        self.send("POST", "customModels/", json={**MODEL, "name": name})
        self.send("POST", VALIDATIONS, json={**VALIDATION, "name": name})
        return name

    @cached_property
    def dataset_version(self) -> dict[str, str]:
        """The version of the dataset in the seed."""
        return {"dataset_id": DATASET, "dataset_version_id": str(self.send("GET", f"datasets/{DATASET}/")["versionId"])}

    @cached_property
    def environment_version(self) -> dict[str, str]:
        """A version of an execution environment that is built from a Docker context."""
        environment = self.environment()
        self.outcome("environment_build", "succeeded", seconds=0)
        context = io.BytesIO()
        with zipfile.ZipFile(context, "w") as archive:
            archive.writestr("Dockerfile", "FROM python:3.12\n")
        files = {"docker_context": ("context.zip", context.getvalue())}
        created = self.send("POST", f"executionEnvironments/{environment}/versions/", files=files)
        return {"environment_id": environment, "environment_version_id": str(created["id"])}

    @cached_property
    def data_source(self) -> str:
        """A data source."""
        return self._create_data_source("jdbc")

    @cached_property
    def connector_source(self) -> str:
        """The only data source of another type."""
        return self._create_data_source("dr-connector-v1")

    def _create_data_source(self, kind: str) -> str:
        params = {"dataStoreId": self.entries("externalDataStores/")[0]["id"], "table": "prices"}
        body = {"type": kind, "canonicalName": "Prices", "params": params}
        return str(self.send("POST", "externalDataSources/", json=body)["id"])

    @cached_property
    def credential(self) -> str:
        """A credential."""
        return str(self.control("POST", "credentials", {"name": "database", "credentialType": "basic"})["id"])

    @property
    def registered_model(self) -> dict[str, str]:
        """The registered model of :attr:`registered_version`."""
        return {"registered_model_id": self.registered_version["registered_model_id"]}

    @cached_property
    def changeable_registered(self) -> str:
        """A registered model that tasks may change."""
        return self.registered()["registered_model_id"]

    @cached_property
    def registered_version(self) -> dict[str, str]:
        """A version of a registered model."""
        return self.registered()

    @cached_property
    def package(self) -> str:
        """A version of a registered model that is deployed, so that its custom model version is frozen."""
        return self.registered(self.create_model_with_version()["custom_model_version_id"])["version_id"]

    @cached_property
    def other_package(self) -> str:
        """Another version of a registered model, which replaces the deployed one."""
        return self.registered(self.create_model_with_version()["custom_model_version_id"])["version_id"]

    @cached_property
    def deployed(self) -> str:
        """A deployment."""
        return self.deployment("Deployed")

    @cached_property
    def challenged(self) -> dict[str, str]:
        """A challenger of a deployment."""
        return self.challenger()

    @cached_property
    def batch(self) -> dict[str, str]:
        """A batch prediction that has ended."""
        return self.batch_prediction()

    @cached_property
    def moderated(self) -> dict[str, str]:
        """The model of :attr:`built` as the entity of guards, with an overall moderation configuration."""
        entity = {"entityId": self.built["custom_model_id"], "entityType": "customModel"}
        body = {**entity, "timeoutSec": 5, "timeoutAction": "block"}
        self.send("PATCH", "overallModerationConfiguration/", json=body)
        return {"entity_id": entity["entityId"], "entity_type": entity["entityType"]}

    @cached_property
    def built(self) -> dict[str, str]:
        """A version with training data and a build."""
        return self.create_model_with_version(training=True, built=True)

    @cached_property
    def changeable(self) -> dict[str, str]:
        """A version that tasks may change."""
        return self.create_model_with_version()

    @cached_property
    def tested(self) -> str:
        """A test that has ended."""
        return self.test(self.built)

    @cached_property
    def impact(self) -> str:
        """The status record of a feature impact of :attr:`built`."""
        return self.status(self.path(self.built) + "featureImpact/")

    @cached_property
    def image(self) -> str:
        """The id of an inference image with a feature impact."""
        image = self.create_model_with_version(training=True)["custom_model_version_id"]
        self.send("POST", f"customInferenceImages/{image}/featureImpact/", json={})
        return image

    @cached_property
    def converted(self) -> dict[str, str]:
        """A conversion that has ended."""
        return self.conversion(self.built)

    @cached_property
    def validated(self) -> str:
        """A validation that has ended."""
        return self.validation()

    @cached_property
    def explained(self) -> str:
        """The status record of a prediction explanations initialization."""
        return self.status(
            self.path(self.create_model_with_version(training=True)) + "predictionExplanationsInitialization/"
        )

    @cached_property
    def template(self) -> str:
        """A guard template."""
        found = self.send("GET", "guardTemplates/")["data"]
        return next(str(template["id"]) for template in found if template["name"] == "Prompt Tokens")

    @cached_property
    def guarded(self) -> str:
        """A guard configuration of the model of :attr:`built`."""
        return self.guard(self.built["custom_model_id"])
