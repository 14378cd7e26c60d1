"""Model files in a zip archive."""

from __future__ import annotations

import logging
import stat
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.files import Log, ModelFile, open_file, resolve_file, validate_files
from datarobot_provider.client.ignore_patterns import IGNORE_FILE, LONGEST_IGNORE_FILE, Exclusions, ignore_text
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_log = logging.getLogger(__name__)
#: A zip archive is refused if its content exceeds both this size in bytes and this multiple of its own size.
BOMB_BYTES, BOMB_RATIO = 1 << 30, 100
#: Errors of reading a damaged zip archive.
ZIP_READ_ERRORS = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def zip_files(archive: Any, exclude: Sequence[str] = (), *, log: Log = _log) -> list[ModelFile]:
    """List the files in a zip archive. They are uploaded one by one, and nothing is extracted to the disk.

    The same files are excluded as of a folder. A ``.datarobotignore`` at the top of the archive is read.

    :param archive: path of the archive, a string if it is local.
    :param exclude: patterns in the syntax of ``.gitignore``.
    :param log: log for one line about the excluded files.
    :raises InputError: if the archive does not exist, is damaged, encrypted, empty or a zip bomb, or contains a file
        that cannot be uploaded, such as a link or a file outside the archive.
    """
    path = resolve_file(archive, "zip")
    try:
        with open_file(path) as stream, zipfile.ZipFile(stream) as contents:
            members = [member for member in contents.infolist() if not member.is_dir()]
            _check_encryption(members, archive)
            exclusions = Exclusions(exclude, _ignore_text(contents, archive))
    except ZIP_READ_ERRORS as error:
        raise InputError(f"The zip {archive} cannot be read: {error}.") from None
    names = exclusions.included(member.filename for member in members)
    included = [member for member in members if member.filename in names]
    _check_members(included, archive)
    _check_bomb(sum(member.file_size for member in included), path.stat().st_size, archive)
    files = [ModelFile(path, member.filename, member.file_size, member.filename) for member in included]
    return validate_files(files, f"The zip {archive}", exclusions.log_excluded(log))


def _ignore_text(contents: zipfile.ZipFile, archive: Any) -> str:
    if IGNORE_FILE not in contents.namelist():
        return ""
    with contents.open(IGNORE_FILE) as stream:
        return ignore_text(stream.read(LONGEST_IGNORE_FILE + 1), f"{IGNORE_FILE} of the zip {archive}")


def _check_encryption(members: Iterable[zipfile.ZipInfo], archive: Any) -> None:
    if any(member.flag_bits & 1 for member in members):
        raise InputError(f"The zip {archive} is encrypted.")


def _check_members(members: Iterable[zipfile.ZipInfo], archive: Any) -> None:
    """Refuse members that are not files. The upper bits of the mode are zero if the archive was not created on Unix."""
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind == stat.S_IFLNK:
            raise InputError(
                f"The zip {archive}: {member.filename!r} is a link. Links in a zip archive are not supported."
            )
        if kind not in (0, stat.S_IFREG):
            raise InputError(f"The zip {archive}: {member.filename!r} is not a regular file.")
        # Python cuts a name at NUL, other tools do not.
        if "\0" in member.orig_filename:
            raise InputError(f"The zip {archive}: the name {member.orig_filename!r} contains a control character.")


def _check_bomb(content_size: int, archive_size: int, archive: Any) -> None:
    """Refuse a zip bomb. The sizes come from its directory, and ``zipfile`` enforces them when it reads a member."""
    if content_size > BOMB_BYTES and content_size > BOMB_RATIO * archive_size:
        raise InputError(
            f"The zip {archive} has {archive_size:,} bytes, but its content {content_size:,}: it looks like a zip "
            "bomb. If this is intended, upload the folder instead."
        )
