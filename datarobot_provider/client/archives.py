"""The files of a model inside a zip: checked, and read without unpacking anything onto the disk."""

from __future__ import annotations

import logging
import stat
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.files import Log, ModelFile, checked, opened, resolve_file
from datarobot_provider.client.ignore_patterns import IGNORE_FILE, LONGEST_IGNORE_FILE, Exclusions, ignore_text
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_log = logging.getLogger(__name__)
#: A zip that unpacks to more than this many bytes, and to more than so many times its own size, holds no model.
BOMB_BYTES, BOMB_RATIO = 1 << 30, 100
#: What reading a damaged zip, or a member of one, can end in.
ZIP_READ_ERRORS = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def zip_files(archive: Any, exclude: Sequence[str] = (), *, log: Log = _log) -> list[ModelFile]:
    """List the files inside a zip; they are sent one by one, nothing is unpacked onto the disk.

    The same paths are left out as of a folder; a ``.datarobotignore`` at the top of the zip is read.

    :param archive: path of a zip: a string for a local one.
    :param exclude: patterns in the syntax of ``.gitignore``.
    :param log: takes one line about what was left out.
    :raises InputError: if it is missing, damaged, encrypted, empty, a bomb, or holds what cannot be uploaded, such as a
        link or a name that leads elsewhere.
    """
    path = resolve_file(archive, "zip")
    try:
        with opened(path) as stream, zipfile.ZipFile(stream) as contents:
            members = [member for member in contents.infolist() if not member.is_dir()]
            _check_encryption(members, archive)
            exclusions = Exclusions(exclude, _ignore_text(contents, archive))
    except ZIP_READ_ERRORS as error:
        raise InputError(f"The zip {archive} cannot be read: {error}.") from None
    names = exclusions.kept(member.filename for member in members)
    kept = [member for member in members if member.filename in names]
    _check_members(kept, archive)
    _check_bomb(sum(member.file_size for member in kept), path.stat().st_size, archive)
    files = [ModelFile(path, member.filename, member.file_size, member.filename) for member in kept]
    return checked(files, f"The zip {archive}", exclusions.report(log))


def _ignore_text(contents: zipfile.ZipFile, archive: Any) -> str:
    if IGNORE_FILE not in contents.namelist():
        return ""
    with contents.open(IGNORE_FILE) as stream:
        return ignore_text(stream.read(LONGEST_IGNORE_FILE + 1), f"{IGNORE_FILE} of the zip {archive}")


def _check_encryption(members: Iterable[zipfile.ZipInfo], archive: Any) -> None:
    if any(member.flag_bits & 1 for member in members):
        raise InputError(f"The zip {archive} is encrypted.")


def _check_members(members: Iterable[zipfile.ZipInfo], archive: Any) -> None:
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


def _check_bomb(unpacked: int, packed: int, archive: Any) -> None:
    """Refuse a zip by the sizes that it announces; the reader holds every member to its own."""
    if unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed:
        raise InputError(
            f"The zip {archive} has {packed:,} bytes and would be uploaded as {unpacked:,}, which no model is packed "
            "to. Give the folder instead, if this is meant."
        )
