"""The files of a model version: found in a folder, a list or a zip, and checked before anything is sent.

All of them may lie on a disk or in object storage, whose paths look like those of the standard library (``fsspec`` and
``universal_pathlib``, by way of Airflow); they have a file system in ``fs`` and their own place in it in ``path``.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from datarobot_provider.exceptions import InputError

MOST_FILES = 1000
IGNORED = frozenset({".git", "__pycache__", ".ipynb_checkpoints", ".DS_Store"})
#: Longest part of a path and longest path, in bytes: what file systems and object stores take at the most.
LONGEST_PART, LONGEST_PATH = 255, 1024
#: A zip that unpacks to more than this many bytes, and to more than so many times its own size, holds no model.
BOMB_BYTES, BOMB_RATIO = 1 << 30, 100
#: What is fetched at once of a file in object storage, in bytes; more is kept in memory than this, but not much.
_BLOCK = 4 << 20
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class ModelFile:
    """One file to upload.

    :param source: path of the file, or of the zip that holds it.
    :param name: its path inside the model, with ``/``.
    :param size: its length in bytes.
    :param member: its name inside the zip, for a file of a zip.
    """

    source: Any
    name: str
    size: int
    member: str | None = None


def is_stored(source: Any) -> bool:
    """Return whether a path leads into object storage."""
    return hasattr(source, "fs")


def opened(source: Any) -> BinaryIO:
    """Open a file on disk or in object storage for reading."""
    how = {"block_size": _BLOCK} if is_stored(source) else {}
    return cast("BinaryIO", source.open("rb", **how))


def folder_files(folder: Any) -> list[ModelFile]:
    """List the files below a folder, in a stable order.

    Version control, caches and editor leftovers are left out: ``.git``, ``__pycache__``, ``.ipynb_checkpoints``,
    ``.DS_Store``. A link to a file of the folder stands for that file; no other link is followed.

    :param folder: path of a folder: a text for a local one.
    :raises InputError: if it is missing, empty, unreadable, or holds what cannot be uploaded, such as a link that leads
        out of it.
    """
    if is_stored(folder):
        return _checked(_stored_files(folder), f"The folder {folder}")
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"The folder {folder} {'is not a folder' if root.exists() else 'does not exist'}.")
    found: list[ModelFile] = []
    for base, folders, names in os.walk(root, onerror=_unreadable):
        folders[:] = sorted(set(folders) - IGNORED)
        linked = [name for name in folders if (Path(base) / name).is_symlink()]
        if linked:
            raise InputError(f"{Path(base) / linked[0]} is a link to a folder, which is not followed.")
        found += [_local(Path(base) / name, root) for name in sorted(set(names) - IGNORED)]
    return _checked(found, f"The folder {folder}")


def listed_files(files: Sequence[Any] | Mapping[str, Any]) -> list[ModelFile]:
    """Take single files.

    :param files: paths, texts for local ones, each uploaded under its base name; or a mapping of the path inside the
        model to such a path.
    :raises InputError: if one is missing or cannot be uploaded.
    """
    sources = list(files.values() if isinstance(files, Mapping) else files)
    paths = [source if is_stored(source) else Path(source) for source in sources]
    names = list(files) if isinstance(files, Mapping) else [path.name for path in paths]
    found = [ModelFile(path, name, _file_size(path)) for name, path in zip(names, paths, strict=True)]
    return _checked(found, "The list of files")


def zip_files(archive: Any) -> list[ModelFile]:
    """List the files inside a zip; they are sent one by one, nothing is unpacked onto the disk.

    :param archive: path of a zip: a text for a local one.
    :raises InputError: if it is missing, damaged, encrypted, empty, a bomb, or holds what cannot be uploaded, such as a
        link or a name that leads elsewhere.
    """
    path = archive if is_stored(archive) else Path(archive)
    if not path.is_file():
        raise InputError(f"The zip {archive} does not exist.")
    try:
        with opened(path) as stream, zipfile.ZipFile(stream) as contents:
            members = [member for member in contents.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"The zip {archive} cannot be read: {error}.") from None
    if any(member.flag_bits & 1 for member in members):
        raise InputError(f"The zip {archive} is encrypted.")
    kept = [member for member in members if not IGNORED & set(member.filename.split("/"))]
    _check_members(kept, archive)
    _check_bomb(sum(member.file_size for member in kept), path.stat().st_size, archive)
    return _checked(
        [ModelFile(path, member.filename, member.file_size, member.filename) for member in kept],
        f"The zip {archive}",
    )


def _stored_files(root: Any) -> list[ModelFile]:
    """List what lies below a path of object storage, with one listing for all."""
    try:
        entries = root.fs.find(root.path, detail=True)
    except (FileNotFoundError, PermissionError) as error:
        raise InputError(f"The folder {root} cannot be listed: {error}.") from None
    inside = f"{str(root.path).rstrip('/')}/"
    found = []
    for key, entry in sorted(entries.items()):
        name = str(key).removeprefix(inside)
        # Some tools mark a folder by an empty object whose name ends in a slash.
        if entry["type"] == "file" and not name.endswith("/") and not IGNORED & set(name.split("/")):
            found.append(ModelFile(root / name, name, int(entry["size"])))
    return found


def _file_size(path: Any) -> int:
    if not path.is_file():
        raise InputError(f"The file {path} {'is not a regular file' if path.exists() else 'does not exist'}.")
    return int(path.stat().st_size) if is_stored(path) else _size(path)


def _check_members(members: Iterable[zipfile.ZipInfo], archive: str) -> None:
    """Refuse members that are no files. Where a zip was not made on Unix, the upper bits of the mode are zero."""
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind == stat.S_IFLNK:
            raise InputError(f"The zip {archive}: {member.filename!r} is a link, which is not followed.")
        if kind not in (0, stat.S_IFREG):
            raise InputError(f"The zip {archive}: {member.filename!r} is not a regular file.")
        # Python cuts a name at a NUL; another reader of the same zip may see another name.
        if "\0" in member.orig_filename:
            raise InputError(f"The zip {archive}: the name {member.orig_filename!r} holds a control character.")


def _check_bomb(unpacked: int, packed: int, archive: str) -> None:
    """Refuse a zip by the sizes that it announces; the reader holds every member to its own."""
    if unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed:
        raise InputError(
            f"The zip {archive} has {packed:,} bytes and would be uploaded as {unpacked:,}, which no model is packed "
            "to. Give the folder instead, if this is meant."
        )


def _unreadable(error: OSError) -> None:
    raise InputError(f"{error.filename} cannot be read: {error.strerror}.")


def _local(path: Path, root: Path) -> ModelFile:
    # os.path.realpath, unlike Path.resolve, takes links that lead in a circle; they are no regular files.
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise InputError(f"{path} is a link out of the model folder, which is not followed.")
    if not path.is_file():
        raise InputError(f"{path} is not a regular file.")
    return ModelFile(path, path.relative_to(root).as_posix(), _size(path))


def _size(path: Path) -> int:
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read: permission denied.")
    return path.stat().st_size


def _checked(files: list[ModelFile], what: str) -> list[ModelFile]:
    if not files:
        raise InputError(f"{what} holds no files.")
    if len(files) > MOST_FILES:
        raise InputError(f"{what} holds {len(files):,} files; DataRobot takes {MOST_FILES:,} at the most.")
    _check_names((file.name for file in files), what)
    return files


def _check_names(names: Iterable[str], what: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if not name.isprintable():
            raise InputError(f"{what}: the name {name!r} holds a line break or another control character.")
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
