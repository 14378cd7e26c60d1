"""Which arguments of a task a 404 is about."""

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

_ENDS_OF_AN_ID = ("_id", "Id", "_ids", "Ids")
#: Names that end like those of ids, but are not ids of things in DataRobot.
_NO_ID = (
    *("conn_id", "ConnId", "user_provided_id", "userProvidedId"),
    *("openai_deployment_id", "openaiDeploymentId", "llm_gateway_model_id", "llmGatewayModelId"),
)
#: What a server says that does not say what it has not found.
_SAYING_NOTHING = (*(responses[status].casefold() for status in (404, 410)), "")
_WITHOUT_BODY = ("GET", "DELETE")
_SHORTEST_ID = 4
_LIKE_AN_ID = re.compile(r"[0-9a-f]{8}[-0-9a-f]*")
#: The argument of :class:`DataRobotRequestOperator` that the ids are a part of.
_PATH = "path"


def explanation(error: NotFoundError, task: Any) -> str:
    """Return which arguments of a task a 404 is about: those that the server names, or those that it was asked with.

    :param error: the 404.
    :param task: the operator or sensor, rendered.
    :returns: one line; empty if no argument is an id.
    """
    given = list(given_ids(task))
    if named := _named_by(error, given):
        return not_found_message(named)
    segments = {unquote(segment) for segment in error.path.split("/")}
    in_path = [each for each in given if each.value in segments or _is_whole_path(each, error.path)]
    in_body = [each for each in given if each not in in_path]
    about_another = not in_path and any(map(_LIKE_AN_ID.fullmatch, segments))
    if not given or about_another:
        return ""
    asked = in_path if in_path and error.method in _WITHOUT_BODY else [*in_path, *in_body]
    says_nothing = error.message.casefold().strip(" .") in _SAYING_NOTHING
    return not_found_message(asked) if says_nothing else request_ids_message(asked)


def _is_whole_path(given: GivenId, path: str) -> bool:
    return given.name == _PATH and given.value.strip("/").endswith(path.strip("/"))


def given_ids(task: Any) -> Iterator[GivenId]:
    """Yield the ids among the rendered arguments of a task, those inside of objects and lists included."""
    for name in task.template_fields:
        yield from _ids_in(name, getattr(task, name, None))


def _ids_in(name: str, value: Any) -> Iterator[GivenId]:
    if name.endswith(_NO_ID) or value is None:
        return
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        value = _parsed(value)
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _ids_in(f"{name}.{key}", item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, item in enumerate(value):
            yield from _ids_in(f"{name}[{index}]", item)
    elif name == _PATH or re.sub(r"\[\d+\]$", "", name).endswith(_ENDS_OF_AN_ID):
        yield GivenId(name, str(value))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _named_by(error: NotFoundError, given: Sequence[GivenId]) -> list[GivenId]:
    said = " ".join((error.message, *error.errors, *error.errors.values()))
    if by_value := [each for each in given if len(each.value) >= _SHORTEST_ID and each.value in said]:
        return by_value
    whole = [each for each in given if says_not_found(each.noun, said)]
    return whole or [each for each in given if says_not_found(each.noun.rpartition(" ")[2], said)]
