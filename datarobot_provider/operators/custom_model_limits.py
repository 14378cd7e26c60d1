"""Operators for the limits of custom models."""

from __future__ import annotations

from datarobot_provider.core.request_operators import GetOperator


class GetCustomModelLimitsOperator(GetOperator):
    """Return the limits of custom models: memory, replicas, parallel users of a performance test.

    Route: GET ``/api/v2/customModelLimits/``.

    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    :returns: ``{"desiredCustomModelContainerSize", "maxCustomModelContainerSize",
        "maxCustomModelReplicasPerDeployment", "maxCustomModelTestingParallelUsers"}``; sizes in bytes.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModelLimits/"
