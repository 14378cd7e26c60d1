"""The sensor for the initialization of prediction explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_sensor import DataRobotIdsSensor

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id


class PredictionExplanationsSensor(DataRobotIdsSensor):
    """Wait for the initialization of the prediction explanations of a version.

    Route: GET ``/api/v2/status/{statusId}/``.

    :param status_id: id of the status record, as :class:`InitializePredictionExplanationsOperator` returns it with
        ``wait_for_completion=False``; templated; required.
    :returns: the absolute URL of the result, or ``None`` if DataRobot does not return it.
    :raises AirflowFailException: if the initialization fails.
    """

    kind = "prediction_explanations"

    def __init__(self, *, status_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.status_id = status_id
