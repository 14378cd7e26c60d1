"""Data stores: list. Data sources: create, list, read."""

from __future__ import annotations

from datarobot_provider.emulator.common import timestamps, users
from datarobot_provider.emulator.common.errors import invalid, not_found
from datarobot_provider.emulator.store.data_sources import DATA_STORE, DataSource
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_SOURCES = "/externalDataSources/"
_JDBC = "jdbc"
_DATABASES = (_JDBC, "dr-database-v1")


@route("GET", "/externalDataStores/")
def list_data_stores(call: Call) -> Response:
    """List the data stores, by default those of the type jdbc (GET /externalDataStores/)."""
    name = (call.query.get("name") or "").lower()
    shown = name in DATA_STORE["canonicalName"].lower() and _has_type(call, DATA_STORE["type"], _JDBC)
    return call.page([DATA_STORE] if shown else [], dict)


@route("POST", _SOURCES)
def create_data_source(call: Call) -> Response:
    """Create a data source (POST /externalDataSources/)."""
    params = call.body["params"]
    if params.get("dataStoreId") != DATA_STORE["id"]:
        raise invalid("params.dataStoreId", "there is no data store with this ID")
    if params.get("query") and params.get("table"):
        raise invalid("params.query", "is incompatible with params.table")
    source = DataSource(call.body["type"], call.body["canonicalName"], params)
    call.state.data_sources[source.id] = source
    return Response(201, _serialize(source))


@route("GET", _SOURCES)
def list_data_sources(call: Call) -> Response:
    """List the data sources, by default those of databases; the list has no pages (GET /externalDataSources/)."""
    sources = [each for each in call.state.data_sources.values() if _has_type(call, each.type, "databases")]
    return Response(200, {"data": [_serialize(each) for each in sources]})


@route("GET", _SOURCES + "{dataSourceId}/")
def get_data_source(call: Call) -> Response:
    """Return a data source (GET /externalDataSources/{dataSourceId}/)."""
    source = call.state.data_sources.get(call.path["dataSourceId"])
    if source is None:
        raise not_found()
    return Response(200, _serialize(source))


def _has_type(call: Call, kind: str, default: str) -> bool:
    wanted = call.query.get("type") or default
    return wanted in {"all", kind} or (wanted == "databases" and kind in _DATABASES)


def _serialize(source: DataSource) -> Json:
    return {
        "id": source.id,
        "type": source.type,
        "canonicalName": source.name,
        "creator": users.USER_ID,
        "params": source.params,
        "updated": timestamps.iso_format(source.updated),
        "role": "OWNER",
    }
