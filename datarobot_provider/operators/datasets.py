"""Operators for datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import (
    DeleteOperator,
    DownloadOperator,
    GetOperator,
    UpdateOperator,
)
from datarobot_provider.core.resource_operators import (
    DatasetImport,
    DatasetListOperator,
    DatasetOperator,
    DataSourceImport,
    FileImport,
    UrlImport,
)
from datarobot_provider.links.datarobot import DatasetLink

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Boolean, Object, String, StringOrStringList


class _SnapshotImport(DatasetImport):
    """Base of the operators that let DataRobot read data which it may store.

    :param do_snapshot: store a copy of the data; templated.
    :param persist_data_after_ingestion: keep the data, for profiles and previews; templated.
    :param sample_size: read only a part: ``{"type": "rows", "value": …}``; templated.
    """

    def __init__(
        self,
        *,
        do_snapshot: Boolean | None = None,
        persist_data_after_ingestion: Boolean | None = None,
        sample_size: Object | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.do_snapshot = do_snapshot
        self.persist_data_after_ingestion = persist_data_after_ingestion
        self.sample_size = sample_size


class CreateDatasetFromFileOperator(FileImport):
    """Create a dataset from a file, and wait until its data is read.

    Route: POST ``/api/v2/datasets/fromFile/``. Every argument up to ``categories`` is templated. The API cannot cancel
    this job.

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
    :returns: the id of the dataset, a string.
    :raises AirflowFailException: if the file or an argument is wrong, DataRobot refuses the request, or the file is no
        table; in that case the dataset exists, in the state ``ERROR``.
    """

    route = "POST datasets/fromFile/"
    kind = "dataset_from_file"


class CreateDatasetFromUrlOperator(_SnapshotImport, UrlImport):
    """Create a dataset from a URL that DataRobot reads, and wait until its data is read.

    Route: POST ``/api/v2/datasets/fromURL/``. Every argument up to ``categories`` is templated. The API cannot cancel
    this job.

    :param url: the URL, which DataRobot reads, such as ``https://…`` or ``s3://…``; required. It is visible in
        DataRobot and in Airflow, so it should not contain a secret.
    :param do_snapshot: store a copy of the data; DataRobot's default is ``True``.
    :param persist_data_after_ingestion: keep the data, for profiles and previews; required for a snapshot; DataRobot's
        default is ``True``.
    :param sample_size: read only a part: ``{"type": "rows", "value": …}``.
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
    :returns: the id of the dataset, a string.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if DataRobot cannot read the URL; in that case the dataset exists, in the state ``ERROR``.
    """

    route = "POST datasets/fromURL/"
    kind = "dataset_from_url"


class CreateDatasetFromDataSourceOperator(_SnapshotImport, DataSourceImport):
    """Create a dataset from a data source, such as a table of a database, and wait until its data is read.

    Route: POST ``/api/v2/datasets/fromDataSource/``. Every argument up to ``categories`` is templated. The API cannot
    cancel this job.

    :param data_source_id: id of the data source; required.
    :param credential_id: id of the credential for the database.
    :param use_kerberos: log in with Kerberos; DataRobot's default is ``False``.
    :param do_snapshot: store a copy of the data; DataRobot's default is ``True``.
    :param persist_data_after_ingestion: keep the data, for profiles and previews; required for a snapshot; DataRobot's
        default is ``True``.
    :param sample_size: read only a part: ``{"type": "rows", "value": …}``.
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
    :returns: the id of the dataset, a string.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if the data cannot be read; in that case the dataset exists, in the state ``ERROR``.
    """

    route = "POST datasets/fromDataSource/"
    kind = "dataset_from_data_source"


class GetDatasetOperator(GetOperator, DatasetOperator):
    """Return a dataset: its newest version, state, size and number of rows.

    Route: GET ``/api/v2/datasets/{datasetId}/``.

    :param dataset_id: id of the dataset; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the dataset, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET datasets/{dataset_id}/"
    operator_extra_links = (DatasetLink(),)


class ListDatasetsOperator(DatasetListOperator):
    """Return the datasets that the user of the connection can access, newest first.

    Route: GET ``/api/v2/datasets/``. All arguments are templated.

    :param category: only datasets of this category, ``TRAINING`` or ``PREDICTION``.
    :param filter_failed: leave out datasets whose data could not be read; DataRobot's default is ``False``.
    :param order_by: ``created``, or ``-created`` for the newest first, which is DataRobot's default.
    :param limit: maximum number of datasets; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of datasets.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET datasets/"


class UpdateDatasetOperator(UpdateOperator, DatasetOperator):
    """Change the name or the categories of a dataset.

    Route: PATCH ``/api/v2/datasets/{datasetId}/``. All arguments are templated.

    :param dataset_id: id of the dataset; required.
    :param name: name of the dataset.
    :param categories: ``TRAINING``, ``PREDICTION``, or a list of both.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the dataset after the change, an object.
    :raises AirflowFailException: if no field is given, or DataRobot refuses the request.
    """

    route = "PATCH datasets/{dataset_id}/"

    def __init__(
        self, *, name: String | None = None, categories: StringOrStringList | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.categories = categories


class DownloadDatasetOperator(DownloadOperator, DatasetOperator):
    """Download the data of a dataset as CSV.

    Route: GET ``/api/v2/datasets/{datasetId}/file/``. All arguments are templated.

    :param dataset_id: id of the dataset; required.
    :param target: local path, or any path that Airflow's object storage supports, such as ``s3://conn_id@bucket/key``,
        as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete;
        required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, or the target cannot be written.
    :raises AirflowException: if the connection is interrupted too often.
    """

    route = "GET datasets/{dataset_id}/file/"


class DeleteDatasetOperator(DeleteOperator, DatasetOperator):
    """Delete a dataset with all of its versions.

    Route: DELETE ``/api/v2/datasets/{datasetId}/``.

    :param dataset_id: id of the dataset; templated; required.
    :param ignore_if_missing: succeed if the dataset does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE datasets/{dataset_id}/"
