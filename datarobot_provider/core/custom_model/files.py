"""Selection of the files of a version, from the arguments of an operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.arguments.paths import path_items, resolve_path
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.client.files import Log, ModelFile

SOURCES = ("folder", "files", "zip_file")
_HOOKS_FILE = "custom.py"


def model_files(task: Any, log: Log) -> list[ModelFile]:
    """Return the files from the ``folder``, ``files`` or ``zip_file`` of an operator; an empty list if none is set.

    :param task: the operator; its ``exclude`` and ``follow_links`` select the files of a folder or a zip file.
    :param log: the log for excluded files, followed links, and warnings about an unusual model.
    :raises InputError: naming the argument, or the file that cannot be uploaded.
    """
    from datarobot_provider.client.archives import zip_files
    from datarobot_provider.client.files import listed_files
    from datarobot_provider.client.folders import folder_files

    exclude = _exclude_patterns(task)
    follow_links = converters.converted("follow_links", task.follow_links, converters.boolean)
    if task.folder is not None:
        found = folder_files(resolve_path("folder", task.folder), exclude, follow_links=follow_links, log=log)
    elif task.zip_file is not None:
        found = zip_files(resolve_path("zip_file", task.zip_file), exclude, log=log)
    elif task.files is not None:
        found = listed_files(_resolve_files(task.files))
    else:
        return []
    _warn_about_several_hooks_files(found, log)
    return found


def _exclude_patterns(task: Any) -> list[str]:
    """Return the patterns of ``exclude``; a string contains one pattern per line."""
    if task.exclude is None:
        return []
    if task.folder is None and task.zip_file is None:
        raise InputError("exclude can only be used with folder or zip_file. To exclude a file, remove it from files.")
    value = converters.converted("exclude", task.exclude, converters.string_or_string_list)
    lines = [value] if isinstance(value, str) else value
    return [pattern for line in lines for pattern in line.split("\n")]


def _resolve_files(files: Any) -> list[Any] | dict[str, Any]:
    items = converters.converted("files", files, path_items)
    if isinstance(items, dict):
        return {name: resolve_path(f"files[{name!r}]", path) for name, path in items.items()}
    return [resolve_path(f"files[{number}]", path) for number, path in enumerate(items)]


def _warn_about_several_hooks_files(files: list[ModelFile], log: Log) -> None:
    found = [file.name for file in files if file.name.rpartition("/")[2] == _HOOKS_FILE]
    if len(found) > 1:
        log.warning(
            "The model has %d files named %s: %s. DataRobot accepts only one. Add the others to exclude.",
            len(found),
            _HOOKS_FILE,
            ", ".join(found[:5]),
        )
