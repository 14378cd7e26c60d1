"""Operators that return what DataRobot has measured about a deployment: service, drift, accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import GetOperator, ListOperator
from datarobot_provider.core.resource_operators import DeploymentOperator

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id, String


class _Statistics(DeploymentOperator):
    """Base of the operators for one period.

    :param start: beginning of the period; templated.
    :param end: end of the period; templated.
    :param model_id: id of a model of the deployment; templated.
    """

    def __init__(
        self, *, start: String | None = None, end: String | None = None, model_id: Id | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.start: Any = start
        self.end = end
        self.model_id = model_id


class GetServiceStatisticsOperator(_Statistics, GetOperator):
    """Return how many predictions a deployment has made, how fast, and with which errors.

    Route: GET ``/api/v2/deployments/{deploymentId}/serviceStats/``. All arguments are templated.

    :param deployment_id: id of the deployment; required.
    :param start: beginning of the period, the top of an hour, such as ``2026-11-01T00:00:00Z``; DataRobot's default is
        seven days before the end.
    :param end: end of the period, the top of an hour; DataRobot's default is the next full hour.
    :param model_id: id of a model that the deployment serves or has served; DataRobot's default is the current one.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``period``, ``modelId`` and ``metrics``, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/{deployment_id}/serviceStats/"


class GetTargetDriftOperator(_Statistics, GetOperator):
    """Return how far the predictions of a deployment differ from the target of its training data.

    Route: GET ``/api/v2/deployments/{deploymentId}/targetDrift/``. All arguments are templated.

    :param deployment_id: id of the deployment; required.
    :param start: beginning of the period, the top of an hour, such as ``2026-11-01T00:00:00Z``; DataRobot's default is
        seven days before the end.
    :param end: end of the period, the top of an hour; DataRobot's default is the next full hour.
    :param model_id: id of a model that the deployment serves or has served; DataRobot's default is the current one.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``period``, ``driftScore`` and ``metric``, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/{deployment_id}/targetDrift/"


class ListFeatureDriftOperator(_Statistics, ListOperator):
    """Return how far each feature of a deployment differs from its training data.

    Route: GET ``/api/v2/deployments/{deploymentId}/featureDrift/``. All arguments are templated.

    :param deployment_id: id of the deployment; required.
    :param start: beginning of the period, the top of an hour, such as ``2026-11-01T00:00:00Z``; DataRobot's default is
        seven days before the end.
    :param end: end of the period, the top of an hour; DataRobot's default is the next full hour.
    :param model_id: id of a model that the deployment serves or has served; DataRobot's default is the current one.
    :param limit: maximum number of features; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of features with ``name`` and ``driftScore``.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/{deployment_id}/featureDrift/"


class GetAccuracyOperator(_Statistics, GetOperator):
    """Return the accuracy of a deployment, computed from its predictions and the actual values.

    Route: GET ``/api/v2/deployments/{deploymentId}/accuracy/``. All arguments are templated.

    :param deployment_id: id of the deployment; required.
    :param start: beginning of the period, the top of an hour, such as ``2026-11-01T00:00:00Z``; DataRobot's default is
        seven days before the end.
    :param end: end of the period, the top of an hour; DataRobot's default is the next full hour.
    :param model_id: id of a model that the deployment serves or has served; DataRobot's default is the current one.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``period`` and ``metrics``, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/{deployment_id}/accuracy/"
