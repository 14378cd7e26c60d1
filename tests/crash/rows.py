"""The rows of the matrix: each task that creates something in DataRobot, and its arguments in a DAG.

The DAG files in Airflow and the tests import this module, so it imports neither Airflow nor the package.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.emulator import DATASET, ENVIRONMENT, FOLDER, GUARD

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL, VERSION = ("custom_model_id",), ("custom_model_id", "custom_model_version_id")
#: The ``dagrun_timeout`` of the DAGs that have one, in seconds.
LIMIT = 20


_NOTES = {
    "model_own_id": ", with user_provided_id",
    "version": ", with training data",
    "joined_build": ", of a build that another run has started",
    "two_models": ", a task that creates two models of one name",
}


@dataclass(frozen=True)
class Row:
    """One logical task.

    :param name: the name in ids of tests, DAGs and models.
    :param operator: module and class; the module is in ``datarobot_provider.operators`` or in these tests.
    :param arguments: names of the arguments that the run's conf contains.
    :param fixed: arguments that are equal in all cells.
    :param kind: the emulator's name of its job; ``None`` if there is no job.
    :param cancellable: whether the API can cancel the job.
    :param main: whether it is part of the short matrix.
    :param creates: number of resources that the task creates; it is killed at the last one.
    :param joins: whether another run has started the job, so that the task joins it and must not cancel it.
    :param uncertain: value of ``on_uncertain_submit``, if the API does not show whether a request was processed.
    """

    name: str
    operator: str
    arguments: tuple[str, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict, hash=False)
    kind: str | None = None
    cancellable: bool = False
    main: bool = False
    creates: int = 1
    joins: bool = False
    uncertain: str | None = None

    @property
    def dag_id(self) -> str:
        """The id of the row's DAG."""
        return f"crash_{self.name}"

    @property
    def title(self) -> str:
        """The name in the tables."""
        note = _NOTES.get(self.name, "")
        policy = ', on_uncertain_submit="resubmit"' if self.uncertain == "resubmit" else ""
        return self.operator.partition(":")[2] + note + policy

    @property
    def base(self) -> str:
        """The name of the row that requires the same resources."""
        return self.name.removesuffix("_resubmit")


_FILES = {"folder": str(FOLDER), "base_environment_id": ENVIRONMENT}
_TRAINED = {"training_data": {"datasetId": DATASET}}
_COLUMNS = {"prompt_column_name": "promptText", "target_column_name": "relevant"}
_REGRESSION = {"target_type": "Regression", "target_name": "target"}


def _undecidable(name: str, operator: str, arguments: tuple[str, ...], kind: str, **fixed: Any) -> tuple[Row, Row]:
    """Return one row for each value of ``on_uncertain_submit``."""
    again = {**fixed, "on_uncertain_submit": "resubmit"}
    return (
        Row(name, operator, arguments, fixed, kind, uncertain="fail"),
        Row(f"{name}_resubmit", operator, arguments, again, kind, uncertain="resubmit"),
    )


