"""Every operation and every sensor as a task: its arguments, and the request that faults affect."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.sensors.conversions import ConversionSensor
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from datarobot_provider.sensors.feature_impact import FeatureImpactSensor
from datarobot_provider.sensors.model_tests import ModelTestSensor
from datarobot_provider.sensors.prediction_explanations import PredictionExplanationsSensor
from datarobot_provider.sensors.status import DataRobotStatusSensor
from datarobot_provider.sensors.training_data import TrainingDataAssignmentSensor
from datarobot_provider.sensors.vector_databases import VectorDatabaseValidationSensor
from tests.contract.operations.cases import CASES as ARGUMENTS
from tests.contract.operations.responses import PUBLISHED
from tests.faults.resources import VALIDATIONS, Resources
from tests.pairwise import Axis, axis
from tests.support.emulator import DATASET, DEPLOYMENT, ENVIRONMENT, FOLDER
from tests.unit.operators.catalogue import JOB_OPERATORS, SENSORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_REPOSITORY = "65a0000000000000000000c1"
_ROLES = [{"username": "reviewer@example.com", "role": "EDITOR", "canShare": False}]
_GUARD = {"name": "Tokens", "description": "d", "type": "ootb", "ootbType": "token_count", "stages": ["prompt"]}
_COLUMNS = {"deployment_id": DEPLOYMENT, "prompt_column_name": "promptText", "target_column_name": "relevant"}
_DOWNLOADS = ("download_custom_model", "download_custom_model_version", "download_pps_image")
_LOGS = ("download_custom_model_test_log", "get_custom_model_test_log_tail", "get_dependency_build_log")
_NO_BODY = ("update_custom_model_access", "add_to_use_case")
_RECORDED = (
    *("feature_impact", "init_prediction", "repository", "training_data", "create_custom_model_test", "any_job"),
    *("StatusSensor", "ImpactSensor", "ExplanationsSensor"),
)
_EMPTY = (
    *_NO_BODY,
    *("init_prediction_explanations", "init_prediction_explanations_legacy", "assign_custom_model_training_data"),
    "create_custom_model_version_from_latest_and_repository",
    "create_custom_model_version_from_repository",
    *("DataRobotStatusSensor", "FeatureImpactSensor", "PredictionExplanationsSensor"),
)
_ENTITY = {"entity_type": "datasets", "entity_id": DATASET}
_FILES = {"folder": str(FOLDER), "base_environment_id": ENVIRONMENT}
Arguments = dict[str, Any]


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
        return self.name in {"create_custom_model_version", "create_custom_model_version_from_latest"}

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


def _model(resources: Resources) -> Arguments:
    return {"custom_model_id": resources.built["custom_model_id"]}


def _new_model(resources: Resources, _: Path) -> Arguments:
    return {"custom_model_id": resources.create_model()}


def _new_version(resources: Resources, _: Path) -> Arguments:
    return dict(resources.create_model_with_version())


def _trained(resources: Resources, _: Path) -> Arguments:
    return dict(resources.create_model_with_version(training=True))


def _training(resources: Resources, folder: Path) -> Arguments:
    resources.outcome("training_data", "succeeded", seconds=0.05)
    return {**_new_model(resources, folder), **_FILES, "training_data": {"datasetId": DATASET}}


def _stuck_build(resources: Resources, _: Path) -> Arguments:
    ids = resources.create_model_with_version()
    resources.outcome("dependency_build", "stuck")
    resources.send("POST", resources.path(ids) + "dependencyBuild/")
    return dict(ids)


def _convertible(resources: Resources, _: Path) -> Arguments:
    ids = resources.create_model_with_version()
    return {**ids, "main_program_item_id": resources.item(ids)}


def _image(resources: Resources, folder: Path) -> Arguments:
    return {"target": str(folder / "image.tar")}


#: The resources and arguments of each operation; by default, the arguments of ``contract/operations/cases.py``.
_PREPARED: dict[str, Callable[[Resources, Path], Arguments]] = {
    "get_inference_image_feature_impact": lambda w, _: {"image_id": w.image},
    "start_inference_image_feature_impact": lambda w, f: {"image_id": _trained(w, f)["custom_model_version_id"]},
    "list_custom_model_tests": lambda w, _: _model(w) if w.tested else {},
    "create_custom_model_test": lambda w, _: {**w.create_model_with_version(built=True), "dataset_id": DATASET},
    "cancel_custom_model_test": lambda w, _: {
        "custom_model_test_id": w.test(w.create_model_with_version(built=True), "stuck")
    },
    "get_custom_model_test": lambda w, _: {"custom_model_test_id": w.tested},
    "download_custom_model_test_log": lambda w, _: {"custom_model_test_id": w.tested},
    "get_custom_model_test_log_tail": lambda w, _: {"custom_model_test_id": w.tested, "lines": 3},
    "list_custom_models": lambda w, _: {"search_for": w.unique_name},
    "create_custom_model": lambda _, __: {"name": "x", "target_type": "Unstructured"},
    "copy_custom_model": lambda w, _: _model(w),
    "init_prediction_explanations_legacy": lambda w, f: {**_trained(w, f), "environment_id": ENVIRONMENT},
    "delete_custom_model": _new_model,
    "get_custom_model": lambda w, _: _model(w),
    "update_custom_model": lambda w, _: {"custom_model_id": w.create_model(), "description": "changed"},
    "list_custom_model_access": lambda w, _: _model(w),
    "update_custom_model_access": lambda w, _: {"custom_model_id": w.changeable["custom_model_id"], "roles": _ROLES},
    "download_custom_model": lambda w, f: {**_model(w), "target": str(f / "model.zip")},
    "assign_custom_model_training_data": lambda w, _: {
        "custom_model_id": w.create_model_without_training_data(),
        "dataset_id": DATASET,
    },
    "list_custom_model_versions": lambda w, _: _model(w),
    "create_custom_model_version_from_latest": lambda w, f: {
        "custom_model_id": _new_version(w, f)["custom_model_id"],
        "from_latest": True,
        "folder": str(FOLDER),
    },
    "create_custom_model_version": lambda w, f: {**_new_model(w, f), **_FILES},
    "create_custom_model_version_from_latest_and_repository": lambda w, f: {
        "custom_model_id": _new_version(w, f)["custom_model_id"],
        "repository_id": _REPOSITORY,
        "source_path": "src/custom.py",
        "from_latest": True,
    },
    "create_custom_model_version_from_repository": lambda w, f: {
        **_new_model(w, f),
        "repository_id": _REPOSITORY,
        "base_environment_id": ENVIRONMENT,
    },
    "create_custom_model_version_with_training_data": lambda w, f: {
        "custom_model_id": _new_version(w, f)["custom_model_id"],
        "training_data": {"datasetId": DATASET},
    },
    "get_custom_model_version": lambda w, _: dict(w.built),
    "update_custom_model_version": lambda w, _: {**w.changeable, "description": "changed"},
    "list_custom_model_conversions": lambda w, _: dict(w.built) if w.converted else {},
    "start_custom_model_conversion": _convertible,
    "stop_custom_model_conversion": lambda w, _: w.conversion(w.create_model_with_version(), "stuck"),
    "get_custom_model_conversion": lambda w, _: dict(w.converted),
    "cancel_dependency_build": _stuck_build,
    "get_dependency_build": lambda w, _: dict(w.built),
    "start_dependency_build": _new_version,
    "get_dependency_build_log": lambda w, _: dict(w.built),
    "download_custom_model_version": lambda w, f: {**w.built, "target": str(f / "version.zip")},
    "get_custom_model_version_feature_impact": lambda w, _: dict(w.built) if w.impact else {},
    "start_custom_model_version_feature_impact": _trained,
    "init_prediction_explanations": _trained,
    "list_vector_database_validations": lambda w, _: {"search": w.unique_name},
    "create_vector_database_validation": lambda _, __: dict(_COLUMNS),
    "delete_vector_database_validation": lambda w, _: {"validation_id": w.validation()},
    "get_vector_database_validation": lambda w, _: {"validation_id": w.validated},
    "update_vector_database_validation": lambda w, _: {"validation_id": w.validation(), "name": "changed"},
    "revalidate_vector_database": lambda w, _: {"validation_id": w.validation()},
    "list_guard_configurations": lambda w, _: dict(w.moderated) if w.guarded else {},
    "create_guard_configuration": lambda w, f: {
        "template_id": w.template,
        "name": "n",
        "stages": ["prompt"],
        "entity_type": "customModel",
        "entity_id": _new_model(w, f)["custom_model_id"],
    },
    "list_guard_prediction_environments": lambda w, _: {"custom_model_version_id": w.built["custom_model_version_id"]},
    "push_guards_to_new_custom_model_version": lambda w, f: {
        "custom_model_id": _new_version(w, f)["custom_model_id"],
        "guards": [_GUARD],
    },
    "delete_guard_configuration": lambda w, _: {"config_id": w.guard(w.create_model())},
    "get_guard_configuration": lambda w, _: {"config_id": w.guarded},
    "update_guard_configuration": lambda w, _: {"config_id": w.guard(w.create_model()), "name": "changed"},
    "get_guard_template": lambda w, _: {"template_id": w.template},
    "download_pps_image": _image,
    "list_use_cases": lambda _, __: {"search": "handbook"},
    "get_use_case": lambda w, _: {"use_case_id": w.use_case()},
    "update_use_case": lambda w, _: {"use_case_id": w.use_case(), "name": "changed"},
    "delete_use_case": lambda w, _: {"use_case_id": w.use_case()},
    "add_to_use_case": lambda w, _: {"use_case_id": w.use_case(), **_ENTITY},
    "remove_from_use_case": lambda w, _: {"use_case_id": w.use_case(DATASET), **_ENTITY},
    "get_overall_moderation_configuration": lambda w, _: dict(w.moderated),
    "update_overall_moderation_configuration": lambda w, _: {
        "entity_id": w.changeable["custom_model_id"],
        "entity_type": "customModel",
        "timeout_sec": 5,
        "timeout_action": "block",
    },
}

_SENSORS: dict[type, tuple[Callable[[Resources, Path], Arguments], str]] = {
    DataRobotStatusSensor: (lambda w, _: {"status": w.impact}, "status/[^/]+/$"),
    DependencyBuildSensor: (lambda w, _: dict(w.built), "dependencyBuild/$"),
    ModelTestSensor: (lambda w, _: {"custom_model_test_id": w.tested}, "customModelTests/[^/]+/$"),
    FeatureImpactSensor: (lambda w, _: {**w.built, "status_id": w.impact}, "status/[^/]+/$"),
    VectorDatabaseValidationSensor: (lambda w, _: {"validation_id": w.validated}, VALIDATIONS + "[^/]+/$"),
    TrainingDataAssignmentSensor: (lambda w, _: dict(w.built), "versions/[^/]+/$"),
    ConversionSensor: (lambda w, _: dict(w.converted), "conversions/[^/]+/$"),
    PredictionExplanationsSensor: (lambda w, _: {"status_id": w.explained}, "status/[^/]+/$"),
}


def _operation(name: str) -> Case:
    task, arguments = ARGUMENTS[name]
    operation = PUBLISHED[name]
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation.path))
    return Case(name, task, _PREPARED.get(name, lambda _, __: dict(arguments)), operation.method, f"^{pattern}$")


OPERATIONS = [_operation(name) for name in PUBLISHED]
SENSOR_CASES = [Case(task.__name__, task, prepare, "GET", path) for task, (prepare, path) in _SENSORS.items()]
REQUEST_CASES = [
    Case(
        "any_get",
        DataRobotRequestOperator,
        lambda w, _: {"path": f"customModels/{_model(w)['custom_model_id']}/"},
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
CASES = [*OPERATIONS, *SENSOR_CASES, *REQUEST_CASES]
_UPLOAD = _operation("create_custom_model_version")
#: The cases that start a job and wait for it; faults can also affect their polls.
JOB_CASES = [
    *(case for case in CASES if case.job and not case.upload and case.name not in {"any_get", "any_post"}),
    # An upload waits only if it assigns training data.
    replace(_UPLOAD, name="create_custom_model_version with training data", prepare=_training),
]
#: The cases that request the pages of a list.
LIST_CASES = [
    case for case in OPERATIONS if case.name.startswith("list_") or ("get_" in case.name and "impact" in case.name)
]
