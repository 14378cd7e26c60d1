"""Operators for the overall moderation configuration: what holds for all guards of an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.version_compat import Context

_ENTITY = ("entity_id", "entity_type")


class GetOverallModerationConfigOperator(DataRobotBaseOperator):
    """Return how long all guards of an entity may take together, and what happens when they take longer.

    Route: GET ``/api/v2/overallModerationConfiguration/``.

    :param entity_id: id of what is guarded; templated; required.
    :param entity_type: what that is: ``customModel``, ``customModelVersion`` or ``playground``; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"timeoutSec", "timeoutAction", "entityId", "entityType", "updatedAt", "updaterId"}``.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    argument_types = {"entity_type": converters.string}
    required_fields = _ENTITY
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *_ENTITY)

    def __init__(self, *, entity_id: str, entity_type: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entity_id = entity_id
        self.entity_type = entity_type

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Return the configuration."""
        return self.hook.client.moderation.get(**self.ids())


class UpdateOverallModerationConfigOperator(DataRobotBaseOperator):
    """Set how long all guards of an entity may take together, and what happens when they take longer.

    Route: PATCH ``/api/v2/overallModerationConfiguration/``. Every argument is templated and required.

    :param entity_id: id of what is guarded.
    :param entity_type: what that is: ``customModel``, ``customModelVersion`` or ``playground``.
    :param timeout_sec: seconds that the guards may take, 0 or more.
    :param timeout_action: ``block`` the prompt or response, or ``score`` it unguarded.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the configuration as it is now, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    api_fields = {
        "entity_id": converters.identifier,
        "entity_type": converters.string,
        "timeout_sec": converters.integer,
        "timeout_action": converters.string,
    }
    required_fields = tuple(api_fields)
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *api_fields)

    def __init__(
        self, *, entity_id: str, entity_type: str, timeout_sec: int | str, timeout_action: str, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.entity_id = entity_id
        self.entity_type = entity_type
        self.timeout_sec = timeout_sec
        self.timeout_action = timeout_action

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Set the configuration."""
        return self.hook.client.moderation.update(self.payload())
