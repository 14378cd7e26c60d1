"""Base class of the operators."""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.client.routes import route
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.arguments.converters import payload
from datarobot_provider.core.arguments.declarations import DeclaredArguments
from datarobot_provider.core.errors import airflow_errors
from datarobot_provider.hooks.datarobot import DataRobotHook, UsesDataRobotHook
from datarobot_provider.jobs.model import placeholders
from datarobot_provider.links.datarobot import DataRobotLink
from datarobot_provider.version_compat import BaseOperator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.providers.openlineage.extractors import OperatorLineage

    from datarobot_provider.client.files import ModelFile
    from datarobot_provider.client.request import Response
    from datarobot_provider.client.tar_archive import TarArchive
    from datarobot_provider.core.arguments.types import ConnectionId
    from datarobot_provider.version_compat import Context

ID_KEY = "datarobot_id"


class DataRobotBaseOperator(DeclaredArguments, UsesDataRobotHook, BaseOperator):
    """Base of the operators: the connection, checked arguments, the request, readable errors, links.

    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    """

    #: Resources of ``client/routes.py`` that the task reads and creates.
    reads: ClassVar[Sequence[str]] = ()
    creates: ClassVar[Sequence[str]] = ()

    ui_color = "#e4e4fd"

    def __init__(self, *, datarobot_conn_id: ConnectionId = DataRobotHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.datarobot_conn_id = datarobot_conn_id
        self.known_ids: dict[str, str] = {}

    def render_template(self, content: Any, *args: Any, **kwargs: Any) -> Any:
        """Render templates in ``pathlib`` paths, which some versions of Airflow resolve instead."""
        if isinstance(content, PurePath) and not hasattr(type(content), "fs"):
            content = str(content)
        return super().render_template(content, *args, **kwargs)

    def execute(self, context: Context) -> Any:
        """Check the rendered arguments and send the request; return what goes to XCom."""
        self._clear_cached_properties()
        self.known_ids = {}
        with airflow_errors(self):
            self.check()
            result = self.run_request(context)
        self.emit_asset_events(context)
        return result

    def run_request(self, context: Context) -> Any:
        """Send the request of this operator; return what goes to XCom."""
        raise NotImplementedError

    def _clear_cached_properties(self) -> None:
        """Drop cached properties: a task may execute one operator several times, with other arguments."""
        cached = [name for name in vars(self) if isinstance(getattr(type(self), name, None), cached_property)]
        for name in cached:
            del vars(self)[name]

    def payload(self) -> dict[str, Any]:
        """Return the fields of the request that were set, in the API's names."""
        return payload(vars(self), self.api_fields)

    def ids(self, *names: str) -> dict[str, str]:
        """Return ids among the arguments, as strings.

        :param names: names of the arguments; default: those in the route.
        :raises InputError: naming the argument that is not an id.
        """
        given = {name: getattr(self, name) for name in names or placeholders(self.route)}
        return {name: converters.converted(name, value, converters.identifier) for name, value in given.items()}

    def path_of(self, operation: str | None = None) -> str:
        """Return the path of an operation with the ids of this task.

        :param operation: method and route; default :attr:`route`.
        """
        template = (operation or self.route).rpartition(" ")[2]
        names = placeholders(template)
        return route(template, **self.ids(*names)) if names else template

    def request(self, operation: str | None = None, json: Any = None) -> Response:
        """Send a request and return its response.

        :param operation: method and route; default :attr:`route`.
        :param json: JSON body; default ``None``: no body.
        """
        method = (operation or self.route).partition(" ")[0]
        return self.hook.client.request(method, self.path_of(operation), json)

    def upload(self, parts: Sequence[tuple[str, str | ModelFile | TarArchive]]) -> Response:
        """Send a form with files to :attr:`route`, and return the response.

        :param parts: name of each part and its value, file or archive, in order.
        """
        from datarobot_provider.client.multipart import MultipartBody
        from datarobot_provider.client.request import Request

        method = self.route.partition(" ")[0]

        def body() -> MultipartBody:
            return MultipartBody(parts, lambda line: self.log.info("%s", line))

        return self.hook.client.send(Request(method, self.path_of(), upload=body))

    def push_ids(self, context: Context, object_id: str, ids: Mapping[str, str]) -> None:
        """Push the id and the links to XCom, so that they are available while the task waits.

        :param context: context of the task.
        :param object_id: id of the object that the task is about.
        :param ids: ids in the URLs of the links.
        """
        self.known_ids |= ids
        task_instance = context["ti"]
        task_instance.xcom_push(key=ID_KEY, value=object_id)
        for link in self.operator_extra_links:
            if isinstance(link, DataRobotLink) and set(placeholders(link.page)) <= set(ids):
                url = self.hook.client.endpoint.page(link.page.format(**ids))
                task_instance.xcom_push(key=link.key, value=url)
                self.log.info("%s: %s", link.name, url)

    def emit_asset_events(self, context: Context) -> None:
        """Emit an event for each asset in ``outlets`` if the task has created a version of a custom model."""
        if self.outlets:
            from datarobot_provider.core.asset_events import emit_version_events

            emit_version_events(self, context)

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any] | None:
        """Return what the task will read; called by the OpenLineage provider."""
        from datarobot_provider.core.lineage import lineage

        return lineage(self, self.reads, ())

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:  # noqa: ARG002 - its signature
        """Return what the task has read and created, also if it failed; called by the OpenLineage provider."""
        from datarobot_provider.core.lineage import lineage

        return lineage(self, self.reads, self.creates)
