"""The five job operators: the setup, the requests and the expected errors of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.support.emulator import DATASET, DEPLOYMENT, ENVIRONMENT, FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datarobot_provider.core.job_operator import DataRobotJobOperator
    from tests.support.emulator import EmulatorClient

_VERSION = r"customModels/[^/]+/versions/[^/]+/"
Ending = tuple[type[Exception], str]
_UNKNOWN_STATE = (
    "did not end before the timeout; its last known state is 'pondering', "
    "which is unknown to this version of the provider"
)


@dataclass(frozen=True)
class Case:
    """One job operator.

    :param kind: the emulator's name of its job.
    :param prepare: creates the resources that the operator requires; returns its arguments.
    :param start: path of the only POST that it may send.
    :param polls: paths of the polls of the job, in the order in which they are requested.
    :param cancel: path of the DELETE that cancels the job; ``None`` if the API has none.
    :param title: name of the job in messages.
    :param handle: name of the id that the task returns if it does not wait.
    :param link: key of the link's XCom.
    :param value: called with a return value and the job; returns whether it is the result of a successful job.
    :param endings: the exception of each unsuccessful ending, and the first line of its message without the title.
    :param reason: DataRobot's message about a failed job.
    :param result: path of the result, if it differs from the paths of the polls.
    """

    kind: str
    operator: type[DataRobotJobOperator]
    prepare: Callable[[EmulatorClient], dict[str, Any]]
    start: str
    polls: tuple[str, ...]
    cancel: str | None
    title: str
    handle: str
    link: str
    value: Callable[[Any, Mapping[str, Any]], bool]
    endings: Mapping[str, Ending]
    reason: str = "A message from DataRobot."
    result: str | None = None

    @property
    def name(self) -> str:
        """The name in test ids."""
        return self.operator.__name__


def _version(*, training: bool = False, built: bool = False) -> Callable[[EmulatorClient], dict[str, Any]]:
    def prepare(datarobot: EmulatorClient) -> dict[str, Any]:
        model_id = datarobot.create_model()
        version = datarobot.create_version(model_id, training=training, built=built)
        return {"custom_model_id": model_id, "custom_model_version_id": version["id"]}

    return prepare


def _new_version(datarobot: EmulatorClient) -> dict[str, Any]:
    return {
        "custom_model_id": datarobot.create_model(),
        "folder": str(FOLDER),
        "base_environment_id": ENVIRONMENT,
        "training_data": {"datasetId": DATASET},
    }


def _built_version(datarobot: EmulatorClient) -> dict[str, Any]:
    return {**_version(built=True)(datarobot), "dataset_id": DATASET}


def _deployment(_: EmulatorClient) -> dict[str, Any]:
    return {"deployment_id": DEPLOYMENT, "prompt_column_name": "promptText", "target_column_name": "relevant"}


CASES = (
    Case(
        kind="training_data",
        operator=CreateVersionOperator,
        prepare=_new_version,
        start=r"/customModels/[^/]+/versions/$",
        polls=(_VERSION + "$",),
        cancel=None,
        title="training data assignment",
        handle="customModelVersionId",
        link="_link_CustomModelVersionLink",
        value=lambda value, job: value == job["ids"]["customModelVersionId"],
        endings={
            "failed": (AirflowFailException, "failed"),
            # The API cannot cancel an assignment; the version reports a cancelled one as an error.
            "cancelled": (AirflowFailException, "failed"),
            "expired": (AirflowException, "no longer exists in DataRobot"),
            # A version does not contain the state of its assignment, only whether it has ended.
            "unknown": (AirflowException, "did not end before the timeout; its last known state is running"),
            "stuck": (AirflowException, "did not end before the timeout; its last known state is running"),
        },
    ),
    Case(
        kind="dependency_build",
        operator=StartDependencyBuildOperator,
        prepare=_version(),
        start=_VERSION + "dependencyBuild/$",
        polls=(_VERSION + "dependencyBuild/$",),
        cancel=_VERSION + "dependencyBuild/$",
        title="dependency build",
        handle="customModelVersionId",
        link="_link_CustomModelVersionLink",
        value=lambda value, _: value["buildStatus"] == "success" and value["buildEnd"] is not None,
        endings={
            "failed": (AirflowFailException, "failed"),
            "cancelled": (AirflowFailException, "was cancelled in DataRobot"),
            "expired": (AirflowException, "no longer exists in DataRobot"),
            "unknown": (AirflowException, _UNKNOWN_STATE),
            "stuck": (AirflowException, "did not end before the timeout; its last known state is running (submitted)"),
        },
    ),
    Case(
        kind="model_test",
        operator=RunModelTestOperator,
        prepare=_built_version,
        start="customModelTests/$",
        polls=("/status/[^/]+/$", "customModelTests/[^/]+/$"),
        cancel="customModelTests/[^/]+/$",
        title="model test",
        handle="customModelTestId",
        link="_link_CustomModelVersionLink",
        value=lambda value, job: (
            value["overallStatus"] == "succeeded" and value["id"] == job["ids"]["customModelTestId"]
        ),
        endings={
            "failed": (AirflowFailException, "failed"),
            "cancelled": (AirflowFailException, "was cancelled in DataRobot"),
            "expired": (AirflowException, "no longer exists in DataRobot"),
            "unknown": (AirflowException, _UNKNOWN_STATE),
            "stuck": (
                AirflowException,
                "did not end before the timeout; its last known state is running (INITIALIZED)",
            ),
        },
    ),
    Case(
        kind="feature_impact",
        operator=ComputeFeatureImpactOperator,
        prepare=_version(training=True),
        start=_VERSION + "featureImpact/$",
        polls=("/status/[^/]+/$",),
        result=_VERSION + "featureImpact/$",
        cancel=None,
        title="feature impact computation",
        handle="statusId",
        link="_link_CustomModelVersionLink",
        value=lambda value, _: "bmi" in [impact["featureName"] for impact in value["featureImpacts"]],
        endings={
            "failed": (AirflowException, "failed"),
            "cancelled": (AirflowFailException, "was cancelled in DataRobot"),
            "expired": (AirflowException, "no longer exists in DataRobot"),
            "unknown": (AirflowException, _UNKNOWN_STATE),
            "stuck": (
                AirflowException,
                "did not end before the timeout; its last known state is running (INITIALIZED)",
            ),
        },
    ),
    Case(
        kind="vector_database_validation",
        operator=ValidateVectorDatabaseOperator,
        prepare=_deployment,
        start="genai/customModelVectorDatabaseValidations/$",
        polls=("genai/customModelVectorDatabaseValidations/[^/]+/$",),
        cancel=None,
        title="vector database validation",
        reason="Deployment prediction does not comply with the expected format",
        handle="validationId",
        link="_link_DeploymentLink",
        value=lambda value, job: value["validationStatus"] == "PASSED" and value["id"] == job["ids"]["validationId"],
        endings={
            "failed": (AirflowException, "failed"),
            # A validation cannot be cancelled, only deleted.
            "cancelled": (AirflowException, "no longer exists in DataRobot"),
            "expired": (AirflowException, "no longer exists in DataRobot"),
            "unknown": (AirflowException, _UNKNOWN_STATE),
            "stuck": (AirflowException, "did not end before the timeout; its last known state is running"),
        },
    ),
)

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
