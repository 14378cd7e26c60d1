"""Operators for the access to custom models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import (
    ListOperator,
)
from datarobot_provider.core.resource_operators import (
    CustomModelOperator,
)

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import (
        ObjectList,
    )
    from datarobot_provider.version_compat import Context


class GetCustomModelAccessOperator(ListOperator, CustomModelOperator):
    """Return who may do what with a custom model.

    Route: GET ``/api/v2/customModels/{customModelId}/accessControl/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param limit: most entries to return; default all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of ``{"username", "userId", "role", "canShare"}``.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModels/{custom_model_id}/accessControl/"


class ShareCustomModelOperator(CustomModelOperator):
    """Give people roles on a custom model, change them or take them away.

    Route: PATCH ``/api/v2/customModels/{customModelId}/accessControl/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param roles: up to 100 of ``{"username", "role", "canShare"}``; the role ``None`` takes it away; templated;
        required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request, for one if nobody would own the model.
    """

    route = "PATCH customModels/{custom_model_id}/accessControl/"
    options = ("roles",)

    template_fields_renderers = {"roles": "json"}

    def __init__(self, *, roles: ObjectList, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.roles: Any = roles

    def run_request(self, context: Context) -> None:  # noqa: ARG002 - for operators that push XComs
        """Send the roles."""
        self.request(json={"data": self.roles})
        self.log.info("Set the roles of %s.", ", ".join(str(role.get("username")) for role in self.roles))
