"""Operators for guard templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import GetOperator, ListOperator

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Boolean, Id


class ListGuardTemplatesOperator(ListOperator):
    """Return the guard templates.

    Route: GET ``/api/v2/guardTemplates/``.

    :param include_agentic: also return the templates for agentic workflows; DataRobot's default is ``False``;
        templated.
    :param limit: maximum number of templates; default: all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of templates.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET guardTemplates/"

    def __init__(self, *, include_agentic: Boolean | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.include_agentic = include_agentic


class GetGuardTemplateOperator(GetOperator):
    """Return a guard template.

    Route: GET ``/api/v2/guardTemplates/{templateId}/``.

    :param template_id: id of the template; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the template, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET guardTemplates/{template_id}/"

    def __init__(self, *, template_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.template_id = template_id
