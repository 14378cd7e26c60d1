"""Every operation and every sensor as a task: its arguments, and the request that faults affect."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from datarobot_provider.operators.model_quality_gates import ModelQualityGateOperator
from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.sensors.batch_predictions import BatchPredictionSensor
from datarobot_provider.sensors.conversions import ConversionSensor
from datarobot_provider.sensors.datasets import DatasetSensor, DatasetVersionSensor
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from datarobot_provider.sensors.deployments import DeploymentSensor
from datarobot_provider.sensors.environment_versions import EnvironmentBuildSensor
from datarobot_provider.sensors.feature_impact import FeatureImpactSensor
from datarobot_provider.sensors.model_tests import ModelTestSensor
from datarobot_provider.sensors.prediction_explanations import PredictionExplanationsSensor
from datarobot_provider.sensors.registered_models import RegisteredModelBuildSensor
from datarobot_provider.sensors.status import DataRobotStatusSensor
from datarobot_provider.sensors.training_data import TrainingDataAssignmentSensor
from datarobot_provider.sensors.vector_databases import VectorDatabaseValidationSensor
from tests.contract.operations.cases import CASES as ARGUMENTS
from tests.contract.operations.responses import PUBLISHED
from tests.faults.arguments import PREPARED, Arguments, model, training
from tests.faults.resources import VALIDATIONS, Resources
from tests.pairwise import Axis, axis
from tests.support.emulator import DATASET
from tests.unit.operators.catalogue import JOB_OPERATORS, SENSORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_DOWNLOADS = (
    "download_custom_model",
    "download_custom_model_version",
    "download_pps_image",
    "download_batch_prediction",
    "download_dataset",
    "download_execution_environment_version",
)
_LOGS = (
    "download_custom_model_test_log",
    "get_custom_model_test_log_tail",
    "get_dependency_build_log",
    "get_execution_environment_build_log",
)
_NO_BODY = ("update_custom_model_access", "add_to_use_case")
_RECORDED = (
    *("feature_impact", "init_prediction", "repository", "training_data", "create_custom_model_test", "any_job"),
    "create_dataset",
    *("create_deployment", "update_deployment_s", "replace_model", "create_challenger", "submit_actuals"),
    *("StatusSensor", "ImpactSensor", "ExplanationsSensor"),
)
_EMPTY = (
    *_NO_BODY,
    *("init_prediction_explanations", "init_prediction_explanations_legacy", "assign_custom_model_training_data"),
    "create_custom_model_version_from_latest_and_repository",
    "create_custom_model_version_from_repository",
    *("update_deployment", "update_deployment_status", "update_deployment_settings"),
    *("create_challenger", "submit_actuals", "submit_actuals_from_dataset"),
    *("DataRobotStatusSensor", "FeatureImpactSensor", "PredictionExplanationsSensor"),
)


def axis_of(cases: Iterable[Case]) -> Axis:
    """Return an axis of cases; a fault affects all cases of a kind in the same way."""
    return axis(cases, attrgetter("name"), attrgetter("kind"))


def axis_of_requests(cases: Iterable[Case], *, every: bool = False) -> Axis:
    """Return an axis of cases for faults that affect only the main request.

    :param every: whether ``make test`` runs every case, or one of each kind of request.
    """
    return axis(cases, attrgetter("name"), attrgetter("kind_of_request"), every=every)


@dataclass(frozen=True)
class Case:
    """One task.

    :param name: name of the operation, or of the sensor.
    :param task: the class.
    :param prepare: creates the resources that the task requires; returns its arguments.
    :param method: method of the request that faults affect.
    :param path: pattern of that request's path.
    """

    name: str
    task: type
    prepare: Callable[[Resources, Path], Arguments]
    method: str
    path: str

    @property
    def safe(self) -> bool:
        """Whether the request may be repeated."""
        return self.method in {"GET", "DELETE"}

    @property
    def sensor(self) -> bool:
        """Whether the task only polls a job."""
        return self.task in SENSORS

    @property
    def job(self) -> bool:
        """Whether the task starts a job and waits for it."""
        return self.task in JOB_OPERATORS

    @property
    def gets_first(self) -> bool:
        """Whether the task reads the object before it changes it."""
        return self.name in {"update_deployment_status", "replace_model"}

    @property
    def recorded(self) -> bool:
        """Whether the job has a status record, which refers to the result."""
        return any(part in self.name for part in _RECORDED)

    @property
    def download(self) -> bool:
        """Whether the response is a file."""
        return self.name in _DOWNLOADS

    @property
    def upload(self) -> bool:
        """Whether the request contains files."""
        versions = ("create_custom_model_version", "create_custom_model_version_from_latest")
        return self.name in (*versions, "create_dataset_from_file", "create_dataset_version_from_file")

    @property
    def empty(self) -> bool:
        """Whether the response has no body that could be cut."""
        return self.method == "DELETE" or self.name in _EMPTY

    def matches(self, method: str, target: str) -> bool:
        """Return whether a request is the one that faults affect."""
        return method == self.method and re.search(self.path, target.partition("?")[0]) is not None

    @property
    def kind(self) -> tuple[Any, ...]:
        """The properties that determine how a fault affects the case."""
        waits = (self.job or self.sensor, self.recorded) if self.job or self.sensor else ()
        return (self.method, self.sensor, *waits, self.download, self.upload, self.empty, self.any_body)

    @property
    def kind_of_request(self) -> tuple[bool, ...]:
        """The properties that determine how a fault of the main request affects the case."""
        return (self.safe, self.sensor, self.job, self.download, self.upload, self.any_body)

    @property
    def any_body(self) -> bool:
        """Whether a successful response may have any body: a log, a file, or a body that is ignored."""
        return self.download or self.method == "DELETE" or self.name in (*_LOGS, *_NO_BODY)


_SENSORS: dict[type, tuple[Callable[[Resources, Path], Arguments], str]] = {
    DataRobotStatusSensor: (lambda w, _: {"status": w.impact}, "status/[^/]+/$"),
    DependencyBuildSensor: (lambda w, _: dict(w.built), "dependencyBuild/$"),
    ModelTestSensor: (lambda w, _: {"custom_model_test_id": w.tested}, "customModelTests/[^/]+/$"),
    FeatureImpactSensor: (lambda w, _: {**w.built, "status_id": w.impact}, "status/[^/]+/$"),
    VectorDatabaseValidationSensor: (lambda w, _: {"validation_id": w.validated}, VALIDATIONS + "[^/]+/$"),
    TrainingDataAssignmentSensor: (lambda w, _: dict(w.built), "versions/[^/]+/$"),
    ConversionSensor: (lambda w, _: dict(w.converted), "conversions/[^/]+/$"),
    DatasetSensor: (lambda _, __: {"dataset_id": DATASET}, "datasets/[^/]+/$"),
    DeploymentSensor: (lambda w, _: {"deployment_id": w.deployed}, "deployments/[^/]+/$"),
    BatchPredictionSensor: (
        lambda w, _: {"prediction_job_id": w.batch["prediction_job_id"]},
        "batchPredictions/[^/]+/$",
    ),
    DatasetVersionSensor: (lambda w, _: dict(w.dataset_version), "versions/[^/]+/$"),
    EnvironmentBuildSensor: (lambda w, _: dict(w.environment_version), "versions/[^/]+/$"),
    RegisteredModelBuildSensor: (
        lambda w, _: {**w.registered_model, "version_id": w.registered_version["version_id"]},
        "versions/[^/]+/$",
    ),
    PredictionExplanationsSensor: (lambda w, _: {"status_id": w.explained}, "status/[^/]+/$"),
}


def _operation(name: str) -> Case:
    task, arguments = ARGUMENTS[name]
    operation = PUBLISHED[name]
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation.path))
    return Case(name, task, PREPARED.get(name, lambda _, __: dict(arguments)), operation.method, f"^{pattern}$")


OPERATIONS = [_operation(name) for name in PUBLISHED]
SENSOR_CASES = [Case(task.__name__, task, prepare, "GET", path) for task, (prepare, path) in _SENSORS.items()]
OTHER_CASES = [
    Case(
        "quality_gate",
        ModelQualityGateOperator,
        lambda w, _: {"custom_model_test_id": w.tested},
        "GET",
        "customModelTests/[^/]+/$",
    ),
    Case(
        "any_get",
        DataRobotRequestOperator,
        lambda w, _: {"path": f"customModels/{model(w)['custom_model_id']}/"},
        "GET",
        "customModels/[^/]+/$",
    ),
    Case(
        "any_post",
        DataRobotRequestOperator,
        lambda _, __: {
            "path": "customModels/",
            "method": "POST",
            "json": {"name": "x", "customModelType": "inference", "targetType": "Unstructured"},
        },
        "POST",
        "customModels/$",
    ),
    Case(
        "any_job",
        DataRobotRequestOperator,
        lambda w, _: {
            "path": w.path(w.create_model_with_version(training=True)) + "featureImpact/",
            "method": "POST",
            "json": {},
        },
        "POST",
        "featureImpact/$",
    ),
]
CASES = [*OPERATIONS, *SENSOR_CASES, *OTHER_CASES]
_UPLOAD = _operation("create_custom_model_version")
#: The cases that start a job and wait for it; faults can also affect their polls.
JOB_CASES = [
    *(case for case in CASES if case.job and not case.upload and case.name not in {"any_get", "any_post"}),
    # An upload waits only if it assigns training data.
    replace(_UPLOAD, name="create_custom_model_version with training data", prepare=training),
]
#: The cases that request the pages of a list.
LIST_CASES = [
    case
    for case in OPERATIONS
    # These lists have no pages.
    if (case.name.startswith("list_") and case.name not in {"list_challengers", "list_data_sources"})
    or ("get_" in case.name and "impact" in case.name)
]
