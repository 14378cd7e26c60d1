"""The sensor for deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_sensor import DataRobotIdsSensor

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id


class DeploymentSensor(DataRobotIdsSensor):
    """Wait until a deployment is launched. A change that is in progress is also awaited, once the deployment shows it.

    Route: GET ``/api/v2/deployments/{deploymentId}/``.

    :param deployment_id: id of the deployment; templated; required.
    :returns: the deployment, with ``status`` ``active`` or ``inactive``.
    :raises AirflowFailException: if the deployment fails.
    """

    kind = "deployment"

    def __init__(self, *, deployment_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.deployment_id = deployment_id
