"""Files to upload, and checks of their names.

A file is on a local disk or in object storage. A path in object storage has the interface of ``pathlib`` (``fsspec``
and ``universal_pathlib``, through Airflow), its file system in ``fs``, and its path in that file system in ``path``.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from datarobot_provider.exceptions import InputError

MAX_FILES = 1000
#: Maximum length of a part of a path and of a path, in bytes, in file systems and object storage.
LONGEST_PART, LONGEST_PATH = 255, 1024
#: Block size for reading a file in object storage, in bytes. It determines the memory that is needed.
_BLOCK = 4 << 20
_DRIVE = re.compile(r"[A-Za-z]:")
# Joiners, direction marks and spaces are allowed, because names in many languages contain them.
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_READ_AS_CHECKED = _READ | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Log(Protocol):
    """Task log: a logger of the standard library or of Airflow."""

    def info(self, message: str, /, *args: Any) -> Any:
        """Log an informational message."""

    def warning(self, message: str, /, *args: Any) -> Any:
        """Log a warning."""


@dataclass(frozen=True)
class ModelFile:
    """File to upload.

    :param source: path of the file, or of the zip archive that contains it. It is not a link.
    :param name: path of the file in the model, with ``/``.
    :param size: size in bytes.
    :param member: name of the file in the zip archive, if it is in one.
    """

    source: Any
    name: str
    size: int
    member: str | None = None


def is_in_object_storage(source: Any) -> bool:
    """Return whether a path is in object storage."""
    # The attribute of the class, because access to the file system may require a connection.
    return hasattr(type(source), "fs")


def path_exists(path: Any) -> bool:
    """Return whether a path exists.

    :raises OSError: if this cannot be determined, for example if a folder is not readable. ``Path.exists`` returns
        ``False`` then since Python 3.14.
    """
    if is_in_object_storage(path):
        return bool(path.exists())
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def open_file(source: Any, *, as_checked: bool = False) -> BinaryIO:
    """Open a file on disk or in object storage for reading.

    :param source: path of the file.
    :param as_checked: whether the file was checked to be a regular file. If it has been replaced by a link since then,
        the link is not followed; if by a pipe, the call does not wait.
    """
    if is_in_object_storage(source):
        return cast("BinaryIO", source.open("rb", block_size=_BLOCK))
    return os.fdopen(os.open(source, _READ_AS_CHECKED if as_checked else _READ), "rb")


def listed_files(files: Sequence[Any] | Mapping[str, Any]) -> list[ModelFile]:
    """Return the files of a list. A link is replaced by its target.

    :param files: paths (strings for local ones), each uploaded under its base name; or a mapping of the path in the
        model to such a path.
    :raises InputError: if a file does not exist or cannot be uploaded.
    """
    sources = list(files.values() if isinstance(files, Mapping) else files)
    names = list(files) if isinstance(files, Mapping) else [base_name(source) for source in sources]
    return validate_files(
        [single_file(source, name) for name, source in zip(names, sources, strict=True)], "The list of files"
    )


def single_file(source: Any, name: str) -> ModelFile:
    """Return one file.

    :param source: path of the file, a string if it is local.
    :param name: name under which it is uploaded.
    :raises InputError: if the file does not exist or is not readable.
    """
    path = resolve_file(source, "file")
    return ModelFile(path, name, int(path.stat().st_size) if is_in_object_storage(path) else local_size(path))


def resolve_file(source: Any, kind: str) -> Any:
    """Return the path of a file with links resolved.

    :param source: path of the file, a string if it is local.
    :param kind: kind of the file, for the error.
    :raises InputError: if it does not exist or is not a regular file.
    """
    path = source if is_in_object_storage(source) else Path(os.path.realpath(source))
    try:
        if not path.is_file():
            raise InputError(
                f"The {kind} {source} {'is not a regular file' if path_exists(path) else 'does not exist'}."
            )
    except OSError as error:
        raise InputError(f"The {kind} {source} cannot be read: {error.strerror or error}.") from None
    return path


def base_name(source: Any) -> str:
    """Return the last part of a path."""
    return str(source.name if is_in_object_storage(source) else Path(source).name)


def local_size(path: Path) -> int:
    """Return the size of a local file, in bytes.

    :raises InputError: if it is not readable.
    """
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read: permission denied.")
    return path.stat().st_size


def validate_files(files: list[ModelFile], origin: str, excluded: str = "") -> list[ModelFile]:
    """Return the files if they can be uploaded together.

    :param files: the files.
    :param origin: where the files come from, for the error.
    :param excluded: description of the excluded files, for the error.
    :raises InputError: if there are no files or too many, or if the name of a file cannot be uploaded.
    """
    if not files:
        raise InputError(
            f"{origin} contains no files{f' to upload: all are excluded by {excluded}' if excluded else ''}."
        )
    if len(files) > MAX_FILES:
        raise InputError(
            f"{origin} contains {len(files):,} files; DataRobot accepts at most {MAX_FILES:,}. Use exclude or "
            ".datarobotignore to exclude the files that do not belong to the model."
        )
    _check_names((file.name for file in files), origin)
    return files


def has_control_character(name: str) -> bool:
    """Return whether a name contains a control character, a line break or a lone surrogate."""
    return any(unicodedata.category(character) in _CONTROL for character in name)


def _check_names(names: Iterable[str], origin: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if has_control_character(name):
            raise InputError(
                f"{origin}: the name {name!r} contains a line break, another control character, or is not UTF-8."
            )
        parts = name.split("/")
        if "\\" in name or _DRIVE.match(name) or {"", ".", ".."} & set(parts):
            raise InputError(f"{origin}: the name {name!r} is not a plain relative path with '/'.")
        if len(name.encode()) > LONGEST_PATH or max(len(part.encode()) for part in parts) > LONGEST_PART:
            raise InputError(
                f"{origin}: the name {name[:60]!r}… is too long. The limit is {LONGEST_PATH:,} bytes for a path and "
                f"{LONGEST_PART} for each of its parts."
            )
        twin = seen.get(name.casefold())
        seen[name.casefold()] = name
        if twin is not None:
            reason = "twice" if twin == name else f"and {twin!r}, which differ only by case"
            raise InputError(f"{origin} contains {name!r} {reason}; DataRobot would keep only one of them.")
