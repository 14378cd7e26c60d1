"""Model files in a folder, on a local disk or in object storage."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.files import (
    Log,
    ModelFile,
    is_in_object_storage,
    local_size,
    open_file,
    path_exists,
    validate_files,
)
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
#: Maximum number of entries. A folder with more is not a model, or its links form a tree that multiplies.
_MAX_ENTRIES = 100_000


def folder_files(
    folder: Any, exclude: Sequence[str] = (), *, follow_links: bool = False, log: Log = _log
) -> list[ModelFile]:
    """List the files below a folder, in a stable order.

    Excluded are the paths that match :data:`~datarobot_provider.client.ignore_patterns.DEFAULTS`, the folder's
    ``.datarobotignore`` or ``exclude``, and virtual environments. A link to a target inside the folder is replaced by
    its target.

    :param folder: path of the folder, a string if it is local.
    :param exclude: patterns in the syntax of ``.gitignore``. They have precedence over those of ``.datarobotignore``.
    :param follow_links: whether to follow links to targets outside the folder, default ``False``.
    :param log: log for one line about the excluded files, and one for each link target outside the folder.
    :raises InputError: if the folder does not exist, is empty or not readable, or contains a file that cannot be
        uploaded, such as a link to a target outside the folder or a circular link.
    """
    if is_in_object_storage(folder):
        files, exclusions = _stored_files(folder, exclude)
    else:
        files, exclusions = _local_files(Path(folder), exclude, follow_links=follow_links, log=log)
    return validate_files(files, f"The folder {folder}", exclusions.log_excluded(log))


def _local_files(
    root: Path, exclude: Sequence[str], *, follow_links: bool, log: Log
) -> tuple[list[ModelFile], Exclusions]:
    try:
        if not root.is_dir():
            raise InputError(f"The folder {root} {'is not a folder' if path_exists(root) else 'does not exist'}.")
    except OSError as error:
        raise InputError(f"The folder {root} cannot be read: {error.strerror}.") from None
    links = _LinkResolver(root, follow=follow_links, log=log)
    ignore_file = root / IGNORE_FILE
    if ignore_file.is_symlink():
        ignore_file = links.target(ignore_file)
    exclusions = Exclusions(exclude, _ignore_text(ignore_file) if ignore_file.is_file() else "")
    return list(_included_files(root, exclusions, links)), exclusions


def _included_files(root: Path, exclusions: Exclusions, links: _LinkResolver) -> Iterator[ModelFile]:
    """Yield the files that are not excluded. Excluded folders are not read."""
    # For each folder: its path on disk, its path in the model, and the real paths of its parents.
    pending: list[tuple[Path, str, tuple[str, ...]]] = [(root, "", ())]
    seen = 0
    while pending:
        folder, prefix, parents = pending.pop()
        parents = _with_folder(folder, root / prefix, parents)
        entries = _entries(folder)
        is_environment = any(entry.name in ENVIRONMENT_MARKERS for entry in entries)
        if is_environment and prefix and exclusions.is_environment_excluded(prefix):
            continue
        seen += len(entries)
        if seen > _MAX_ENTRIES:
            raise InputError(
                f"The folder {root} contains more than {_MAX_ENTRIES:,} entries. Is it the folder of a model?"
            )
        folders = []
        for entry in entries:
            name = prefix + entry.name
            is_link = entry.is_symlink()
            if any(exclusions.is_excluded(path) for path in _paths_to_match(entry, name)):
                continue
            path = links.target(root / name, Path(entry.path)) if is_link else Path(entry.path)
            if path.is_dir():
                folders.append((path, f"{name}/", parents))
            elif path.is_file():
                yield ModelFile(path, name, local_size(path))
            else:
                raise InputError(f"{root / name} is not a regular file.")
        pending += reversed(folders)


def _paths_to_match(entry: os.DirEntry[str], name: str) -> tuple[str, ...]:
    """Return the paths to match with the patterns. A link, unless to a file, is matched as a file and as a folder."""
    if entry.is_symlink():
        return (name,) if Path(entry.path).is_file() else (name, f"{name}/")
    return (f"{name}/" if entry.is_dir() else name,)


class _LinkResolver:
    """Resolves links and checks their targets.

    :param root: the model folder.
    :param follow: whether the target of a link may be outside the folder.
    :param log: log for one line for each target outside the folder.
    """

    def __init__(self, root: Path, *, follow: bool, log: Log) -> None:
        self._root = os.path.realpath(root)
        self._follow = follow
        self._log = log
        self._logged: set[Path] = set()

    def target(self, name: Path, link: Path | None = None) -> Path:
        """Return the real path of the target of a link, so that a later change of the link has no effect.

        :param name: path of the link in the model folder, for errors.
        :param link: path of the link on disk, if it differs from ``name``.
        :raises InputError: if the target is outside the folder and must not be followed, or does not exist, or if the
            link is circular.
        """
        link = link or name
        shown, target = str(link.readlink()), Path(os.path.realpath(link))
        outside = not target.is_relative_to(self._root)
        if outside and not self._follow:
            raise InputError(
                f"{name} is a link to {shown}, outside the model folder, which is not followed. Set "
                "follow_links=True to upload its target, or exclude the link with exclude."
            )
        try:
            link.stat()
        except OSError as error:
            raise InputError(f"{name} is not a regular file: {_problem(error, shown)}.") from None
        if outside and target not in self._logged:
            self._logged.add(target)
            self._log.info(
                "%s is a link to a target outside the model folder; the target %s is uploaded.", name, target
            )
        return target


def _problem(error: OSError, target: str) -> str:
    if error.errno == errno.ELOOP:
        return f"it is a circular link to {target}"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"it is a link to {target}, which does not exist"
    return f"it is a link to {target}, which cannot be read: {error.strerror}"


def _with_folder(folder: Path, name: Path, parents: tuple[str, ...]) -> tuple[str, ...]:
    """Return the real paths of the parents and of the folder itself."""
    real = os.path.realpath(folder)
    if real in parents:
        raise InputError(f"{name} is a circular link: it is a link to {real}, which contains it.")
    return (*parents, real)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{error.filename or folder} cannot be read: {error.strerror}.") from None


def _stored_files(root: Any, exclude: Sequence[str]) -> tuple[list[ModelFile], Exclusions]:
    """List the files below a path in object storage, with one request."""
    try:
        entries = root.fs.find(root.path, detail=True)
    except (FileNotFoundError, PermissionError) as error:
        raise InputError(f"The folder {root} cannot be listed: {error}.") from None
    prefix = f"{str(root.path).rstrip('/')}/"
    sizes = {
        str(key).removeprefix(prefix): int(entry["size"])
        for key, entry in sorted(entries.items())
        # Some tools represent a folder by an empty object whose name ends in a slash.
        if entry["type"] == "file" and not str(key).endswith("/")
    }
    exclusions = Exclusions(exclude, _ignore_text(root / IGNORE_FILE) if IGNORE_FILE in sizes else "")
    included = exclusions.included(sizes)
    return [ModelFile(root / name, name, size) for name, size in sizes.items() if name in included], exclusions


def _ignore_text(path: Any) -> str:
    try:
        with open_file(path) as stream:
            return ignore_text(stream.read(LONGEST_IGNORE_FILE + 1), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
