"""Operators for data sources, which are tables or queries of a data store, such as a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.request_operators import (
    CreateOrReuseOperator,
    GetOperator,
    ListOperator,
    UnpagedListOperator,
)
from datarobot_provider.core.submission.recovery import CreatedResource, fields_match
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Boolean, Id, PositiveInteger, String


class ListDataStoresOperator(ListOperator):
    """Return the data stores that the user of the connection can access: databases and other storage.

    Route: GET ``/api/v2/externalDataStores/``. All arguments are templated.

    :param name: only data stores with this text in their name.
    :param type: only data stores of this type: ``jdbc``, which is DataRobot's default, ``dr-database-v1``,
        ``dr-connector-v1``, ``databases`` or ``all``.
    :param data_type: only data stores for this kind of data: ``structured``, ``unstructured`` or ``all``, which is
        DataRobot's default.
    :param database_type: only data stores of this type of database.
    :param connector_type: only data stores of this type of connector.
    :param show_hidden: also return hidden data stores.
    :param substitute_url_parameters: replace the variables in the URLs of the data stores.
    :param limit: maximum number of data stores; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of data stores.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET externalDataStores/"

    def __init__(
        self,
        *,
        name: String | None = None,
        type: String | None = None,  # noqa: A002 - the name of the field in the API
        data_type: String | None = None,
        database_type: String | None = None,
        connector_type: String | None = None,
        show_hidden: Boolean | None = None,
        substitute_url_parameters: Boolean | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.type = type
        self.data_type = data_type
        self.database_type = database_type
        self.connector_type = connector_type
        self.show_hidden = show_hidden
        self.substitute_url_parameters = substitute_url_parameters


class CreateDataSourceOperator(CreateOrReuseOperator):
    """Create a data source, or get the existing one by its name.

    Route: POST ``/api/v2/externalDataSources/``. All arguments are templated.

    :param canonical_name: name of the data source; required.
    :param data_store_id: id of the data store, see ``ListDataStoresOperator``; required.
    :param table: name of the table.
    :param schema: name of the schema of the table.
    :param catalog: name of the catalog of the table.
    :param query: SQL query, instead of a table.
    :param partition_column: column by which DataRobot reads the table in parts.
    :param fetch_size: number of rows that DataRobot reads at once, 1 to 20000.
    :param path: path of a file, in a data store that contains files.
    :param filter: filter of a data store of the type ``dr-connector-v1``.
    :param type: ``jdbc`` (default), ``dr-database-v1`` or ``dr-connector-v1``.
    :param if_exists: what to do if a data source with this name already exists: ``create`` another one (default),
        ``reuse`` it, or ``fail``.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the data source, a string.
    :raises AirflowFailException: if an argument is wrong or DataRobot refuses the request.
    """

    route = "POST externalDataSources/"
    noun = "data source"
    name_field = "canonicalName"
    created_at = "updated"
    creates = (routes.DATA_SOURCE_RESOURCE,)

    def __init__(
        self,
        *,
        canonical_name: String,
        data_store_id: Id,
        table: String | None = None,
        schema: String | None = None,
        catalog: String | None = None,
        query: String | None = None,
        partition_column: String | None = None,
        fetch_size: PositiveInteger | None = None,
        path: String | None = None,
        filter: String | None = None,  # noqa: A002 - the name of the field in the API
        type: String = "jdbc",  # noqa: A002 - the name of the field in the API
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.canonical_name = canonical_name
        self.data_store_id = data_store_id
        self.table = table
        self.schema = schema
        self.catalog = catalog
        self.query = query
        self.partition_column = partition_column
        self.fetch_size = fetch_size
        self.path = path
        self.filter = filter
        self.type = type

    def check(self) -> None:
        """Check the arguments."""
        super().check()
        given = [name for name in ("table", "query", "path") if getattr(self, name) is not None]
        if len(given) != 1:
            raise InputError("Give either table, query or path: that is what the data source reads.")

    def payload(self) -> dict[str, Any]:
        """Return the fields of the request. Airflow reserves the attribute ``params``."""
        fields = super().payload()
        return {**{name: fields.pop(name) for name in ("type", "canonicalName")}, "params": fields}

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the data sources of all types, the last changed first; the list has no pages."""
        rows = self.hook.client.unpaged_items(self.path_of(), {"type": "all"})
        return sorted(rows, key=lambda row: str(row.get("updated")), reverse=True)[:limit]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a data source has the name, the type and the parameters of this task."""
        return fields_match(row, self.payload(), ("canonicalName", "type", "params"))

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return a data source as created by this task."""
        data_source_id = required(row, "id")
        return CreatedResource(data_source_id, {"data_source_id": data_source_id})


class ListDataSourcesOperator(UnpagedListOperator):
    """Return the data sources that the user of the connection can access.

    Route: GET ``/api/v2/externalDataSources/``. All arguments are templated.

    :param type: only data sources of this type: ``databases``, which is DataRobot's default, ``jdbc``,
        ``dr-database-v1``, ``dr-connector-v1`` or ``all``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of data sources.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET externalDataSources/"

    def __init__(
        self,
        *,
        type: String | None = None,  # noqa: A002 - the name of the field in the API
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.type = type


class GetDataSourceOperator(GetOperator):
    """Return a data source.

    Route: GET ``/api/v2/externalDataSources/{dataSourceId}/``.

    :param data_source_id: id of the data source; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the data source, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET externalDataSources/{data_source_id}/"

    def __init__(self, *, data_source_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_source_id = data_source_id
