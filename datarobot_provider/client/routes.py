"""Routes of the API and pages of the web interface, and the ids in them; loaded when a DAG file is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from datarobot_provider.exceptions import InputError, MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Routes that more than one module uses.
VERSIONS = "customModels/{custom_model_id}/versions/"
VERSION = VERSIONS + "{custom_model_version_id}/"

#: Pages of the web interface, below the host.
CUSTOM_MODEL_PAGE = "registry/custom-model-workshop/{custom_model_id}/assemble"
CUSTOM_MODEL_VERSION_PAGE = "registry/custom-model-workshop/{custom_model_id}/versions/{custom_model_version_id}"
DEPLOYMENT_PAGE = "deployments/{deployment_id}/overview"

_LONGEST_NAME = 100
_MOST_NAMES = 20


def route(template: str, **ids: object) -> str:
    """Return a route with its ids filled in.

    :param template: path below ``/api/v2/``, such as ``customModels/{custom_model_id}/``.
    :param ids: one value for each placeholder.
    :returns: the path; every id is escaped, so that no id can reach another route.
    :raises InputError: if an id is empty, ``None``, or contains a dot segment or a control character.
    """
    for name, value in ids.items():
        if not isinstance(value, str | int) or isinstance(value, bool) or not is_id(str(value)):
            raise InputError(f"{name} is {str(value)[:_LONGEST_NAME]!r}, which cannot be an id.")
    return template.format(**{name: quote(str(value), safe="") for name, value in ids.items()})


def is_id(text: str) -> bool:
    """Return whether a string can be an id: not empty, without control characters and dot segments.

    Dot segments are refused although they are escaped: some servers unescape a path before they normalize it.
    """
    return text.strip() not in ("", "None") and text.isprintable() and not leads_up(text.strip())


def leads_up(path: str) -> bool:
    """Return whether a server may find a dot segment in a path; some read a backslash as ``/`` or drop ``;…``."""
    return any(part.partition(";")[0] in (".", "..") for part in path.replace("\\", "/").split("/"))


def required(response: Mapping[str, object], name: str) -> str:
    """Return a field of an API object, which must be a string and not empty.

    :param response: the object.
    :param name: name of the field.
    :raises MalformedResponseError: if the field is missing.
    """
    value = response.get(name)
    if not isinstance(value, str) or not value:
        names = [each[:_LONGEST_NAME] for each in sorted(response)]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        raise MalformedResponseError(f"The response has no {name!r}; it holds {names[:_MOST_NAMES]}{more}.")
    return value
