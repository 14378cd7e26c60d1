"""Path arguments: strings, ``pathlib`` paths and ``ObjectStoragePath`` objects of Airflow."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from datarobot_provider.client.files import is_in_object_storage
from datarobot_provider.client.json_values import is_list
from datarobot_provider.core.arguments import converters
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.client.files import ModelFile
    from datarobot_provider.version_compat import ObjectStoragePath

    PathArgument: TypeAlias = str | os.PathLike[str] | ObjectStoragePath

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]*://")
#: A URL that ``pathlib.Path`` has reduced to one slash.
_SHORTENED_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/(?!/)")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_LOCAL_PROTOCOLS = ("", "file", "local")
_EMPTY = ("", "None")
_FORBIDDEN_CHARACTERS = frozenset("\r\n\0")


def resolve_path(argument: str, value: Any) -> Any:
    """Return the path of an argument: an absolute local path, or a path in object storage.

    A leading ``~`` is the home directory of the user that runs the task. A relative path is relative to the working
    directory of the task's process.

    :param argument: name of the argument, for the error.
    :param value: a local path or a URL such as ``s3://conn_id@bucket/key``, as a string or as a path object.
    :returns: a ``pathlib.Path``, or an ``ObjectStoragePath`` with its connection.
    :raises InputError: if the value is not a path, or its object storage cannot be opened.
    """
    if is_in_object_storage(value):
        return _storage_path(argument, value)
    text = _string(argument, value)
    if _URL.match(text):
        from datarobot_provider.version_compat import ObjectStoragePath

        try:
            return _storage_path(argument, ObjectStoragePath(text))
        except ValueError as error:
            raise _storage_error(argument, text, error) from None
    return _local_path(argument, text)


def path_items(value: Any) -> list[Any] | dict[str, Any]:
    """Convert to a list of paths, or to a mapping of names to paths; the paths themselves are not converted."""
    if isinstance(value, str):
        try:
            return converters.json_object(value)
        except converters.ConversionError:
            return list(converters.string_list(value))
    if isinstance(value, Mapping):
        return {path_string(name): path for name, path in value.items()}
    if is_list(value):
        return list(value)
    raise converters.ConversionError("a list of paths, or an object of file names and paths")


def path_string(value: Any) -> str:
    """Return a path as a string, unresolved; the URL of an ``ObjectStoragePath`` includes its connection id."""
    return os.fspath(value) if isinstance(value, os.PathLike) and not is_in_object_storage(value) else str(value)


def _string(argument: str, value: Any) -> str:
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str):
        actual = converters.type_name(text)
        raise InputError(
            f"{argument} should be a path (a string, a pathlib.Path or an ObjectStoragePath), but is {actual}."
        )
    if text.strip() in _EMPTY:
        raise InputError(f"{argument} is {text!r}, which is not a path. Check its template and the upstream task.")
    if not _FORBIDDEN_CHARACTERS.isdisjoint(text):
        raise InputError(f"{argument} is {text!r}, which contains a line break or a NUL character. Check its template.")
    return text


def _local_path(argument: str, text: str) -> Path:
    if _WINDOWS_PATH.match(text) and os.name != "nt":
        raise InputError(f"{argument} is {text!r}, a Windows path, but the worker does not run on Windows.")
    if _SHORTENED_URL.match(text):
        raise InputError(
            f"{argument} is {text!r}, a URL that pathlib.Path has reduced to one slash. Pass a string or an "
            "ObjectStoragePath."
        )
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise InputError(f"{argument} is {text!r}: {error}") from None


def _storage_path(argument: str, path: Any) -> Any:
    from datarobot_provider.version_compat import AirflowNotFoundException

    if path.protocol in _LOCAL_PROTOCOLS:
        return _local_path(argument, str(path.path))
    try:
        _ = path.fs
    except (ValueError, ImportError, AirflowNotFoundException) as error:
        raise _storage_error(argument, str(path), error) from None
    return path


def _storage_error(argument: str, text: str, error: Exception) -> InputError:
    return InputError(f"{argument} is {text!r}, but Airflow cannot open this object storage: {error}.")


def file_to_upload(name: str, value: PathArgument) -> ModelFile:
    """Return the file in an argument.

    :param name: name of the argument, for errors.
    :param value: the path.
    :raises InputError: if it is not a file, or is empty.
    """
    from datarobot_provider.client.files import base_name, single_file

    path = resolve_path(name, value)
    file = single_file(path, base_name(path))
    if not file.size:
        raise InputError(f"The file {path} is empty.")
    return file
