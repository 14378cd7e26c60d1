"""Operators for the places in which deployed models run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import ListOperator

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import String


class ListPredictionEnvironmentsOperator(ListOperator):
    """Return the prediction environments that the user of the connection can access.

    Route: GET ``/api/v2/predictionEnvironments/``. All arguments are templated.

    :param search: only prediction environments with this text in their name.
    :param limit: maximum number of prediction environments; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of prediction environments.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET predictionEnvironments/"

    def __init__(self, *, search: String | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.search = search


class ListPredictionServersOperator(ListOperator):
    """Return the dedicated prediction servers of the installation.

    Route: GET ``/api/v2/predictionServers/``. All arguments are templated.

    :param limit: maximum number of prediction servers; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of prediction servers.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET predictionServers/"
