"""Digest of a request, by which a retry attempt finds its submission record."""

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

#: Names of secrets, which are left out of the digest.
_SECRET_NAME = re.compile(r"(?i)api_?key$|(^|access|auth|bearer|session)_?token$|secret|passw|private_?key")
#: Memory address in the representation of an object; differs between processes.
_MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_LENGTH = 24
#: Arguments that control the wait or the use of the result. They may change between two attempts.
_EXCLUDED = frozenset(
    {
        "wait_for_completion",
        "deferrable",
        "poll_interval",
        "timeout",
        "cancel_on_kill",
        "on_uncertain_submit",
        "fail_on_warning",
        "fail_on_failed_rows",
        "raise_on_failure",
        "target",
        "sha256",
    }
)
_OPENING_BRACKETS = ("{", "[", "(")
_SCALARS = (str, bool, int, float, type(None))


def request_digest(task: DataRobotBaseOperator) -> str:
    """Return a digest of the class of an operator and the rendered arguments of its request.

    Secrets are left out. The digest is the same in every process.

    :param task: the operator, with rendered arguments.
    :returns: hexadecimal digits.
    """
    arguments = {name: getattr(task, name, None) for name in _request_arguments(type(task))}
    text = json.dumps([_class_name(type(task)), _to_json(arguments)], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def _request_arguments(operator: type) -> set[str]:
    """Return the arguments of the request, including those that a subclass does not list as template fields."""
    names: set[str] = set()
    for base in operator.__mro__:
        for declared in ("template_fields", "api_fields", "required_fields"):
            names.update(vars(base).get(declared) or ())
    return names - _EXCLUDED


def _class_name(operator: type) -> str:
    """Return the name of a class, without the module of a DAG file: its path may differ between two attempts."""
    ours = next((base for base in operator.__mro__ if is_ours(base)), operator)
    return f"{ours.__module__}.{ours.__qualname__} {operator.__qualname__}"


def _to_json(value: Any) -> Any:
    """Return a value in JSON types; an object with the default ``repr`` is represented by its class."""
    if isinstance(value, str) and value.lstrip()[:1] in _OPENING_BRACKETS:
        return _parse(value)
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {str(key): _to_json(item) for key, item in value.items() if not _SECRET_NAME.search(str(key))}
    if isinstance(value, set | frozenset):
        return sorted((_to_json(item) for item in value), key=repr)
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        value = value.tolist()
    if is_list(value):
        return [_to_json(item) for item in value]
    value_type: Any = type(value)
    has_own_text = value_type.__str__ is not object.__str__ or value_type.__repr__ is not object.__repr__
    return _MEMORY_ADDRESS.sub("", str(value)) if has_own_text else value_type.__qualname__


def _parse(value: str) -> Any:
    """Return the object or the list that a template rendered as a string, without secrets."""
    from datarobot_provider.core.arguments import literals

    try:
        parsed = literals.parse(value)
    except ValueError:
        return value
    return value if isinstance(parsed, str) else _to_json(parsed)
