"""The sensor for model tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_sensor import DataRobotIdsSensor
from datarobot_provider.core.job_results import ModelTestResult

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Boolean, Id


class ModelTestSensor(ModelTestResult, DataRobotIdsSensor):
    """Wait for a test of a model version.

    Route: GET ``/api/v2/customModelTests/{customModelTestId}/``.

    :param custom_model_test_id: id of the test; templated; required.
    :param fail_on_warning: also fail if a check ends with a warning; default ``False``; templated.
    :returns: the test, with ``overallStatus`` and ``testingStatus``.
    :raises AirflowFailException: if the test fails.
    """

    kind = "model_test"

    def __init__(self, *, custom_model_test_id: Id, fail_on_warning: Boolean = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_test_id = custom_model_test_id
        self.fail_on_warning = fail_on_warning
