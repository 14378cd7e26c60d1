"""Operators for the overall moderation configuration, which applies to all guards of an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.request_operators import GetOperator

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id, Integer, String
    from datarobot_provider.version_compat import Context


class GetOverallModerationConfigOperator(GetOperator):
    """Return the total timeout of the guards of an entity, and the action when it is exceeded.

    Route: GET ``/api/v2/overallModerationConfiguration/``.

    :param entity_id: id of the guarded entity; templated; required.
    :param entity_type: type of the entity: ``customModel``, ``customModelVersion`` or ``playground``; templated;
        required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"timeoutSec", "timeoutAction", "entityId", "entityType", "updatedAt", "updaterId"}``.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET overallModerationConfiguration/"

    def __init__(self, *, entity_id: Id, entity_type: String, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entity_id = entity_id
        self.entity_type = entity_type


class UpdateOverallModerationConfigOperator(DataRobotBaseOperator):
    """Set the total timeout of the guards of an entity, and the action when it is exceeded.

    Route: PATCH ``/api/v2/overallModerationConfiguration/``. All arguments are templated and required.

    :param entity_id: id of the guarded entity.
    :param entity_type: type of the entity: ``customModel``, ``customModelVersion`` or ``playground``.
    :param timeout_sec: timeout of the guards in seconds, 0 or more.
    :param timeout_action: ``block`` the prompt or response, or ``score`` it without guards.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the configuration after the change, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "PATCH overallModerationConfiguration/"

    def __init__(
        self, *, entity_id: Id, entity_type: String, timeout_sec: Integer, timeout_action: String, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.entity_id = entity_id
        self.entity_type = entity_type
        self.timeout_sec = timeout_sec
        self.timeout_action = timeout_action

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Set the configuration."""
        return self.request(json=self.payload()).object()
