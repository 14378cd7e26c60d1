"""Operators for resource bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import GetOperator, ListOperator

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id, StringList


class ListResourceBundlesOperator(ListOperator):
    """Return the resource bundles: the sizes of CPU, GPU and memory that a model can run with.

    Route: GET ``/api/v2/mlops/compute/bundles/``.

    :param use_cases: only bundles for these uses, such as ``customModel``; templated.
    :param limit: maximum number of bundles; default: all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of bundles.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET mlops/compute/bundles/"

    def __init__(self, *, use_cases: StringList | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_cases = use_cases


class GetResourceBundleOperator(GetOperator):
    """Return a resource bundle.

    Route: GET ``/api/v2/mlops/compute/bundles/{resourceBundleId}/``.

    :param resource_bundle_id: id of the bundle, such as ``cpu.small``; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the bundle, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET mlops/compute/bundles/{resource_bundle_id}/"

    def __init__(self, *, resource_bundle_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.resource_bundle_id = resource_bundle_id
