"""Operators for guard templates, and the making of a guard from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.request_operators import ListOperator
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.version_compat import Context

_TAKEN_OVER = (
    "name",
    "description",
    "type",
    "ootbType",
    "llmType",
    "modelInfo",
    "nemoInfo",
    "openaiApiBase",
    "openaiDeploymentId",
    "customMetric",
    "copyCitations",
    "isAgentic",
    "additionalGuardConfig",
)
#: Objects of which a guard may give only the fields that differ from the template's.
_MERGED = ("modelInfo", "nemoInfo", "additionalGuardConfig", "intervention")
_ENCODED = (
    " It is an object as Airflow encodes it: a DAG param whose default mixes strings and objects in one list comes like"
    ' this from the Trigger form. Make every item of the default an object, such as {"template": "PII Detection"}.'
)


def filled(wanted: Sequence[str | Mapping[str, Any]], templates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make guards from templates.

    :param wanted: names or ids of templates, or objects with ``template`` and the fields that differ.
    :param templates: the templates that there are.
    :returns: guard configurations, as :class:`ApplyGuardConfigOperator` sends them.
    :raises InputError: for an object without ``template``, and for a template that there is not, naming those that
        there are.
    """
    for index, item in enumerate(wanted):
        if not isinstance(item, str) and "template" not in item:
            raise InputError(f"from_templates[{index}] has no 'template'.{_ENCODED if '__var' in item else ''}")
    return [_filled({"template": item} if isinstance(item, str) else item, templates) for item in wanted]


def _filled(wanted: Mapping[str, Any], templates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    key = wanted.get("template")
    template = next((item for item in templates if key in (item["id"], item["name"])), None)
    if template is None:
        names = ", ".join(sorted(str(item["name"]) for item in templates)) or "none"
        raise InputError(f"from_templates names {key!r}, which is no guard template. There are: {names}.")
    guard = {name: template[name] for name in _TAKEN_OVER if template.get(name) is not None}
    guard["stages"] = list(template.get("allowedStages") or [])
    if intervention := _intervention(template.get("intervention")):
        guard["intervention"] = intervention
    differing = {name: value for name, value in wanted.items() if name != "template"}
    for name in _MERGED:
        if isinstance(differing.get(name), Mapping):
            differing[name] = {**(guard.get(name) or {}), **differing[name]}
    return {**guard, **differing}


def _intervention(of_template: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return an intervention in the words of a configuration: a template says ``modifyMessage`` for ``message``."""
    if not of_template:
        return {}
    intervention = {name: value for name, value in of_template.items() if name != "modifyMessage" and value is not None}
    return {"message": of_template.get("modifyMessage") or "", **intervention}


class ListGuardTemplatesOperator(ListOperator):
    """Return the guard templates.

    Route: GET ``/api/v2/guardTemplates/``.

    :param include_agentic: also return the templates for agentic workflows; DataRobot's default is not to; templated.
    :param limit: most templates to return; default all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of templates.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    api_fields = {"include_agentic": converters.boolean}
    template_fields: Sequence[str] = (*ListOperator.template_fields, *api_fields)

    def __init__(self, *, include_agentic: bool | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.include_agentic = include_agentic

    def entries(self, filters: dict[str, Any], limit: int | None) -> list[dict[str, Any]]:
        """Ask for the templates."""
        return self.hook.client.guards.templates(filters, limit)


class GetGuardTemplateOperator(DataRobotBaseOperator):
    """Return a guard template.

    Route: GET ``/api/v2/guardTemplates/{templateId}/``.

    :param template_id: id of the template; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the template, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    required_fields = ("template_id",)
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *required_fields)

    def __init__(self, *, template_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.template_id = template_id

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Return the template."""
        return self.hook.client.guards.template(**self.ids())
