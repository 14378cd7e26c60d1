"""Datasets: upload, create from a URL, list, read, delete."""

from __future__ import annotations

from urllib.parse import urlsplit

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import invalid, not_found
from datarobot_provider.emulator.openapi.deviations import TRUE_STRINGS
from datarobot_provider.emulator.store import seed
from datarobot_provider.emulator.store.entities import Dataset
from datarobot_provider.emulator.store.jobs import FAILED, SUCCEEDED, PlannedOutcome
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_DATASETS = "/datasets/"
_DATASET = "/datasets/{datasetId}/"
_PAGE = 100
_SCHEMES = ("http", "https", "s3")


@route("POST", _DATASETS + "fromFile/")
def upload_dataset(call: Call) -> Response:
    """Upload a CSV file, which a job reads (POST /datasets/fromFile/)."""
    if len(call.files) != 1:
        raise invalid("file", f"exactly one file is needed, found {len(call.files)}")
    dataset, problem = _read(call.files[0].filename or "data.csv", call.files[0].file.read())
    return _ingest(call, dataset, problem)


@route("POST", _DATASETS + "fromURL/")
def read_url(call: Call) -> Response:
    """Create a dataset from a URL (POST /datasets/fromURL/).

    The URL is not fetched. The dataset has one column and no rows.
    """
    try:
        url = urlsplit(call.body["url"])
    except ValueError as error:
        raise invalid("url", f"is not a URL: {error}") from error
    if url.scheme not in _SCHEMES or not url.netloc:
        raise invalid("url", f"has to begin with {' or '.join(f'{scheme}://' for scheme in _SCHEMES)}")
    name = url.path.rstrip("/").rsplit("/", 1)[-1] or url.netloc
    return _ingest(call, seed.make_dataset(name, "column\n"), None)


@route("GET", _DATASETS)
def list_datasets(call: Call) -> Response:
    """List the datasets, newest first by default (GET /datasets/)."""
    rows = [d for d in call.state.datasets.values() if _exists(call, d)]
    if call.query.get("filterFailed") in TRUE_STRINGS:
        rows = [d for d in rows if _state(call, d) != "ERROR"]
    if call.query.get("orderBy") != "created":
        rows.reverse()
    return call.page(rows, lambda d: _serialize(call, d), _PAGE)


@route("GET", _DATASET)
def get_dataset(call: Call) -> Response:
    """Return a dataset (GET /datasets/{datasetId}/)."""
    dataset = _requested(call)
    failed = dataset.ingest is not None and dataset.ingest.result(call.now()) not in {None, SUCCEEDED}
    message = dataset.ingest.planned.message if dataset.ingest else None
    created = timestamps.iso_format(dataset.created)
    details = {
        "dataSourceType": "",
        "description": "",
        "error": (message or "The file could not be read.") if failed else "",
        "featureCount": len(dataset.columns),
        "lastModificationDate": created,
        "lastModifierFullName": users.USER_NAME,
        "tags": [],
        "uri": f"Uploaded: {dataset.name}",
    }
    return Response(200, {**_serialize(call, dataset), **details})


@route("DELETE", _DATASET)
def delete_dataset(call: Call) -> Response:
    """Delete a dataset (DELETE /datasets/{datasetId}/)."""
    _requested(call).deleted = True
    return Response(204)


def _ingest(call: Call, dataset: Dataset, problem: str | None) -> Response:
    """Start the job that reads a dataset.

    :param problem: the reason why the job fails, or None.
    """
    default = PlannedOutcome(FAILED, problem) if problem else PlannedOutcome()
    dataset.ingest = call.state.start_job("dataset_upload", {"datasetId": dataset.id}, default)
    call.state.datasets[dataset.id] = dataset
    record = call.state.create_status_record(dataset.ingest, _DATASET.format(datasetId=dataset.id))
    body = {"catalogId": dataset.id, "catalogVersionId": dataset.version_id, "statusId": record.id}
    return call.accepted(record, body)


def _read(name: str, content: bytes) -> tuple[Dataset, str | None]:
    """Return the dataset in a file and None, or an empty dataset and the reason why the file is invalid."""
    try:
        dataset, problem = seed.make_dataset(name, content.decode("utf-8-sig")), None
    except ValueError as error:
        dataset = Dataset(identifiers.object_id(), identifiers.object_id(), name, [], [])
        problem = f"The file is not a CSV file that can be read: {error}"
    dataset.size = len(content)
    return dataset, problem


def _requested(call: Call) -> Dataset:
    dataset = call.state.datasets.get(call.path["datasetId"])
    if dataset is None or not _exists(call, dataset):
        raise not_found()
    return dataset


def _exists(call: Call, dataset: Dataset) -> bool:
    return not dataset.deleted and not (dataset.ingest and dataset.ingest.expired(call.now()))


def _state(call: Call, dataset: Dataset) -> str:
    return dataset.ingest.state(call.now()) if dataset.ingest else "COMPLETED"


def _serialize(call: Call, dataset: Dataset) -> Json:
    return {
        "datasetId": dataset.id,
        "versionId": dataset.version_id,
        "name": dataset.name,
        "categories": ["TRAINING", "PREDICTION"],
        "creationDate": timestamps.iso_format(dataset.created),
        "createdBy": users.USER_NAME,
        "dataPersisted": True,
        "isDataEngineEligible": True,
        "isLatestVersion": True,
        "isSnapshot": True,
        "datasetSize": dataset.size,
        "rowCount": len(dataset.rows),
        "processingState": _state(call, dataset),
    }
