"""The files of a model version: found in a folder, a list or a zip, and checked before anything is sent."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from datarobot_provider.exceptions import InputError

MOST_FILES = 1000
IGNORED = frozenset({".git", "__pycache__", ".ipynb_checkpoints", ".DS_Store"})


@dataclass(frozen=True)
class ModelFile:
    """One file to upload.

    :param source: the local file, or the zip that holds it.
    :param name: its path inside the model, with ``/``.
    :param size: its length in bytes.
    :param member: its name inside the zip, for a file of a zip.
    """

    source: Path
    name: str
    size: int
    member: str | None = None

    def open(self) -> BinaryIO:
        """Open it for reading."""
        if self.member is None:
            return self.source.open("rb")
        with zipfile.ZipFile(self.source) as archive:
            return cast("BinaryIO", archive.open(self.member))


def folder_files(folder: str) -> list[ModelFile]:
    """List the files below a folder, in a stable order.

    Version control, caches and editor leftovers are left out: ``.git``, ``__pycache__``, ``.ipynb_checkpoints``,
    ``.DS_Store``.

    :param folder: path of a local folder.
    :raises InputError: if it is missing, empty, unreadable, or holds what cannot be uploaded.
    """
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


def listed_files(files: Sequence[str] | Mapping[str, str]) -> list[ModelFile]:
    """Take single files.

    :param files: local paths, each uploaded under its base name, or a mapping of the path inside the model to the
        local path.
    :raises InputError: if one is missing or cannot be uploaded.
    """
    pairs = files.items() if isinstance(files, Mapping) else [(Path(file).name, file) for file in files]
    found = []
    for name, file in pairs:
        path = Path(file)
        if not path.is_file():
            raise InputError(f"The file {file} {'is not a regular file' if path.exists() else 'does not exist'}.")
        found.append(ModelFile(path, name, _size(path)))
    return _checked(found, "The list of files")


def zip_files(archive: str) -> list[ModelFile]:
    """List the files inside a zip; they are sent one by one, nothing is unpacked.

    :param archive: path of a local zip.
    :raises InputError: if it is missing, damaged, encrypted, empty, or holds what cannot be uploaded.
    """
    path = Path(archive)
    if not path.is_file():
        raise InputError(f"The zip {archive} does not exist.")
    try:
        with zipfile.ZipFile(path) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"The zip {archive} cannot be read: {error}.") from None
    if any(member.flag_bits & 1 for member in members):
        raise InputError(f"The zip {archive} is encrypted.")
    kept = [member for member in members if not IGNORED & set(member.filename.split("/"))]
    return _checked(
        [ModelFile(path, member.filename, member.file_size, member.filename) for member in kept],
        f"The zip {archive}",
    )


def _unreadable(error: OSError) -> None:
    raise InputError(f"{error.filename} cannot be read: {error.strerror}.")


def _local(path: Path, root: Path) -> ModelFile:
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
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
        if name.startswith("/") or "\\" in name or {"", ".", ".."} & set(name.split("/")):
            raise InputError(f"{what}: the name {name!r} is not a plain relative path with '/'.")
        twin = seen.get(name.casefold())
        seen[name.casefold()] = name
        if twin is not None:
            reason = "twice" if twin == name else f"and {twin!r}, which differ only by case"
            raise InputError(f"{what} holds {name!r} {reason}; DataRobot would keep only one of them.")
