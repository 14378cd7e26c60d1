"""Arguments that are paths: a string, a path object of the standard library or one of Airflow's object storage."""

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
    from datarobot_provider.version_compat import ObjectStoragePath

    PathArgument: TypeAlias = str | os.PathLike[str] | ObjectStoragePath

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]*://")
#: What a path object of the standard library makes of an address.
_SHORTENED_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/(?!/)")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_LOCAL = ("", "file", "local")
_EMPTY = ("", "None")
_UNUSABLE = frozenset("\r\n\0")


def located(argument: str, value: Any) -> Any:
    """Return the path that an argument names: an absolute local one, or one in Airflow's object storage.

    A leading ``~`` is the home directory of the user that runs the task. A relative path is relative to the working
    directory of the task's process.

    :param argument: name of the operator's argument, for the error.
    :param value: a local path or an address such as ``s3://conn_id@bucket/key``, as a string or as a path object.
    :returns: a ``pathlib.Path``, or an ``ObjectStoragePath`` with its connection.
    :raises InputError: if it is no path, or one that cannot be reached.
    """
    if is_in_object_storage(value):
        return _stored(argument, value)
    text = _text(argument, value)
    if _ADDRESS.match(text):
        from datarobot_provider.version_compat import ObjectStoragePath

        try:
            return _stored(argument, ObjectStoragePath(text))
        except ValueError as error:
            raise _unreachable(argument, text, error) from None
    return _local(argument, text)


def path_items(value: Any) -> list[Any] | dict[str, Any]:
    """Take a list of paths, or a mapping of names to paths, or a string that is one in JSON; the paths are kept."""
    if isinstance(value, str):
        try:
            return converters.json_object(value)
        except converters.ConversionError:
            return list(converters.string_list(value))
    if isinstance(value, Mapping):
        return {path_text(name): path for name, path in value.items()}
    if is_list(value):
        return list(value)
    raise converters.ConversionError("a list of paths, or an object of names and paths")


def path_text(value: Any) -> str:
    """Return a path as a string, as it was given; that of object storage holds its connection."""
    return os.fspath(value) if isinstance(value, os.PathLike) and not is_in_object_storage(value) else str(value)


def _text(argument: str, value: Any) -> str:
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str):
        kind = type(text).__name__
        raise InputError(
            f"{argument} should be a path: a string, a pathlib.Path or an ObjectStoragePath, but is a {kind}."
        )
    if text.strip() in _EMPTY:
        raise InputError(f"{argument} is {text!r}, which is no path. Check its template and the task it reads from.")
    if not _UNUSABLE.isdisjoint(text):
        raise InputError(f"{argument} is {text!r}, which holds a line break or a NUL. Check its template.")
    return text


def _local(argument: str, text: str) -> Path:
    if _WINDOWS.match(text) and os.name != "nt":
        raise InputError(f"{argument} is {text!r}, a path of Windows; the worker that runs the task has no drives.")
    if _SHORTENED_ADDRESS.match(text):
        raise InputError(
            f"{argument} is {text!r}. A pathlib.Path keeps one slash of an address; give a string or an "
            "ObjectStoragePath."
        )
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise InputError(f"{argument} is {text!r}: {error}") from None


def _stored(argument: str, path: Any) -> Any:
    from datarobot_provider.version_compat import AirflowNotFoundException

    if path.protocol in _LOCAL:
        return _local(argument, str(path.path))
    try:
        _ = path.fs
    except (ValueError, ImportError, AirflowNotFoundException) as error:
        raise _unreachable(argument, str(path), error) from None
    return path


def _unreachable(argument: str, text: str, error: Exception) -> InputError:
    return InputError(f"{argument} is {text!r}, which Airflow's object storage cannot reach: {error}.")
