"""Assets with the URI scheme ``datarobot``: ``datarobot://<connection id>/<path below /api/v2/>``.

Airflow imports this module in every process that creates an asset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from datarobot_provider.version_compat import Asset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from openlineage.client.event_v2 import Dataset

    from datarobot_provider.client.endpoint import Endpoint

_DEFAULT_CONNECTION = "datarobot_default"


def custom_model_uri(custom_model_id: str, datarobot_conn_id: str = _DEFAULT_CONNECTION) -> str:
    """Return the URI of the asset of a custom model. Its events are the new versions of the model.

    :param custom_model_id: id of the custom model.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    """
    return f"datarobot://{quote(datarobot_conn_id, safe='')}/customModels/{quote(custom_model_id, safe='')}"


def create_asset(
    *, custom_model_id: str, datarobot_conn_id: str = _DEFAULT_CONNECTION, extra: Mapping[str, Any] | None = None
) -> Asset:
    """Return the asset of a custom model; Airflow's factory for the scheme.

    :param custom_model_id: id of the custom model.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :param extra: extra of the asset; default ``None``.
    """
    return Asset(uri=custom_model_uri(custom_model_id, datarobot_conn_id), extra=dict(extra or {}))


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Check a URI of the scheme; called by Airflow.

    :raises ValueError: if the connection id or the path is missing.
    """
    if not uri.netloc or not uri.path.strip("/"):
        raise ValueError("A URI of DataRobot must look like datarobot://<connection id>/customModels/<id>")
    return uri


def convert_asset_to_openlineage(asset: Asset, lineage_context: object) -> Dataset | None:  # noqa: ARG001 - its signature
    """Return the OpenLineage dataset of an asset; called by the OpenLineage provider.

    :returns: ``None`` if the connection in the URI cannot be read.
    """
    from datarobot_provider.exceptions import ConfigurationError
    from datarobot_provider.hooks.datarobot import DataRobotHook

    uri = urlsplit(asset.uri)
    try:
        endpoint = DataRobotHook(unquote(uri.netloc)).endpoint
    except ConfigurationError:
        return None
    return lineage_dataset(endpoint, uri.path.strip("/"))


def lineage_dataset(endpoint: Endpoint, name: str, version: str | None = None) -> Dataset:
    """Return the OpenLineage dataset of a resource.

    :param endpoint: the installation of DataRobot, which is the namespace.
    :param name: path of the resource below ``/api/v2/``.
    :param version: id of the version of the resource; default ``None``.
    """
    from openlineage.client.event_v2 import Dataset
    from openlineage.client.facet_v2 import dataset_version_dataset, datasource_dataset

    host = endpoint.origin.partition("://")[2]
    facets: dict[str, Any] = {"dataSource": datasource_dataset.DatasourceDatasetFacet(name=host, uri=endpoint.origin)}
    if version:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=version)
    return Dataset(namespace=f"datarobot://{host}", name=name, facets=facets)
