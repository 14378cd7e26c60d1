"""The base of all operators."""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.arguments.converters import Converter, payload
from datarobot_provider.core.arguments.declarations import check_rendered, convert_arguments
from datarobot_provider.core.errors import airflow_errors
from datarobot_provider.hooks.datarobot import DataRobotHook, UsesDataRobotHook
from datarobot_provider.jobs.model import placeholders
from datarobot_provider.links.datarobot import DataRobotLink
from datarobot_provider.version_compat import BaseOperator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.version_compat import Context

ID_KEY = "datarobot_id"


class DataRobotBaseOperator(UsesDataRobotHook, BaseOperator):
    """Base of every operator: a connection, checked arguments, readable errors, a link.

    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    """

    template_fields: Sequence[str] = ("datarobot_conn_id",)
    #: Arguments that must have a value once the templates are rendered.
    required_fields: ClassVar[Sequence[str]] = ()
    #: Arguments that are fields of the request body, and how each is converted.
    api_fields: ClassVar[Mapping[str, Converter]] = {}
    #: Other arguments, and how each is converted; those of the bases are added.
    argument_types: ClassVar[Mapping[str, Converter]] = {}
    ui_color = "#e4e4fd"

    def __init__(self, *, datarobot_conn_id: str = DataRobotHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.datarobot_conn_id = datarobot_conn_id

    def render_template(self, content: Any, *args: Any, **kwargs: Any) -> Any:
        """Render templates in paths of the standard library, too, which some versions of Airflow resolve instead."""
        if isinstance(content, PurePath) and not hasattr(type(content), "fs"):
            content = str(content)
        return super().render_template(content, *args, **kwargs)

    def execute(self, context: Context) -> Any:
        """Check the rendered arguments, make the request, return what goes to XCom."""
        self._drop_cached()
        with airflow_errors(self):
            self.check()
            return self.run_request(context)

    def run_request(self, context: Context) -> Any:
        """Make the request of this operator; return what goes to XCom."""
        raise NotImplementedError

    def _drop_cached(self) -> None:
        """Drop what an earlier call has cached: a task may execute one operator several times, with other arguments."""
        cached = [name for name in vars(self) if isinstance(getattr(type(self), name, None), cached_property)]
        for name in cached:
            del vars(self)[name]

    def check(self) -> None:
        """Check the rendered arguments and convert them in place, before anything is sent.

        :raises InputError: naming the argument at fault.
        """
        check_rendered(self)
        convert_arguments(self)

    def payload(self) -> dict[str, Any]:
        """Return the request body: the fields that were set, in the API's names."""
        return payload(vars(self), self.api_fields)

    def ids(self, *names: str) -> dict[str, str]:
        """Return ids among the arguments, as strings.

        :param names: which; by default all required arguments.
        :raises InputError: naming the argument that is no id.
        """
        given = {name: getattr(self, name) for name in names or self.required_fields}
        return {name: converters.converted(name, value, converters.identifier) for name, value in given.items()}

    def push_handles(self, context: Context, handle: str, ids: Mapping[str, str]) -> None:
        """Push the id and the links, so that they are there while the task still waits.

        :param handle: the id that stands for what this task made.
        :param ids: what the pages of the links need.
        """
        task_instance = context["ti"]
        task_instance.xcom_push(key=ID_KEY, value=handle)
        for link in self.operator_extra_links:
            if isinstance(link, DataRobotLink) and set(placeholders(link.page)) <= set(ids):
                url = self.hook.client.endpoint.page(link.page.format(**ids))
                task_instance.xcom_push(key=link.key, value=url)
                self.log.info("%s: %s", link.name, url)
