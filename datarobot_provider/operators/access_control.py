"""Operators for the access to custom models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.request_operators import ListOperator

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id, ObjectList
    from datarobot_provider.version_compat import Context


class GetCustomModelAccessOperator(ListOperator):
    """Return the users of a custom model with their roles.

    Route: GET ``/api/v2/customModels/{customModelId}/accessControl/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param limit: maximum number of entries; default: all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of ``{"username", "userId", "role", "canShare"}``.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModels/{custom_model_id}/accessControl/"

    def __init__(self, *, custom_model_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id


class ShareCustomModelOperator(DataRobotBaseOperator):
    """Grant, change or remove the roles of users on a custom model.

    Route: PATCH ``/api/v2/customModels/{customModelId}/accessControl/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param roles: up to 100 of ``{"username", "role", "canShare"}``; the role ``None`` removes the user; templated;
        required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request, for example because the model would have no owner.
    """

    route = "PATCH customModels/{custom_model_id}/accessControl/"
    options = ("roles",)

    template_fields_renderers = {"roles": "json"}

    def __init__(self, *, custom_model_id: Id, roles: ObjectList, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.roles: Any = roles

    def run_request(self, context: Context) -> None:  # noqa: ARG002 - for operators that push XComs
        """Set the roles."""
        self.request(json={"data": self.roles})
        self.log.info("Set the roles of %s.", ", ".join(str(role.get("username")) for role in self.roles))
