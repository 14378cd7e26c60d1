"""The multipart form of any request: fields and files, from the arguments ``data`` and ``files``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.json_values import NotSerializableError, form_text, is_list
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.arguments.paths import located
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.client.files import ModelFile

_KEYS = {"path", "filename"}
_PAIR = 2


def form_fields(data: Any) -> dict[str, Any]:
    """Return the form fields that were set.

    :param data: a mapping of field names to values, or a string that is one in JSON.
    :raises InputError: if it is none.
    """
    given = {} if data is None else converters.converted("data", data, converters.json_object)
    return {str(name): value for name, value in given.items() if value is not None}


def form_parts(data: Mapping[str, Any], files: Any) -> list[tuple[str, str | ModelFile]]:
    """Return the parts of a form: the fields, then the files.

    :param data: field names and values; a list repeats its field, an object is sent as JSON.
    :param files: a mapping of field names to files, or a list of pairs of them. A file is a path, or an object of
        ``path`` and ``filename``; a list of files repeats its field.
    :raises InputError: naming the argument and the element at fault.
    """
    parts: list[tuple[str, str | ModelFile]] = []
    for name, value in data.items():
        parts += [(name, _field_text(name, each)) for each in _listed(value)]
    for name, entry in _pairs(files):
        parts += [(name, _file(name, each)) for each in _listed(entry)]
    return parts


def _listed(value: Any) -> list[Any]:
    return list(value) if is_list(value) else [value]


def _field_text(name: str, value: Any) -> str:
    if value is None:
        raise InputError(f"data[{name!r}] holds None, which a form cannot.")
    try:
        return form_text(value)
    except NotSerializableError as error:
        raise InputError(f"data[{name!r}]{error.path} {error.problem}.") from None


def _pairs(files: Any) -> list[tuple[str, Any]]:
    given = converters.converted("files", files, converters.json_object) if isinstance(files, str) else files
    if given is None:
        return []
    pairs = list(given.items()) if isinstance(given, Mapping) else _listed(given)
    if not all(is_list(pair) and len(pair) == _PAIR for pair in pairs):
        raise InputError("files should be an object of form fields and paths, or a list of pairs of them.")
    return [(str(name), entry) for name, entry in pairs]


def _file(field: str, entry: Any) -> ModelFile:
    from datarobot_provider.client.files import base_name, has_control_character, single_file

    argument = f"files[{field!r}]"
    if isinstance(entry, Mapping):
        if "path" not in entry or set(entry) - _KEYS:
            raise InputError(f"{argument} should hold path and filename, but holds {', '.join(map(repr, entry))}.")
        path, filename = located(argument, entry["path"]), entry.get("filename")
    else:
        path, filename = located(argument, entry), None
    name = str(base_name(path) if filename is None else filename)
    if not name.strip() or has_control_character(name) or {"/", "\\"} & set(name):
        raise InputError(f"{argument} has the filename {name!r}, which is not a plain name.")
    return single_file(path, name)
