"""Operator links to pages of DataRobot."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from datarobot_provider.client import routes
from datarobot_provider.version_compat import BaseOperatorLink, XCom

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class DataRobotLink(BaseOperatorLink):
    """Base class of the links. The URL is read from an XCom that the task has pushed.

    :cvar page: path of the page, with placeholders for ids.
    """

    name = "DataRobot"
    page: ClassVar[str] = ""

    @property
    def key(self) -> str:
        """The key of the XCom with the URL, which Airflow 3 also uses."""
        return f"_link_{type(self).__name__}"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the URL, or an empty string if the task has not pushed it yet."""
        return str(XCom.get_value(ti_key=ti_key, key=self.key) or "")


class CustomModelLink(DataRobotLink):
    """Link to a custom model in the workshop."""

    name = "Custom model"
    page = routes.CUSTOM_MODEL_PAGE


class CustomModelVersionLink(DataRobotLink):
    """Link to a version of a custom model in the workshop."""

    name = "Custom model version"
    page = routes.CUSTOM_MODEL_VERSION_PAGE


class DatasetLink(DataRobotLink):
    """Link to a dataset in the AI Catalog."""

    name = "Dataset"
    page = routes.DATASET_PAGE


class EnvironmentLink(DataRobotLink):
    """Link to an execution environment."""

    name = "Execution environment"
    page = routes.ENVIRONMENT_PAGE


class RegisteredModelLink(DataRobotLink):
    """Link to a registered model."""

    name = "Registered model"
    page = routes.REGISTERED_MODEL_PAGE


class DeploymentLink(DataRobotLink):
    """Link to a deployment."""

    name = "Deployment"
    page = routes.DEPLOYMENT_PAGE
