"""Operators that submit actual values, from which DataRobot computes the accuracy of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.resource_operators import DeploymentOperator
from datarobot_provider.links.datarobot import DeploymentLink

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Boolean, Id, ObjectList, String
    from datarobot_provider.jobs.model import JobRef
    from datarobot_provider.version_compat import Context


class _SubmitActuals(DeploymentOperator, DataRobotJobOperator):
    """Base of the operators that submit actual values.

    :param keep_actuals_without_predictions: keep the values of rows that were not predicted; templated.
    """

    kind = "actuals"
    operator_extra_links = (DeploymentLink(),)

    def __init__(self, *, keep_actuals_without_predictions: Boolean | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keep_actuals_without_predictions = keep_actuals_without_predictions

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Submit the actual values."""
        return self.accepted_job(self.ids("deployment_id"))

    def recover(self, state_before: dict[str, Any]) -> None:
        """Return ``None``, so that the values are sent again: the values of an association id replace each other."""


class SubmitActualsOperator(_SubmitActuals):
    """Submit actual values as a list, and wait until DataRobot has processed them.

    Route: POST ``/api/v2/deployments/{deploymentId}/actuals/fromJSON/``. Every argument up to
    ``keep_actuals_without_predictions`` is templated. The API cannot cancel this job.

    :param deployment_id: id of the deployment; required.
    :param data: a list of at most 10,000 ``{"associationId", "actualValue"}``, with ``wasActedOn`` and ``timestamp`` if
        they are known; required.
    :param keep_actuals_without_predictions: keep the values of rows that were not predicted; DataRobot's default is
        ``True``.
    :param wait_for_completion: wait until the values are processed; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the deployment, an object; with ``wait_for_completion=False`` the id of the job for
        ``DataRobotStatusSensor``.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if the values cannot be processed.
    """

    route = "POST deployments/{deployment_id}/actuals/fromJSON/"

    def __init__(self, *, data: ObjectList, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data = data


class SubmitActualsFromDatasetOperator(_SubmitActuals):
    """Submit actual values that are in a dataset, and wait until DataRobot has processed them.

    Route: POST ``/api/v2/deployments/{deploymentId}/actuals/fromDataset/``. Every argument up to
    ``keep_actuals_without_predictions`` is templated. The API cannot cancel this job.

    :param deployment_id: id of the deployment; required.
    :param dataset_id: id of the dataset; required.
    :param association_id_column: column with the association ids; required.
    :param actual_value_column: column with the actual values; required.
    :param dataset_version_id: id of the version of the dataset; DataRobot's default is the newest one.
    :param timestamp_column: column with the times of the actual values.
    :param was_acted_on_column: column that says whether the prediction was acted on.
    :param keep_actuals_without_predictions: keep the values of rows that were not predicted; DataRobot's default is
        ``True``.
    :param wait_for_completion: wait until the values are processed; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the deployment, an object; with ``wait_for_completion=False`` the id of the job for
        ``DataRobotStatusSensor``.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if the values cannot be processed.
    """

    route = "POST deployments/{deployment_id}/actuals/fromDataset/"

    def __init__(
        self,
        *,
        dataset_id: Id,
        association_id_column: String,
        actual_value_column: String,
        dataset_version_id: Id | None = None,
        timestamp_column: String | None = None,
        was_acted_on_column: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_id = dataset_id
        self.association_id_column = association_id_column
        self.actual_value_column = actual_value_column
        self.dataset_version_id = dataset_version_id
        self.timestamp_column = timestamp_column
        self.was_acted_on_column = was_acted_on_column
