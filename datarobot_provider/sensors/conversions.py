"""The sensor for conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_sensor import DataRobotIdsSensor

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id


class ConversionSensor(DataRobotIdsSensor):
    """Wait for the conversion of a version.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/conversions/{conversionId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param conversion_id: id of the conversion; templated; required.
    :returns: the conversion, an object.
    :raises AirflowFailException: if the conversion fails or is stopped.
    """

    kind = "conversion"

    def __init__(self, *, custom_model_id: Id, custom_model_version_id: Id, conversion_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.conversion_id = conversion_id
