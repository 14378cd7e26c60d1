"""The sensor for batch predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_sensor import DataRobotIdsSensor
from datarobot_provider.core.job_results import BatchPredictionResult

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Boolean, Id


class BatchPredictionSensor(BatchPredictionResult, DataRobotIdsSensor):
    """Wait until a batch prediction job has ended.

    Route: GET ``/api/v2/batchPredictions/{predictionJobId}/``.

    :param prediction_job_id: id of the job; templated; required.
    :param fail_on_failed_rows: fail if a row could not be predicted; default ``False``: log a warning; templated.
    :returns: the job, with ``status`` ``COMPLETED``.
    :raises AirflowFailException: if the job fails or is aborted, or rows failed and ``fail_on_failed_rows`` is set.
    """

    kind = "batch_prediction"

    def __init__(self, *, prediction_job_id: Id, fail_on_failed_rows: Boolean = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prediction_job_id = prediction_job_id
        self.fail_on_failed_rows = fail_on_failed_rows
