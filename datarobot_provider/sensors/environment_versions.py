"""The sensor for builds of execution environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_sensor import DataRobotIdsSensor

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id


class EnvironmentBuildSensor(DataRobotIdsSensor):
    """Wait for the build of a version of an execution environment.

    Route: GET ``/api/v2/executionEnvironments/{environmentId}/versions/{environmentVersionId}/``.

    :param environment_id: id of the environment; templated; required.
    :param environment_version_id: id of the version; templated; required.
    :returns: the version, with ``buildStatus`` ``success``.
    :raises AirflowFailException: if the build fails.
    """

    kind = "environment_build"

    def __init__(self, *, environment_id: Id, environment_version_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.environment_id = environment_id
        self.environment_version_id = environment_version_id
