"""Guard configurations from DataRobot's guard templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datarobot_provider.exceptions import InputError

_COPIED = (
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
#: Objects that are merged with the template's: only the fields that differ have to be given.
_MERGED = ("modelInfo", "nemoInfo", "additionalGuardConfig", "intervention")
_ENCODED = (
    " It is an object as Airflow encodes it: the Trigger form returns a DAG param in this form if its default is a list"
    ' of strings and objects. Make every item of the default an object, such as {"template": "PII Detection"}.'
)


def guards_from_templates(
    wanted: Sequence[str | Mapping[str, Any]], templates: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Create guard configurations from templates.

    :param wanted: names or ids of templates, or objects with ``template`` and the fields that differ from it.
    :param templates: the templates of DataRobot.
    :returns: guard configurations, as :class:`ApplyGuardConfigOperator` sends them.
    :raises InputError: if an object has no ``template``, or if the template does not exist.
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
    guard = {name: template[name] for name in _COPIED if template.get(name) is not None}
    guard["stages"] = list(template.get("allowedStages") or [])
    if intervention := _intervention(template.get("intervention")):
        guard["intervention"] = intervention
    differing = {name: value for name, value in wanted.items() if name != "template"}
    for name in _MERGED:
        if isinstance(differing.get(name), Mapping):
            differing[name] = {**(guard.get(name) or {}), **differing[name]}
    return {**guard, **differing}


def _intervention(of_template: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return an intervention in the form of a configuration; templates call its ``message`` ``modifyMessage``."""
    if not of_template:
        return {}
    intervention = {name: value for name, value in of_template.items() if name != "modifyMessage" and value is not None}
    return {"message": of_template.get("modifyMessage") or "", **intervention}