ROWS = (
    Row("version", "versions:CreateVersionOperator", MODEL, {**_FILES, **_TRAINED}, "training_data", main=True),
    Row(
        "build",
        "dependency_builds:StartDependencyBuildOperator",
        VERSION,
        kind="dependency_build",
        cancellable=True,
        main=True,
    ),
    Row(
        "joined_build",
        "dependency_builds:StartDependencyBuildOperator",
        VERSION,
        kind="dependency_build",
        main=True,
        joins=True,
    ),
    Row(
        "test",
        "model_tests:RunModelTestOperator",
        VERSION,
        {"dataset_id": DATASET},
        "model_test",
        cancellable=True,
        main=True,
    ),
    Row("impact", "feature_impact:ComputeFeatureImpactOperator", VERSION, kind="feature_impact", main=True),
    Row(
        "validation",
        "vector_databases:ValidateVectorDatabaseOperator",
        ("deployment_id",),
        _COLUMNS,
        "vector_database_validation",
        main=True,
    ),
    Row(
        "conversion",
        "conversions:ConvertVersionOperator",
        (*VERSION, "main_program_item_id"),
        kind="conversion",
        cancellable=True,
    ),
    Row(
        "with_training_data",
        "training_data:CreateVersionWithTrainingDataOperator",
        MODEL,
        _TRAINED,
        "training_data",
    ),
    Row(
        "assignment",
        "training_data:AssignTrainingDataOperator",
        MODEL,
        {"dataset_id": DATASET},
        "training_data",
    ),
    Row(
        "dataset_version",
        "dataset_versions:CreateDatasetVersionFromUrlOperator",
        ("dataset_id",),
        {"url": "https://data.example.com/houses.csv"},
        "dataset_upload",
        main=True,
    ),
    Row(
        "environment_version",
        "environment_versions:CreateEnvironmentVersionOperator",
        ("environment_id",),
        {"docker_image_uri": "registry.example.com/python:3.12"},
        "environment_build",
        main=True,
    ),
    Row(
        "registration",
        "registered_models:RegisterCustomModelVersionOperator",
        ("custom_model_version_id", "registered_model_name"),
        kind="model_package_build",
        main=True,
    ),
    Row(
        "deployment",
        "deployments:CreateDeploymentOperator",
        ("model_package_id", "deployment_label"),
        kind="deployment",
        main=True,
    ),
    Row(
        "replacement",
        "model_replacement:ReplaceModelOperator",
        ("deployment_id", "model_package_id"),
        kind="model_replacement",
        main=True,
    ),
    Row(
        "batch_prediction",
        "batch_predictions:RunBatchPredictionOperator",
        ("deployment_id",),
        {"dataset_id": DATASET},
        "batch_prediction",
        cancellable=True,
        main=True,
    ),
    *_undecidable(
        "repository",
        "repository_versions:CreateVersionFromRepositoryOperator",
        MODEL,
        "version_from_repository",
        repository_id="repository",
        base_environment_id=ENVIRONMENT,
    ),
    *_undecidable(
        "revalidation",
        "vector_databases:RevalidateVectorDatabaseOperator",
        ("validation_id",),
        "vector_database_validation",
    ),
    *_undecidable(
        "explanations",
        "prediction_explanations:InitializePredictionExplanationsOperator",
        VERSION,
        "prediction_explanations",
    ),
    Row("model", "custom_models:CreateCustomModelOperator", ("name",), _REGRESSION, main=True),
    Row("two_models", "tests.crash.several:CreateTwoModelsOperator", ("name",), _REGRESSION, main=True, creates=2),
    Row("model_own_id", "custom_models:CreateCustomModelOperator", ("name", "user_provided_id"), _REGRESSION),
    Row("environment", "execution_environments:CreateExecutionEnvironmentOperator", ("name",)),
    Row("copy", "custom_models:CopyCustomModelOperator", MODEL),
    Row("version_plain", "versions:CreateVersionOperator", MODEL, _FILES),
    Row(
        "guard",
        "guard_configurations:CreateGuardConfigOperator",
        ("entity_id", "template_id"),
        {"entity_type": "customModel", "name": "Tokens", "stages": ["prompt"]},
    ),
    Row("guarded_version", "guard_configurations:ApplyGuardConfigOperator", MODEL, {"guards": [GUARD]}),
)
ROW = {row.name: row for row in ROWS}


def kill_dag_id(row: Row, *, deferrable: bool, limited: bool) -> str:
    """Return the id of the DAG in which a row's task is ended by a user.

    :param deferrable: whether the task waits in the triggerer, not on a worker.
    :param limited: whether the run's ``dagrun_timeout`` ends it.
    """
    return f"kill_{row.name}_{'deferred' if deferrable else 'on_worker'}_{'timeout' if limited else 'by_hand'}"
