"""Operators for the settings of deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import GetOperator
from datarobot_provider.core.resource_operators import DeploymentOperator
from datarobot_provider.exceptions import InputError
from datarobot_provider.links.datarobot import DeploymentLink

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Object
    from datarobot_provider.jobs.model import JobRef
    from datarobot_provider.version_compat import Context


class GetDeploymentSettingsOperator(GetOperator, DeploymentOperator):
    """Return the settings of a deployment.

    Route: GET ``/api/v2/deployments/{deploymentId}/settings/``.

    :param deployment_id: id of the deployment; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the settings, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/{deployment_id}/settings/"
    operator_extra_links = (DeploymentLink(),)


class UpdateDeploymentSettingsOperator(DeploymentOperator, DataRobotJobOperator):
    """Change settings of a deployment, and wait until they are in effect. Other settings stay as they are.

    Route: PATCH ``/api/v2/deployments/{deploymentId}/settings/``. Every argument up to ``batch_monitoring`` is
    templated; each setting is an object in the API's names. The API cannot cancel this job.

    :param deployment_id: id of the deployment; required.
    :param target_drift: ``{"enabled": true}``: compare the predictions with the target of the training data.
    :param feature_drift: ``{"enabled": true}``: compare the features with those of the training data.
    :param association_id: ``{"columnNames": ["id"], "requiredInPredictionRequests": true}``: the column that identifies
        a row, to which actual values are assigned later.
    :param predictions_data_collection: ``{"enabled": true}``: store the rows of prediction requests.
    :param challenger_models: ``{"enabled": true}``: allow challengers.
    :param automatic_actuals: ``{"enabled": true}``: assign actual values automatically.
    :param humility: ``{"enabled": true}``: apply humility rules.
    :param prediction_warning: ``{"enabled": true, "customBoundaries": {"upper": 1, "lower": 0}}``.
    :param prediction_intervals: ``{"enabled": true, "percentiles": [80]}``.
    :param predictions_by_forecast_date: ``{"enabled": true, "columnName": "date", "datetimeFormat": "%Y-%m-%d"}``.
    :param predictions_settings: ``{"minComputes": 0, "maxComputes": 1, "realTime": true}``.
    :param segment_analysis: ``{"enabled": true, "attributes": ["region"]}``.
    :param bias_and_fairness: settings of the fairness monitoring.
    :param batch_monitoring: ``{"enabled": true}``: monitor by batch instead of by time.
    :param wait_for_completion: wait for the change; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the settings after the change, an object; with ``wait_for_completion=False`` the id of the job for
        ``DataRobotStatusSensor``.
    :raises AirflowFailException: if no setting is given, or DataRobot refuses the request.
    :raises AirflowException: if the change fails.
    """

    route = "PATCH deployments/{deployment_id}/settings/"
    kind = "deployment_settings"
    operator_extra_links = (DeploymentLink(),)

    def __init__(
        self,
        *,
        target_drift: Object | None = None,
        feature_drift: Object | None = None,
        association_id: Object | None = None,
        predictions_data_collection: Object | None = None,
        challenger_models: Object | None = None,
        automatic_actuals: Object | None = None,
        humility: Object | None = None,
        prediction_warning: Object | None = None,
        prediction_intervals: Object | None = None,
        predictions_by_forecast_date: Object | None = None,
        predictions_settings: Object | None = None,
        segment_analysis: Object | None = None,
        bias_and_fairness: Object | None = None,
        batch_monitoring: Object | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.target_drift = target_drift
        self.feature_drift = feature_drift
        self.association_id = association_id
        self.predictions_data_collection = predictions_data_collection
        self.challenger_models = challenger_models
        self.automatic_actuals = automatic_actuals
        self.humility = humility
        self.prediction_warning = prediction_warning
        self.prediction_intervals = prediction_intervals
        self.predictions_by_forecast_date = predictions_by_forecast_date
        self.predictions_settings = predictions_settings
        self.segment_analysis = segment_analysis
        self.bias_and_fairness = bias_and_fairness
        self.batch_monitoring = batch_monitoring

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Send the settings.

        :raises InputError: if no setting is given.
        """
        if not self.payload():
            raise InputError(f"There is nothing to change: give at least one of {', '.join(self.api_fields)}.")
        return self.accepted_job(self.ids("deployment_id"))

    def recover(self, state_before: dict[str, Any]) -> None:
        """Return ``None``, so that the settings are sent again, which has no further effect."""
