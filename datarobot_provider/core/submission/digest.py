"""A digest of what a task asks for, by which a retry attempt recognizes its own request."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.json_values import is_list
from datarobot_provider.core.arguments.declarations import is_ours

if TYPE_CHECKING:
    from datarobot_provider.core.base_operator import DataRobotBaseOperator

#: Names of values that have no part in a digest.
_SECRET = re.compile(r"(?i)api_?key$|(^|access|auth|bearer|session)_?token$|secret|passw|private_?key")
#: Where an object is in memory: another place in every process.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_LENGTH = 24
#: Arguments that say how to wait or what to make of the result: they may change between two attempts.
_NOT_ASKED = frozenset(
    {
        "wait_for_completion",
        "deferrable",
        "poll_interval",
        "timeout",
        "cancel_on_kill",
        "on_uncertain_submit",
        "fail_on_warning",
        "raise_on_failure",
        "target",
        "sha256",
    }
)
_OPENING = ("{", "[", "(")
_SCALARS = (str, bool, int, float, type(None))


def request_digest(task: DataRobotBaseOperator) -> str:
    """Return a digest of an operator's class and of the rendered arguments that make up its request.

    Secret values have no part in it. The digest is the same in every process.

    :param task: the operator, its templates rendered.
    """
    arguments = {name: getattr(task, name, None) for name in _asked(type(task))}
    text = json.dumps([_class_name(type(task)), _plain(arguments)], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def _asked(operator: type) -> set[str]:
    """Return the arguments that make up the request, also where a subclass does not render them."""
    names: set[str] = set()
    for base in operator.__mro__:
        for declared in ("template_fields", "api_fields", "required_fields"):
            names.update(vars(base).get(declared) or ())
    return names - _NOT_ASKED


def _class_name(operator: type) -> str:
    """Name a class; Airflow names the module of a DAG file after its path, which may differ between two attempts."""
    ours = next((base for base in operator.__mro__ if is_ours(base)), operator)
    return f"{ours.__module__}.{ours.__qualname__} {operator.__qualname__}"


def _plain(value: Any) -> Any:
    """Return a value as JSON, whatever an argument may hold; an object without a text of its own is its class."""
    if isinstance(value, str) and value.lstrip()[:1] in _OPENING:
        return _read(value)
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if not _SECRET.search(str(key))}
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=repr)
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        value = value.tolist()
    if is_list(value):
        return [_plain(item) for item in value]
    kind: Any = type(value)
    named = kind.__str__ is not object.__str__ or kind.__repr__ is not object.__repr__
    return _ADDRESS.sub("", str(value)) if named else kind.__qualname__


def _read(value: str) -> Any:
    """Return the object or the list that a template rendered to a string, without the secret values in it."""
    from datarobot_provider.core.arguments import literals

    try:
        read = literals.parsed(value)
    except ValueError:
        return value
    return value if isinstance(read, str) else _plain(read)
