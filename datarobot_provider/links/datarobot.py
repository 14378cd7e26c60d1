"""One link for each page of DataRobot's web interface; each reads the URL that the task pushed when it started."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from datarobot_provider.client import routes
from datarobot_provider.version_compat import BaseOperatorLink, XCom

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, TaskInstanceKey


class DataRobotLink(BaseOperatorLink):
    """Base of the links. A subclass names its button and its page.

    :cvar page: path of the page, with placeholders for ids.
    """

    name = "DataRobot"
    page: ClassVar[str] = ""

    @property
    def key(self) -> str:
        """The XCom that holds the URL; the same that Airflow 3 itself reads."""
        return f"_link_{type(self).__name__}"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the URL, or an empty text before the task has pushed it."""
        return str(XCom.get_value(ti_key=ti_key, key=self.key) or "")


class CustomModelLink(DataRobotLink):
    """A custom model in the workshop."""

    name = "Custom model"
    page = routes.CUSTOM_MODEL_PAGE


class CustomModelVersionLink(DataRobotLink):
    """A version of a custom model in the workshop."""

    name = "Custom model version"
    page = routes.CUSTOM_MODEL_VERSION_PAGE


class DeploymentLink(DataRobotLink):
    """A deployment."""

    name = "Deployment"
    page = routes.DEPLOYMENT_PAGE
