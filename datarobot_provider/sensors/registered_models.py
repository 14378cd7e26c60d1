"""The sensor for builds of registered models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_sensor import DataRobotIdsSensor

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id


class RegisteredModelBuildSensor(DataRobotIdsSensor):
    """Wait until the package of a version of a registered model is built.

    Route: GET ``/api/v2/registeredModels/{registeredModelId}/versions/{versionId}/``.

    :param registered_model_id: id of the registered model; templated; required.
    :param version_id: id of the version; templated; required.
    :returns: the version, with ``buildStatus`` ``complete``.
    :raises AirflowFailException: if the build fails.
    """

    kind = "registered_model_build"

    def __init__(self, *, registered_model_id: Id, version_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.registered_model_id = registered_model_id
        self.version_id = version_id
