"""Every operator that creates something in DataRobot: arguments, request, and number of the created resources.

The emulator counts twice, without code of the package: the requests, and the resources.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.operators.conversions import ConvertVersionOperator
from datarobot_provider.operators.custom_models import CopyCustomModelOperator, CreateCustomModelOperator
from datarobot_provider.operators.custom_templates import CreateCustomModelFromTemplateOperator
from datarobot_provider.operators.data_sources import CreateDataSourceOperator
from datarobot_provider.operators.dataset_versions import (
    CreateDatasetVersionFromDataSourceOperator,
    CreateDatasetVersionFromFileOperator,
    CreateDatasetVersionFromUrlOperator,
)
from datarobot_provider.operators.datasets import (
    CreateDatasetFromDataSourceOperator,
    CreateDatasetFromFileOperator,
    CreateDatasetFromUrlOperator,
)
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.environment_versions import CreateEnvironmentVersionOperator
from datarobot_provider.operators.execution_environments import CreateExecutionEnvironmentOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator, CreateGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.prediction_explanations import InitializePredictionExplanationsOperator
from datarobot_provider.operators.registered_models import RegisterCustomModelVersionOperator
from datarobot_provider.operators.repository_versions import CreateVersionFromRepositoryOperator
from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.operators.training_data import AssignTrainingDataOperator, CreateVersionWithTrainingDataOperator
from datarobot_provider.operators.use_cases import CreateUseCaseOperator
from datarobot_provider.operators.vector_databases import (
    RevalidateVectorDatabaseOperator,
    ValidateVectorDatabaseOperator,
)
from datarobot_provider.operators.versions import CreateVersionOperator
from tests.pairwise import Axis, axis
from tests.parity import prepare
from tests.parity.deployment_submitters import DEPLOYMENTS
from tests.parity.prepare import VALIDATIONS
from tests.parity.submitter import REJECTED, REUSED, Submitter
from tests.support.emulator import DATASET, DEPLOYMENT, ENVIRONMENT, FOLDER, GUARD, MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSIONS = "customModels/{custom_model_id}/versions/"
VERSION = "customModels/[^/]+/versions/[^/]+/"


_TABLE = {"file": str(FOLDER.parent / "diabetes_training.csv")}
_URL = {"url": "https://data.example.com/houses.csv"}
_FILES = {"folder": str(FOLDER), "base_environment_id": ENVIRONMENT}
_TRAINED = {"training_data": {"datasetId": DATASET}}
_COLUMNS = {"prompt_column_name": "promptText", "target_column_name": "relevant"}
_REPOSITORY = {"repository_id": "repository", "base_environment_id": ENVIRONMENT, "source_path": "src/custom.py"}
_MODELS: tuple[str, Mapping[str, str]] = ("customModels/", {})
_LISTED: tuple[str, Mapping[str, str]] = (VERSIONS, {})
_CONFIGS = ("guardConfigurations/", {"entityId": "{entity_id}", "entityType": "customModel"})
_NAMED = {"name": "once", "target_type": "Regression", "target_name": "target"}
_NEW_MODEL = ("POST", "/customModels/$")
_NEW_VERSION = ("POST", "/customModels/[^/]+/versions/$")
_CREATE = {"method": "POST", "path": "customModels/", "json": MODEL}

JOBS = (
    Submitter(
        "version-trained",
        CreateVersionOperator,
        prepare.model,
        _NEW_VERSION,
        "training_data",
        fixed={**_FILES, **_TRAINED},
    ),
    Submitter(
        "build",
        StartDependencyBuildOperator,
        prepare.version(),
        ("POST", VERSION + "dependencyBuild/$"),
        "dependency_build",
        cancel=VERSION + "dependencyBuild/$",
        again=REUSED,
    ),
    Submitter(
        "test",
        RunModelTestOperator,
        prepare.version(built=True),
        ("POST", "customModelTests/$"),
        "model_test",
        cancel="customModelTests/[^/]+/$",
        fixed={"dataset_id": DATASET},
    ),
    Submitter(
        "impact",
        ComputeFeatureImpactOperator,
        prepare.version(training=True),
        ("POST", VERSION + "featureImpact/$"),
        "feature_impact",
        again=REUSED,
    ),
    Submitter(
        "impact-of-image",
        ComputeFeatureImpactOperator,
        prepare.image,
        ("POST", "customInferenceImages/[^/]+/featureImpact/$"),
        "feature_impact",
        again=REUSED,
    ),
    Submitter(
        "conversion",
        ConvertVersionOperator,
        prepare.version(),
        ("POST", VERSION + "conversions/$"),
        "conversion",
        cancel=VERSION + "conversions/[^/]+/$",
        fixed={"main_program_path": "custom.py"},
    ),
    Submitter(
        "validation",
        ValidateVectorDatabaseOperator,
        prepare.nothing,
        ("POST", VALIDATIONS + "$"),
        "vector_database_validation",
        fixed={"deployment_id": DEPLOYMENT, **_COLUMNS},
    ),
    Submitter(
        "assignment",
        AssignTrainingDataOperator,
        prepare.model_without_versioned_data,
        ("PATCH", "/customModels/[^/]+/trainingData/$"),
        "training_data",
        fixed={"dataset_id": DATASET},
    ),
    Submitter(
        "with-training-data",
        CreateVersionWithTrainingDataOperator,
        prepare.model_with_version,
        ("PATCH", "/versions/withTrainingData/$"),
        "training_data",
        fixed=_TRAINED,
    ),
    Submitter(
        "repository",
        CreateVersionFromRepositoryOperator,
        prepare.model,
        ("POST", "/versions/fromRepository/$"),
        "version_from_repository",
        decidable=(False, True),
        fixed=_REPOSITORY,
    ),
    Submitter(
        "repository-latest",
        CreateVersionFromRepositoryOperator,
        prepare.model_with_version,
        ("PATCH", "/versions/fromRepository/$"),
        "version_from_repository",
        decidable=(False, True),
        fixed={**_REPOSITORY, "from_latest": True},
    ),
    Submitter(
        "revalidation",
        RevalidateVectorDatabaseOperator,
        prepare.validation,
        ("POST", VALIDATIONS + "[^/]+/revalidate/$"),
        "vector_database_validation",
        decidable=(True, False),
    ),
    Submitter(
        "explanations",
        InitializePredictionExplanationsOperator,
        prepare.version(training=True),
        ("POST", "/predictionExplanationsInitialization/$"),
        "prediction_explanations",
        decidable=(False, False),
    ),
    Submitter(
        "dataset",
        CreateDatasetFromFileOperator,
        prepare.nothing,
        ("POST", "/datasets/fromFile/$"),
        "dataset_upload",
        fixed=_TABLE,
    ),
    Submitter(
        "dataset-from-url",
        CreateDatasetFromUrlOperator,
        prepare.nothing,
        ("POST", "/datasets/fromURL/$"),
        "dataset_upload",
        fixed=_URL,
    ),
    Submitter(
        "dataset-from-data-source",
        CreateDatasetFromDataSourceOperator,
        prepare.data_source,
        ("POST", "/datasets/fromDataSource/$"),
        "dataset_upload",
    ),
    Submitter(
        "dataset-version-from-data-source",
        CreateDatasetVersionFromDataSourceOperator,
        prepare.dataset_and_source,
        ("POST", "/datasets/[^/]+/versions/fromDataSource/$"),
        "dataset_upload",
    ),
    Submitter(
        "dataset-version",
        CreateDatasetVersionFromFileOperator,
        prepare.dataset,
        ("POST", "/datasets/[^/]+/versions/fromFile/$"),
        "dataset_upload",
        fixed=_TABLE,
    ),
    Submitter(
        "dataset-version-from-url",
        CreateDatasetVersionFromUrlOperator,
        prepare.dataset,
        ("POST", "/datasets/[^/]+/versions/fromURL/$"),
        "dataset_upload",
        fixed=_URL,
    ),
    Submitter(
        "environment-version",
        CreateEnvironmentVersionOperator,
        prepare.environment,
        ("POST", "/executionEnvironments/[^/]+/versions/$"),
        "environment_build",
        fixed={"docker_image_uri": "registry.example.com/python:3.12", "version_label": "once"},
    ),
    Submitter(
        "registration",
        RegisterCustomModelVersionOperator,
        prepare.registrable,
        ("POST", "/modelPackages/fromCustomModelVersion/$"),
        "model_package_build",
        fixed={"registered_model_name": "once"},
    ),
    *DEPLOYMENTS,
    Submitter(
        "request-of-a-job",
        DataRobotRequestOperator,
        prepare.explained,
        ("POST", "/predictionExplanationsInitialization/$"),
        "prediction_explanations",
        decidable=(False, False),
        fixed={"method": "POST"},
    ),
)
CREATES = (
    Submitter("model", CreateCustomModelOperator, prepare.nothing, _NEW_MODEL, listing=_MODELS, fixed=_NAMED),
    Submitter(
        "model-own-id",
        CreateCustomModelOperator,
        prepare.nothing,
        _NEW_MODEL,
        listing=_MODELS,
        again=REJECTED,
        fixed={**_NAMED, "user_provided_id": "mine"},
    ),
    Submitter(
        "model-reused",
        CreateCustomModelOperator,
        prepare.nothing,
        _NEW_MODEL,
        listing=_MODELS,
        again=REUSED,
        fixed={**_NAMED, "if_exists": "reuse"},
    ),
    Submitter("copy", CopyCustomModelOperator, prepare.model, ("POST", "/fromCustomModel/$"), listing=_MODELS),
    Submitter("version", CreateVersionOperator, prepare.model, _NEW_VERSION, listing=_LISTED, fixed=_FILES),
    Submitter(
        "version-latest",
        CreateVersionOperator,
        prepare.model_with_version,
        ("PATCH", "/customModels/[^/]+/versions/$"),
        listing=_LISTED,
        fixed={**_FILES, "from_latest": True, "files_to_delete": ["requirements.txt"]},
    ),
    Submitter(
        "guard",
        CreateGuardConfigOperator,
        prepare.guarded,
        ("POST", "/guardConfigurations/$"),
        listing=_CONFIGS,
        again=REJECTED,
        fixed={"entity_type": "customModel", "name": "Tokens", "stages": ["prompt"]},
    ),
    Submitter(
        "guarded-version",
        ApplyGuardConfigOperator,
        prepare.model_with_version,
        ("POST", "/toNewCustomModelVersion/$"),
        listing=_LISTED,
        fixed={"guards": [GUARD]},
    ),
    Submitter(
        "environment",
        CreateExecutionEnvironmentOperator,
        prepare.nothing,
        ("POST", "/executionEnvironments/$"),
        listing=("executionEnvironments/", {}),
        fixed={"name": "once", "programming_language": "python"},
    ),
    Submitter(
        "use-case",
        CreateUseCaseOperator,
        prepare.nothing,
        ("POST", "/useCases/$"),
        listing=("useCases/", {}),
        fixed={"name": "once", "description": "d"},
    ),
    Submitter(
        "use-case-reused",
        CreateUseCaseOperator,
        prepare.nothing,
        ("POST", "/useCases/$"),
        listing=("useCases/", {}),
        again=REUSED,
        fixed={"name": "once", "if_exists": "reuse"},
    ),
    Submitter(
        "data-source",
        CreateDataSourceOperator,
        prepare.data_store,
        ("POST", "/externalDataSources/$"),
        listing=("externalDataSources/", {}),
        fixed={"canonical_name": "once", "table": "prices"},
    ),
    Submitter(
        "data-source-reused",
        CreateDataSourceOperator,
        prepare.data_store,
        ("POST", "/externalDataSources/$"),
        listing=("externalDataSources/", {}),
        again=REUSED,
        fixed={"canonical_name": "once", "table": "prices", "if_exists": "reuse"},
    ),
    Submitter(
        "model-from-template",
        CreateCustomModelFromTemplateOperator,
        prepare.model_template,
        ("POST", "/customModels/fromModelTemplate/$"),
        listing=_MODELS,
        decidable=(False, False),
    ),
    Submitter(
        "request",
        DataRobotRequestOperator,
        prepare.nothing,
        _NEW_MODEL,
        listing=_MODELS,
        decidable=(False, False),
        fixed=_CREATE,
    ),
)
SUBMITTERS = (*JOBS, *CREATES)


def each(*submitters: Submitter) -> Any:
    """Parametrize a test with submitters."""
    return pytest.mark.parametrize("submitter", submitters, ids=lambda each: each.name)


def axis_of(submitters: Iterable[Submitter]) -> Axis:
    """Return an axis of submitters; the same code recovers all submitters of a kind."""
    return axis(
        submitters,
        attrgetter("name"),
        lambda each: (bool(each.kind), bool(each.cancel), each.again, each.decidable),
    )


#: The argument ``deferrable`` by the process in which the task waits.
MODES = {"worker": False, "trigger": True}
