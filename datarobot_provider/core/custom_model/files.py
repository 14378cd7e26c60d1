"""The files of a version, from the arguments that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.arguments.paths import located, path_items
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.client.files import Log, ModelFile

SOURCES = ("folder", "files", "zip_file")
_HOOKS = "custom.py"


def model_files(task: Any, log: Log) -> list[ModelFile]:
    """Return the files that ``folder``, ``files`` or ``zip_file`` of an operator name; none if none is given.

    :param task: the operator; its ``exclude`` and ``follow_links`` say which files of a folder or a zip are taken.
    :param log: takes what was left out, which links were followed, and what does not look like a model.
    :raises InputError: naming the argument, or the file that cannot be uploaded.
    """
    from datarobot_provider.client.archives import zip_files
    from datarobot_provider.client.files import listed_files
    from datarobot_provider.client.folders import folder_files

    exclude = _patterns(task)
    follow_links = converters.converted("follow_links", task.follow_links, converters.boolean)
    if task.folder is not None:
        found = folder_files(located("folder", task.folder), exclude, follow_links=follow_links, log=log)
    elif task.zip_file is not None:
        found = zip_files(located("zip_file", task.zip_file), exclude, log=log)
    elif task.files is not None:
        found = listed_files(_named(task.files))
    else:
        return []
    _warn_of_two_hook_files(found, log)
    return found


def _patterns(task: Any) -> list[str]:
    """Return the patterns of ``exclude``; a string holds one in each line."""
    if task.exclude is None:
        return []
    if task.folder is None and task.zip_file is None:
        raise InputError("exclude needs folder or zip_file: files names each file that is uploaded.")
    given = converters.converted("exclude", task.exclude, converters.string_or_string_list)
    lines = [given] if isinstance(given, str) else given
    return [pattern for line in lines for pattern in line.split("\n")]


def _named(files: Any) -> list[Any] | dict[str, Any]:
    given = converters.converted("files", files, path_items)
    if isinstance(given, dict):
        return {name: located(f"files[{name!r}]", path) for name, path in given.items()}
    return [located(f"files[{number}]", path) for number, path in enumerate(given)]


def _warn_of_two_hook_files(files: list[ModelFile], log: Log) -> None:
    found = [file.name for file in files if file.name.rpartition("/")[2] == _HOOKS]
    if len(found) > 1:
        log.warning(
            "The model has %d files named %s: %s. DataRobot stops at more than one; name the others in exclude.",
            len(found),
            _HOOKS,
            ", ".join(found[:5]),
        )
