"""Parts of a multipart form, from the arguments ``data`` and ``files``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.json_values import NotSerializableError, form_text, is_list
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.arguments.paths import resolve_path
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.client.files import ModelFile

_FILE_KEYS = {"path", "filename"}
_PAIR_LENGTH = 2


def form_fields(data: Any) -> dict[str, Any]:
    """Return the form fields that were set.

    :param data: a mapping of field names to values, or a string with such an object; a field with the value ``None`` is
        left out.
    :raises InputError: if ``data`` is something else.
    """
    fields = {} if data is None else converters.converted("data", data, converters.json_object)
    return {str(name): value for name, value in fields.items() if value is not None}


def form_parts(data: Mapping[str, Any], files: Any) -> list[tuple[str, str | ModelFile]]:
    """Return the parts of a form: the fields, then the files.

    :param data: field names and values; a list repeats the field, an object is sent as JSON.
    :param files: a mapping of field names to files, or a list of pairs of field name and file. A file is a path, or an
        object with ``path`` and ``filename``; a list of files repeats the field.
    :raises InputError: naming the argument and the invalid element.
    """
    parts: list[tuple[str, str | ModelFile]] = []
    for name, value in data.items():
        parts += [(name, _field_value(name, each)) for each in _as_list(value)]
    for name, entry in _pairs(files):
        parts += [(name, _file(name, each)) for each in _as_list(entry)]
    return parts


def _as_list(value: Any) -> list[Any]:
    return list(value) if is_list(value) else [value]


def _field_value(name: str, value: Any) -> str:
    if value is None:
        raise InputError(f"data[{name!r}] contains None, which cannot be sent in a form. Remove it from the list.")
    try:
        return form_text(value)
    except NotSerializableError as error:
        raise InputError(f"data[{name!r}]{error.path} {error.problem}.") from None


def _pairs(files: Any) -> list[tuple[str, Any]]:
    parsed = converters.converted("files", files, converters.json_object) if isinstance(files, str) else files
    if parsed is None:
        return []
    pairs = list(parsed.items()) if isinstance(parsed, Mapping) else _as_list(parsed)
    if not all(is_list(pair) and len(pair) == _PAIR_LENGTH for pair in pairs):
        raise InputError(
            "files should be an object of form fields and paths, or a list of pairs of a form field and a path."
        )
    return [(str(name), entry) for name, entry in pairs]


def _file(field: str, entry: Any) -> ModelFile:
    from datarobot_provider.client.files import base_name, has_control_character, single_file

    argument = f"files[{field!r}]"
    if isinstance(entry, Mapping):
        if "path" not in entry or set(entry) - _FILE_KEYS:
            raise InputError(
                f"{argument} should have the keys path and filename, but has {', '.join(map(repr, entry))}."
            )
        path, filename = resolve_path(argument, entry["path"]), entry.get("filename")
    else:
        path, filename = resolve_path(argument, entry), None
    name = str(base_name(path) if filename is None else filename)
    if not name.strip() or has_control_character(name) or {"/", "\\"} & set(name):
        raise InputError(
            f"{argument} has the filename {name!r}. Use a file name without slashes and control characters."
        )
    return single_file(path, name)
