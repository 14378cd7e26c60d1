"""The sensor for vector database validations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_sensor import DataRobotIdsSensor

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id


class VectorDatabaseValidationSensor(DataRobotIdsSensor):
    """Wait for the validation of a vector database.

    Route: GET ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/``.

    :param validation_id: id of the validation; templated; required.
    :returns: the validation, with ``validationStatus`` ``PASSED``.
    :raises AirflowFailException: if the validation fails.
    """

    kind = "vector_database_validation"

    def __init__(self, *, validation_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validation_id = validation_id
