"""One file to upload, wherever it lies, and the checks that every list of files has to pass before anything is sent.

Files may lie on a disk or in object storage, whose paths look like those of the standard library (``fsspec`` and
``universal_pathlib``, by way of Airflow); they have a file system in ``fs`` and their own place in it in ``path``.
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
#: Longest part of a path and longest path, in bytes: what file systems and object stores take at the most.
LONGEST_PART, LONGEST_PATH = 255, 1024
#: What is fetched at once of a file in object storage, in bytes; more is kept in memory than this, but not much.
_BLOCK = 4 << 20
_DRIVE = re.compile(r"[A-Za-z]:")
# Joiners, marks of direction and all kinds of spaces are ordinary in the names of many languages.
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_READ_AS_CHECKED = _READ | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Log(Protocol):
    """Takes lines for the task log: a logger, of the standard library or of Airflow."""

    def info(self, message: str, /, *args: Any) -> Any:
        """Write a line of information."""

    def warning(self, message: str, /, *args: Any) -> Any:
        """Write a warning."""


@dataclass(frozen=True)
class ModelFile:
    """One file to upload.

    :param source: path of the file, or of the zip that holds it; no link.
    :param name: its path inside the model, with ``/``.
    :param size: its length in bytes.
    :param member: its name inside the zip, for a file of a zip.
    """

    source: Any
    name: str
    size: int
    member: str | None = None


def is_in_object_storage(source: Any) -> bool:
    """Return whether a path leads into object storage."""
    # Of the class, because the file system itself may need a connection that there is not.
    return hasattr(type(source), "fs")


def opened(source: Any, *, as_checked: bool = False) -> BinaryIO:
    """Open a file on disk or in object storage for reading.

    :param source: its path.
    :param as_checked: whether it was a regular file when it was checked: a link that was put in its place since then is
        not followed, and a pipe is not waited for.
    """
    if is_in_object_storage(source):
        return cast("BinaryIO", source.open("rb", block_size=_BLOCK))
    return os.fdopen(os.open(source, _READ_AS_CHECKED if as_checked else _READ), "rb")


def listed_files(files: Sequence[Any] | Mapping[str, Any]) -> list[ModelFile]:
    """Take single files; a link stands for the file that it leads to.

    :param files: paths, strings for local ones, each uploaded under its base name; or a mapping of the path inside the
        model to such a path.
    :raises InputError: if one is missing or cannot be uploaded.
    """
    sources = list(files.values() if isinstance(files, Mapping) else files)
    names = list(files) if isinstance(files, Mapping) else [base_name(source) for source in sources]
    return checked(
        [single_file(source, name) for name, source in zip(names, sources, strict=True)], "The list of files"
    )


def single_file(source: Any, name: str) -> ModelFile:
    """Take one file.

    :param source: its path: a string for a local one.
    :param name: the name to upload it under.
    :raises InputError: if it is missing or unreadable.
    """
    path = resolve_file(source, "file")
    return ModelFile(path, name, int(path.stat().st_size) if is_in_object_storage(path) else local_size(path))


def resolve_file(source: Any, kind: str) -> Any:
    """Return the real path of a file that the DAG's author named, which may be a link.

    :param source: its path: a string for a local one.
    :param kind: what it is, for the error.
    :raises InputError: if it is missing or not a regular file.
    """
    path = source if is_in_object_storage(source) else Path(os.path.realpath(source))
    try:
        if not path.is_file():
            raise InputError(f"The {kind} {source} {'is not a regular file' if path.exists() else 'does not exist'}.")
    except OSError as error:
        raise InputError(f"The {kind} {source} cannot be read: {error.strerror or error}.") from None
    return path


def base_name(source: Any) -> str:
    """Return the last part of a path."""
    return str(source.name if is_in_object_storage(source) else Path(source).name)


def local_size(path: Path) -> int:
    """Return the size of a readable file, in bytes.

    :raises InputError: if it is not readable.
    """
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read: permission denied.")
    return path.stat().st_size


def checked(files: list[ModelFile], what: str, left_out: str = "") -> list[ModelFile]:
    """Return the files, if all of them can be uploaded together.

    :param files: the files.
    :param what: where they come from, for the error.
    :param left_out: what was left out there.
    :raises InputError: if there are none or too many, or if one has a name that cannot be uploaded.
    """
    if not files:
        raise InputError(f"{what} holds no files{f' to upload: all are left out ({left_out})' if left_out else ''}.")
    if len(files) > MAX_FILES:
        raise InputError(
            f"{what} holds {len(files):,} files; DataRobot takes {MAX_FILES:,} at the most. Name what does not belong "
            "to the model in exclude or in .datarobotignore."
        )
    _check_names((file.name for file in files), what)
    return files


def has_control_character(name: str) -> bool:
    """Return whether a name holds what no request can carry: a control character, a line break, half a character."""
    return any(unicodedata.category(character) in _CONTROL for character in name)


def _check_names(names: Iterable[str], what: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if has_control_character(name):
            raise InputError(f"{what}: the name {name!r} holds a line break, another control character or no UTF-8.")
        parts = name.split("/")
        if "\\" in name or _DRIVE.match(name) or {"", ".", ".."} & set(parts):
            raise InputError(f"{what}: the name {name!r} is not a plain relative path with '/'.")
        if len(name.encode()) > LONGEST_PATH or max(len(part.encode()) for part in parts) > LONGEST_PART:
            raise InputError(
                f"{what}: the name {name[:60]!r}… is too long; a path may have {LONGEST_PATH:,} bytes, every part "
                f"{LONGEST_PART}."
            )
        twin = seen.get(name.casefold())
        seen[name.casefold()] = name
        if twin is not None:
            reason = "twice" if twin == name else f"and {twin!r}, which differ only by case"
            raise InputError(f"{what} holds {name!r} {reason}; DataRobot would keep only one of them.")
