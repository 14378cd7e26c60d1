"""Data stores and data sources. The emulator has one data store, whose tables are its datasets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.evaluation.table import Table
from datarobot_provider.emulator.store.snapshot import snapshot_class

if TYPE_CHECKING:
    from datetime import datetime

    from datarobot_provider.emulator.store.state import State

#: The data store, the same in every emulator, as the API returns it.
DATA_STORE: dict[str, Any] = {
    "id": "65a0000000000000000000c9",
    "type": "jdbc",
    "canonicalName": "Emulated warehouse",
    "creator": users.USER_ID,
    "params": {"driverId": "65a0000000000000000000ca", "jdbcUrl": "jdbc:postgresql://warehouse.example.com/datasets"},
    "updated": "2026-01-01T00:00:00.000000Z",
    "role": "OWNER",
}


@snapshot_class
@dataclass
class DataSource:
    """A table or a query of the data store.

    :param type: the type of the data source, such as ``jdbc``.
    :param params: the fields ``dataStoreId``, ``table`` and ``query``, among others.
    """

    type: str
    name: str
    params: dict[str, Any]
    id: str = field(default_factory=identifiers.object_id)
    updated: datetime = field(default_factory=timestamps.now)


def read_data_source(state: State, data_source: DataSource) -> Table:
    """Return the rows of the dataset with the name of the table; any other source has one column and no rows."""
    table = data_source.params.get("table")
    found = next((each for each in state.datasets.values() if table and each.name == table), None)
    return Table(found.columns, found.rows) if found else Table(["column"], [])
