"""Datasets: upload, make of a URL, list, read, delete."""

from __future__ import annotations

from urllib.parse import urlsplit

from datarobot_provider.emulator.openapi.deviations import BOOLEAN_WORDS
from datarobot_provider.emulator.store import identity, seed
from datarobot_provider.emulator.store.jobs import FAILED, SUCCEEDED, Fate
from datarobot_provider.emulator.store.state import Dataset
from datarobot_provider.emulator.web.errors import invalid, not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_DATASETS = "/datasets/"
_DATASET = "/datasets/{datasetId}/"
_PAGE = 100
_SCHEMES = ("http", "https", "s3")


@route("POST", _DATASETS + "fromFile/")
def upload_dataset(call: Call) -> Response:
    """Take a CSV file as a dataset and read it in the background (POST /datasets/fromFile/)."""
    if len(call.files) != 1:
        raise invalid("file", f"exactly one file is needed, found {len(call.files)}")
    dataset, problem = _read(call.files[0].filename or "data.csv", call.files[0].file.read())
    return _ingest(call, dataset, problem)


@route("POST", _DATASETS + "fromURL/")
def read_url(call: Call) -> Response:
    """Make a dataset of a URL (POST /datasets/fromURL/): nothing is fetched, it has one column and no rows."""
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
    """List the datasets, newest first unless asked otherwise (GET /datasets/)."""
    rows = [d for d in call.state.datasets.values() if _there(call, d)]
    if call.query.get("filterFailed") in BOOLEAN_WORDS[:2]:
        rows = [d for d in rows if _state(call, d) != "ERROR"]
    if call.query.get("orderBy") != "created":
        rows.reverse()
    return call.page(rows, lambda d: _view(call, d), _PAGE)


@route("GET", _DATASET)
def get_dataset(call: Call) -> Response:
    """Answer one dataset (GET /datasets/{datasetId}/)."""
    dataset = _wanted(call)
    failed = dataset.ingest is not None and dataset.ingest.result(call.now()) not in {None, SUCCEEDED}
    message = dataset.ingest.fate.message if dataset.ingest else None
    created = identity.timestamp(dataset.created)
    details = {
        "dataSourceType": "",
        "description": "",
        "error": (message or "The file could not be read.") if failed else "",
        "featureCount": len(dataset.columns),
        "lastModificationDate": created,
        "lastModifierFullName": identity.USER_NAME,
        "tags": [],
        "uri": f"Uploaded: {dataset.name}",
    }
    return Response(200, {**_view(call, dataset), **details})


@route("DELETE", _DATASET)
def delete_dataset(call: Call) -> Response:
    """Delete a dataset (DELETE /datasets/{datasetId}/)."""
    _wanted(call).deleted = True
    return Response(204)


def _ingest(call: Call, dataset: Dataset, problem: str | None) -> Response:
    """Begin to read a dataset, which fails for the `problem` if there is one."""
    natural = Fate(FAILED, problem) if problem else Fate()
    dataset.ingest = call.state.start("dataset_upload", {"datasetId": dataset.id}, natural)
    call.state.datasets[dataset.id] = dataset
    record = call.state.track(dataset.ingest, _DATASET.format(datasetId=dataset.id))
    body = {"catalogId": dataset.id, "catalogVersionId": dataset.version_id, "statusId": record.id}
    return call.accepted(record, body)


def _read(name: str, content: bytes) -> tuple[Dataset, str | None]:
    """Return the dataset that a file holds, and why it holds none if it cannot be read."""
    try:
        dataset, problem = seed.make_dataset(name, content.decode("utf-8-sig")), None
    except ValueError as error:
        dataset = Dataset(identity.object_id(), identity.object_id(), name, [], [])
        problem = f"The file is not a CSV file that can be read: {error}"
    dataset.size = len(content)
    return dataset, problem


def _wanted(call: Call) -> Dataset:
    dataset = call.state.datasets.get(call.path["datasetId"])
    if dataset is None or not _there(call, dataset):
        raise not_found()
    return dataset


def _there(call: Call, dataset: Dataset) -> bool:
    return not dataset.deleted and not (dataset.ingest and dataset.ingest.gone(call.now()))


def _state(call: Call, dataset: Dataset) -> str:
    return dataset.ingest.word(call.now()) if dataset.ingest else "COMPLETED"


def _view(call: Call, dataset: Dataset) -> Json:
    return {
        "datasetId": dataset.id,
        "versionId": dataset.version_id,
        "name": dataset.name,
        "categories": ["TRAINING", "PREDICTION"],
        "creationDate": identity.timestamp(dataset.created),
        "createdBy": identity.USER_NAME,
        "dataPersisted": True,
        "isDataEngineEligible": True,
        "isLatestVersion": True,
        "isSnapshot": True,
        "datasetSize": dataset.size,
        "rowCount": len(dataset.rows),
        "processingState": _state(call, dataset),
    }
