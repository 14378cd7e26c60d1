"""Operators for versions of datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import GetOperator
from datarobot_provider.core.resource_operators import (
    DatasetListOperator,
    DatasetOperator,
    DatasetVersionImport,
    DataSourceImport,
    FileImport,
    UrlImport,
)
from datarobot_provider.links.datarobot import DatasetLink

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id


class CreateDatasetVersionFromFileOperator(FileImport, DatasetVersionImport):
    """Create a version of a dataset from a file, and wait until its data is read.

    Route: POST ``/api/v2/datasets/{datasetId}/versions/fromFile/``. Every argument up to ``categories`` is templated.
    The API cannot cancel this job.

    :param dataset_id: id of the dataset; required.
    :param file: local path, or any path that Airflow's object storage supports, such as ``s3://conn_id@bucket/key``, as
        a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; it is streamed; required.
    :param categories: ``TRAINING``, ``PREDICTION``, or a list of both; DataRobot's default is both.
    :param wait_for_completion: wait until the data is read; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a string.
    :raises AirflowFailException: if the file or an argument is wrong, DataRobot refuses the request, or the file is no
        table; in that case the version exists, in the state ``ERROR``.
    """

    route = "POST datasets/{dataset_id}/versions/fromFile/"
    kind = "dataset_version_from_file"


class CreateDatasetVersionFromUrlOperator(UrlImport, DatasetVersionImport):
    """Create a version of a dataset from a URL that DataRobot reads, and wait until its data is read.

    Route: POST ``/api/v2/datasets/{datasetId}/versions/fromURL/``. Every argument up to ``categories`` is templated.
    The API cannot cancel this job.

    :param dataset_id: id of the dataset; required.
    :param url: the URL, which DataRobot reads, such as ``https://…`` or ``s3://…``; required. It is visible in
        DataRobot and in Airflow, so it should not contain a secret.
    :param categories: ``TRAINING``, ``PREDICTION``, or a list of both; DataRobot's default is both.
    :param wait_for_completion: wait until the data is read; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a string.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if DataRobot cannot read the URL; in that case the version exists, in the state ``ERROR``.
    """

    route = "POST datasets/{dataset_id}/versions/fromURL/"
    kind = "dataset_version_from_url"


class CreateDatasetVersionFromDataSourceOperator(DataSourceImport, DatasetVersionImport):
    """Create a version of a dataset from a data source, and wait until its data is read.

    Route: POST ``/api/v2/datasets/{datasetId}/versions/fromDataSource/``. Every argument up to ``categories`` is
    templated. The API cannot cancel this job.

    :param dataset_id: id of the dataset; required.
    :param data_source_id: id of the data source; required.
    :param credential_id: id of the credential for the database.
    :param use_kerberos: log in with Kerberos; DataRobot's default is ``False``.
    :param categories: ``TRAINING``, ``PREDICTION``, or a list of both; DataRobot's default is both.
    :param wait_for_completion: wait until the data is read; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a string.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if the data cannot be read; in that case the version exists, in the state ``ERROR``.
    """

    route = "POST datasets/{dataset_id}/versions/fromDataSource/"
    kind = "dataset_version_from_data_source"


class GetDatasetVersionOperator(GetOperator, DatasetOperator):
    """Return a version of a dataset: its state, size and number of rows.

    Route: GET ``/api/v2/datasets/{datasetId}/versions/{datasetVersionId}/``.

    :param dataset_id: id of the dataset; templated; required.
    :param dataset_version_id: id of the version; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the version, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET datasets/{dataset_id}/versions/{dataset_version_id}/"
    operator_extra_links = (DatasetLink(),)

    def __init__(self, *, dataset_version_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_version_id = dataset_version_id


class ListDatasetVersionsOperator(DatasetListOperator, DatasetOperator):
    """Return the versions of a dataset, newest first.

    Route: GET ``/api/v2/datasets/{datasetId}/versions/``. All arguments are templated.

    :param dataset_id: id of the dataset; required.
    :param category: only versions of this category, ``TRAINING`` or ``PREDICTION``.
    :param filter_failed: leave out versions whose data could not be read; DataRobot's default is ``False``.
    :param order_by: ``created``, or ``-created`` for the newest first, which is DataRobot's default.
    :param limit: maximum number of versions; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of versions.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET datasets/{dataset_id}/versions/"
