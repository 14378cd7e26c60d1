"""The files of a model folder, on a disk or in object storage: what belongs to it, and which links are followed."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.files import Log, ModelFile, checked, is_in_object_storage, local_size, opened
from datarobot_provider.client.ignore_patterns import (
    ENVIRONMENT_MARKERS,
    IGNORE_FILE,
    LONGEST_IGNORE_FILE,
    Exclusions,
    ignore_text,
)
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_log = logging.getLogger(__name__)
#: More entries than this are not walked: the folder is not that of a model, or its links multiply.
_MAX_ENTRIES = 100_000


def folder_files(
    folder: Any, exclude: Sequence[str] = (), *, follow_links: bool = False, log: Log = _log
) -> list[ModelFile]:
    """List the files below a folder, in a stable order.

    Excluded are the paths that match :data:`~datarobot_provider.client.ignore_patterns.DEFAULTS`, the folder's
    ``.datarobotignore`` or ``exclude``, and virtual environments. A link to a target inside the folder is replaced by
    its target.

    :param folder: path of a folder: a string for a local one.
    :param exclude: patterns in the syntax of ``.gitignore``; they overrule those of ``.datarobotignore``.
    :param follow_links: whether links out of the folder are followed, too; default ``False``.
    :param log: takes one line about what was left out, and one for each target outside the folder.
    :raises InputError: if the folder is missing, empty, unreadable, or holds what cannot be uploaded, such as a link
        that leads out of it or in a circle.
    """
    if is_in_object_storage(folder):
        files, exclusions = _stored_files(folder, exclude)
    else:
        files, exclusions = _local_files(Path(folder), exclude, follow_links=follow_links, log=log)
    return checked(files, f"The folder {folder}", exclusions.report(log))


def _local_files(
    root: Path, exclude: Sequence[str], *, follow_links: bool, log: Log
) -> tuple[list[ModelFile], Exclusions]:
    try:
        if not root.is_dir():
            raise InputError(f"The folder {root} {'is not a folder' if root.exists() else 'does not exist'}.")
    except OSError as error:
        raise InputError(f"The folder {root} cannot be read: {error.strerror}.") from None
    links = _Links(root, follow=follow_links, log=log)
    ignore_file = root / IGNORE_FILE
    if ignore_file.is_symlink():
        ignore_file = links.target(ignore_file)
    exclusions = Exclusions(exclude, _ignore_text(ignore_file) if ignore_file.is_file() else "")
    return list(_walk(root, exclusions, links)), exclusions


def _walk(root: Path, exclusions: Exclusions, links: _Links) -> Iterator[ModelFile]:
    """Yield the files that are not left out; a folder that is left out is not read."""
    # A folder's place on the disk, its place in the model, and the real paths of the folders around it.
    waiting: list[tuple[Path, str, tuple[str, ...]]] = [(root, "", ())]
    seen = 0
    while waiting:
        folder, inside, around = waiting.pop()
        around = _entered(folder, root / inside, around)
        entries = _entries(folder)
        marked = any(entry.name in ENVIRONMENT_MARKERS for entry in entries)
        if marked and inside and exclusions.is_environment_excluded(inside):
            continue
        seen += len(entries)
        if seen > _MAX_ENTRIES:
            raise InputError(f"The folder {root} holds more than {_MAX_ENTRIES:,} entries, which no model has.")
        folders = []
        for entry in entries:
            name = inside + entry.name
            linked = entry.is_symlink()
            shapes = _shapes(entry, name)
            if any(exclusions.is_excluded(shape) for shape in shapes):
                continue
            path = links.target(root / name, Path(entry.path)) if linked else Path(entry.path)
            if path.is_dir():
                folders.append((path, f"{name}/", around))
            elif path.is_file():
                yield ModelFile(path, name, local_size(path))
            else:
                raise InputError(f"{root / name} is not a regular file.")
        waiting += reversed(folders)


def _shapes(entry: os.DirEntry[str], name: str) -> tuple[str, ...]:
    """Return how an entry may look to a pattern: a link to a folder, or to nothing, is one and may be a folder."""
    if entry.is_symlink():
        return (name,) if Path(entry.path).is_file() else (name, f"{name}/")
    return (f"{name}/" if entry.is_dir() else name,)


class _Links:
    """Says where links lead, and whether they may.

    :param root: the model folder.
    :param follow: whether a link may lead out of it.
    :param log: takes one line for each target outside.
    """

    def __init__(self, root: Path, *, follow: bool, log: Log) -> None:
        self._root = os.path.realpath(root)
        self._follow = follow
        self._log = log
        self._logged: set[Path] = set()

    def target(self, name: Path, link: Path | None = None) -> Path:
        """Return the real path of what a link leads to, so that a link that is changed later changes nothing.

        :param name: the link's path as it is shown: that inside the model folder.
        :param link: the link's place on the disk, where that is another one.
        :raises InputError: if it leads out of the folder and may not, leads nowhere, or in a circle.
        """
        link = link or name
        shown, target = str(link.readlink()), Path(os.path.realpath(link))
        outside = not target.is_relative_to(self._root)
        if outside and not self._follow:
            raise InputError(
                f"{name} is a link out of the model folder, to {shown}, which is not followed. Set follow_links=True "
                "to upload what it leads to, or leave it out with exclude."
            )
        try:
            link.stat()
        except OSError as error:
            raise InputError(f"{name} is not a regular file: {_problem(error, shown)}.") from None
        if outside and target not in self._logged:
            self._logged.add(target)
            self._log.info("%s is a link out of the model folder; %s is uploaded in its place.", name, target)
        return target


def _problem(error: OSError, target: str) -> str:
    if error.errno == errno.ELOOP:
        return f"it is a link to {target} that leads in a circle"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"it is a link to {target}, which does not exist"
    return f"it is a link to {target}, which cannot be read: {error.strerror}"


def _entered(folder: Path, name: Path, around: tuple[str, ...]) -> tuple[str, ...]:
    """Return the real paths of a folder and those around it."""
    real = os.path.realpath(folder)
    if real in around:
        raise InputError(f"{name} is a link to a folder that holds it, {real}: it leads in a circle.")
    return (*around, real)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{error.filename or folder} cannot be read: {error.strerror}.") from None


def _stored_files(root: Any, exclude: Sequence[str]) -> tuple[list[ModelFile], Exclusions]:
    """List what lies below a path of object storage, with one listing for all."""
    try:
        entries = root.fs.find(root.path, detail=True)
    except (FileNotFoundError, PermissionError) as error:
        raise InputError(f"The folder {root} cannot be listed: {error}.") from None
    inside = f"{str(root.path).rstrip('/')}/"
    sizes = {
        str(key).removeprefix(inside): int(entry["size"])
        for key, entry in sorted(entries.items())
        # Some tools mark a folder by an empty object whose name ends in a slash.
        if entry["type"] == "file" and not str(key).endswith("/")
    }
    exclusions = Exclusions(exclude, _ignore_text(root / IGNORE_FILE) if IGNORE_FILE in sizes else "")
    kept = exclusions.kept(sizes)
    return [ModelFile(root / name, name, size) for name, size in sizes.items() if name in kept], exclusions


def _ignore_text(path: Any) -> str:
    try:
        with opened(path) as stream:
            return ignore_text(stream.read(LONGEST_IGNORE_FILE + 1), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
