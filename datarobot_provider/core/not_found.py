"""Explanation of a 404: the arguments of the task that it concerns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from http.client import responses
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from datarobot_provider.client.not_found import GivenId, not_found_message, request_ids_message, says_not_found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datarobot_provider.exceptions import NotFoundError

_ID_SUFFIXES = ("_id", "Id", "_ids", "Ids")
#: Names with such a suffix that are not ids of DataRobot resources.
_NOT_IDS = (
    *("conn_id", "ConnId", "user_provided_id", "userProvidedId"),
    *("openai_deployment_id", "openaiDeploymentId", "llm_gateway_model_id", "llmGatewayModelId"),
)
#: Messages that do not name the missing resource.
_GENERIC_MESSAGES = (*(responses[status].casefold() for status in (404, 410)), "")
_METHODS_WITHOUT_BODY = ("GET", "DELETE")
_MIN_ID_LENGTH = 4
_ID_PATTERN = re.compile(r"[0-9a-f]{8}[-0-9a-f]*")
#: The argument of :class:`DataRobotRequestOperator` that contains ids.
_PATH_ARGUMENT = "path"


def explain_not_found(error: NotFoundError, task: Any) -> str:
    """Return a line about the arguments that a 404 concerns: those that the server names, or those of the request.

    :param error: the 404.
    :param task: the operator or sensor, with rendered arguments.
    :returns: one line; empty if no argument is an id.
    """
    given = list(argument_ids(task))
    if named := _named_by(error, given):
        return not_found_message(named)
    segments = {unquote(segment) for segment in error.path.split("/")}
    in_path = [each for each in given if each.value in segments or _is_whole_path(each, error.path)]
    in_body = [each for each in given if each not in in_path]
    is_other_resource = not in_path and any(map(_ID_PATTERN.fullmatch, segments))
    if not given or is_other_resource:
        return ""
    requested = in_path if in_path and error.method in _METHODS_WITHOUT_BODY else [*in_path, *in_body]
    is_generic = error.message.casefold().strip(" .") in _GENERIC_MESSAGES
    return not_found_message(requested) if is_generic else request_ids_message(requested)


def _is_whole_path(given: GivenId, path: str) -> bool:
    return given.name == _PATH_ARGUMENT and given.value.strip("/").endswith(path.strip("/"))


def argument_ids(task: Any) -> Iterator[GivenId]:
    """Yield the ids in the rendered arguments of a task, including ids inside objects and lists."""
    for name in task.template_fields:
        yield from _ids_in(name, getattr(task, name, None))


def _ids_in(name: str, value: Any) -> Iterator[GivenId]:
    if name.endswith(_NOT_IDS) or value is None:
        return
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        value = _parse_json(value)
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _ids_in(f"{name}.{key}", item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, item in enumerate(value):
            yield from _ids_in(f"{name}[{index}]", item)
    elif name == _PATH_ARGUMENT or re.sub(r"\[\d+\]$", "", name).endswith(_ID_SUFFIXES):
        yield GivenId(name, str(value))


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _named_by(error: NotFoundError, given: Sequence[GivenId]) -> list[GivenId]:
    message = " ".join((error.message, *error.errors, *error.errors.values()))
    if by_value := [each for each in given if len(each.value) >= _MIN_ID_LENGTH and each.value in message]:
        return by_value
    whole = [each for each in given if says_not_found(each.noun, message)]
    return whole or [each for each in given if says_not_found(each.noun.rpartition(" ")[2], message)]
