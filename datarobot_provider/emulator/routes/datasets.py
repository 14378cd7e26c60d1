"""Datasets and their versions: create from a file, a URL or a data source, list, read, change, download, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.evaluation.table import Table, feature_types, read_table, write_table
from datarobot_provider.emulator.openapi.deviations import TRUE_STRINGS
from datarobot_provider.emulator.store.data_sources import DATA_STORE, read_data_source
from datarobot_provider.emulator.store.entities import Dataset
from datarobot_provider.emulator.store.jobs import FAILED, PlannedOutcome
from datarobot_provider.emulator.web.routing import Call, Json, Response, Stream, route

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATASETS = "/datasets/"
_DATASET = "/datasets/{datasetId}/"
_VERSIONS = "/datasets/{datasetId}/versions/"
_VERSION = "/datasets/{datasetId}/versions/{datasetVersionId}/"
_PAGE = 100
_SCHEMES = ("http", "https", "s3")
#: The name of a dataset until its data is read.
_UNTITLED = "Untitled Dataset"
_RUNNING = frozenset({"REGISTERING", "RUNNING"})


@route("POST", _DATASETS + "fromFile/")
def create_from_file(call: Call) -> Response:
    """Upload a CSV file, which a job reads (POST /datasets/fromFile/)."""
    return _add(call, *_from_file(call))


@route("POST", _DATASETS + "fromURL/")
def create_from_url(call: Call) -> Response:
    """Create a dataset from a URL (POST /datasets/fromURL/).

    The URL is not fetched. The dataset has one column and no rows.
    """
    _check_snapshot(call)
    return _add(call, _from_url(call), None)


@route("POST", _DATASETS + "fromDataSource/")
def create_from_data_source(call: Call) -> Response:
    """Create a dataset from a data source (POST /datasets/fromDataSource/)."""
    _check_snapshot(call)
    return _add(call, _from_data_source(call), None)


@route("POST", _VERSIONS + "fromFile/")
def create_version_from_file(call: Call) -> Response:
    """Upload a new version of a dataset (POST /datasets/{datasetId}/versions/fromFile/)."""
    return _add(call, *_from_file(call), _requested(call))


@route("POST", _VERSIONS + "fromURL/")
def create_version_from_url(call: Call) -> Response:
    """Create a version of a dataset from a URL (POST /datasets/{datasetId}/versions/fromURL/)."""
    return _add(call, _from_url(call), None, _requested(call))


@route("POST", _VERSIONS + "fromDataSource/")
def create_version_from_data_source(call: Call) -> Response:
    """Create a version of a dataset from a data source (POST /datasets/{datasetId}/versions/fromDataSource/)."""
    return _add(call, _from_data_source(call), None, _requested(call))


@route("GET", _DATASETS)
def list_datasets(call: Call) -> Response:
    """List the datasets, newest first by default (GET /datasets/)."""
    return _page(call, (dataset for dataset in call.state.datasets.values() if _exists(call, dataset)))


@route("GET", _VERSIONS)
def list_versions(call: Call) -> Response:
    """List the versions of a dataset, newest first by default (GET /datasets/{datasetId}/versions/)."""
    return _page(call, _existing_versions(call, _requested(call)))


@route("GET", _DATASET)
def get_dataset(call: Call) -> Response:
    """Return a dataset (GET /datasets/{datasetId}/)."""
    return Response(200, _details(call, _requested(call)))


@route("GET", _VERSION)
def get_version(call: Call) -> Response:
    """Return a version of a dataset (GET /datasets/{datasetId}/versions/{datasetVersionId}/)."""
    wanted = call.path["datasetVersionId"]
    version = next((v for v in _existing_versions(call, _requested(call)) if v.version_id == wanted), None)
    if version is None:
        raise not_found()
    return Response(200, _details(call, version))


@route("PATCH", _DATASET)
def update_dataset(call: Call) -> Response:
    """Change the name or the categories of a dataset (PATCH /datasets/{datasetId}/)."""
    dataset = _requested(call)
    for version in dataset.versions:
        version.name = call.body.get("name", version.name)
    dataset.categories = _categories(call, dataset.categories)
    return Response(200, _serialize(call, dataset))


@route("GET", _DATASET + "file/")
def download_dataset(call: Call) -> Response:
    """Return the data of a dataset as CSV (GET /datasets/{datasetId}/file/)."""
    dataset = _requested(call)
    if not dataset.is_ready(call.now()):
        raise ApiError(409, "The dataset has not been read to its end.")
    content = write_table(dataset.columns, dataset.rows)
    headers = {"Content-Type": "text/csv", "Content-Disposition": 'attachment; filename="dataset.csv"'}
    return Response(200, headers=headers, stream=Stream(len(content), iter([content])))


@route("DELETE", _DATASET)
def delete_dataset(call: Call) -> Response:
    """Delete a dataset (DELETE /datasets/{datasetId}/)."""
    _requested(call).deleted = True
    return Response(204)


def _from_file(call: Call) -> tuple[Dataset, str | None]:
    """Return the dataset in the uploaded file and None, or an empty one and the reason why the file is invalid."""
    if len(call.files) != 1:
        raise invalid("file", f"exactly one file is needed, found {len(call.files)}")
    name, content = call.files[0].filename or "data.csv", call.files[0].file.read()
    try:
        table, problem = read_table(content), None
    except ValueError as error:
        table, problem = Table([], []), f"The file {name} is not a CSV file that can be read: {error}."
    dataset = Dataset(identifiers.object_id(), identifiers.object_id(), name, *table, size=len(content), uri=name)
    return dataset, problem


def _from_url(call: Call) -> Dataset:
    try:
        url = urlsplit(call.body["url"])
    except ValueError as error:
        raise invalid("url", f"is not a URL: {error}") from error
    if url.scheme not in _SCHEMES or not url.netloc:
        raise invalid("url", f"has to begin with {' or '.join(f'{scheme}://' for scheme in _SCHEMES)}")
    name = url.path.rstrip("/").rsplit("/", 1)[-1] or url.netloc
    ids = (identifiers.object_id(), identifiers.object_id())
    return Dataset(*ids, name, ["column"], [], uri=call.body["url"], source_type="url")


def _from_data_source(call: Call) -> Dataset:
    source = call.state.data_sources.get(call.body["dataSourceId"])
    if source is None:
        raise invalid("dataSourceId", "there is no data source with this ID")
    ids = (identifiers.object_id(), identifiers.object_id())
    table = read_data_source(call.state, source)
    uri = DATA_STORE["params"]["jdbcUrl"]
    return Dataset(*ids, source.name, *table, uri=uri, source_type=source.type, source_id=source.id)


def _check_snapshot(call: Call) -> None:
    """Check that a request that stores a copy of the data also keeps it.

    :raises ApiError: with status 422 if it does not.
    """
    if call.body.get("doSnapshot") and call.body.get("persistDataAfterIngestion") is False:
        raise invalid("persistDataAfterIngestion", "has to be true for a snapshot")


def _add(call: Call, dataset: Dataset, problem: str | None, previous: Dataset | None = None) -> Response:
    """Add a dataset or a version and start the job that reads it.

    :param problem: the reason why the job fails, or None.
    :param previous: the newest version of the dataset, or None for a new dataset.
    """
    target = _DATASET
    if previous is not None:
        dataset.id, dataset.name, dataset.older, previous.older = previous.id, previous.name, previous.versions, []
        dataset.categories, target = previous.categories, _VERSION
    dataset.categories = _categories(call, dataset.categories)
    default = PlannedOutcome(FAILED, problem) if problem else PlannedOutcome()
    dataset.ingest = call.state.start_job("dataset_upload", {"datasetId": dataset.id}, default)
    call.state.datasets[dataset.id] = dataset
    location = target.format(datasetId=dataset.id, datasetVersionId=dataset.version_id)
    record = call.state.create_status_record(dataset.ingest, location)
    body = {"catalogId": dataset.id, "catalogVersionId": dataset.version_id, "statusId": record.id}
    return call.accepted(record, body)


def _categories(call: Call, current: list[str]) -> list[str]:
    """Return the categories in a request, a string or a list; by default the current ones."""
    given = call.body.get("categories", current)
    return [given] if isinstance(given, str) else given


def _requested(call: Call) -> Dataset:
    """Return the newest version of the dataset in the path."""
    dataset = call.state.datasets.get(call.path["datasetId"])
    if dataset is None or not _exists(call, dataset):
        raise not_found()
    return dataset


def _exists(call: Call, dataset: Dataset) -> bool:
    return not dataset.deleted and bool(_existing_versions(call, dataset))


def _existing_versions(call: Call, dataset: Dataset) -> list[Dataset]:
    """Return the versions of a dataset without those whose job has expired."""
    return [v for v in dataset.versions if not (v.ingest and v.ingest.expired(call.now()))]


def _page(call: Call, datasets: Iterable[Dataset]) -> Response:
    rows = list(datasets)
    if call.query.get("filterFailed") in TRUE_STRINGS:
        rows = [d for d in rows if _state(call, d) != "ERROR"]
    if category := call.query.get("category"):
        rows = [d for d in rows if category in d.categories]
    if call.query.get("orderBy") != "created":
        rows.reverse()
    return call.page(rows, lambda d: _serialize(call, d), _PAGE)


def _state(call: Call, dataset: Dataset) -> str:
    return dataset.ingest.state(call.now()) if dataset.ingest else "COMPLETED"


def _serialize(call: Call, dataset: Dataset) -> Json:
    """Return a dataset as the lists of the API contain it. Its name is unknown until it is read."""
    state = _state(call, dataset)
    return {
        "datasetId": dataset.id,
        "versionId": dataset.version_id,
        "name": _UNTITLED if state in _RUNNING and not dataset.older else dataset.name,
        "categories": dataset.categories,
        "creationDate": timestamps.iso_format(dataset.created),
        "createdBy": users.USER_NAME,
        "dataPersisted": True,
        "isDataEngineEligible": True,
        "isLatestVersion": call.state.datasets[dataset.id] is dataset,
        "isSnapshot": True,
        "datasetSize": 0 if state in _RUNNING else dataset.size,
        "rowCount": 0 if state in _RUNNING else len(dataset.rows),
        "processingState": state,
    }


def _details(call: Call, dataset: Dataset) -> Json:
    """Return a dataset as the API returns a single one."""
    running = _state(call, dataset) in _RUNNING
    failed = not running and not dataset.is_ready(call.now())
    message = dataset.ingest.planned.message if dataset.ingest else None
    types = feature_types(Table(dataset.columns, dataset.rows)) if not running else []
    return {
        **_serialize(call, dataset),
        "dataSourceType": "" if running else dataset.source_type,
        "dataSourceId": None if running else dataset.source_id,
        "description": "",
        "error": (message or "The file could not be read.") if failed else "",
        "featureCount": 0 if running else len(dataset.columns),
        "featureCountByType": types,
        "lastModificationDate": timestamps.iso_format(dataset.created),
        "lastModifierFullName": users.USER_NAME,
        "tags": [],
        "uri": "N/A" if running else dataset.uri or dataset.name,
    }
