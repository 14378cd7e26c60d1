"""Validation of the file paths of a version."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_NAME_BYTES, _MAX_PATH_BYTES = 255, 4096
_DRIVE = re.compile(r"[A-Za-z]:")


def check_path(path: str, field: str = "filePath") -> None:
    """Check that a path names a file below the folder of the model on every operating system.

    :param field: the field that the error response names.
    :raises ApiError: with status 422 if the path is invalid.
    """
    problem = _problem(path)
    if problem:
        raise invalid(field, problem)


def check_tree(paths: Iterable[str], field: str = "filePath") -> None:
    """Check that no path is both a file and a folder of another path.

    :param field: the field that the error response names.
    :raises ApiError: with status 422 if a path is both.
    """
    files = set(paths)
    for path in files:
        parts = path.split("/")
        if any("/".join(parts[:depth]) in files for depth in range(1, len(parts))):
            raise invalid(field, "names a file and a folder of the same name")


def _problem(path: str) -> str | None:
    parts = path.split("/")
    if not path or "" in parts or not {".", ".."}.isdisjoint(parts):
        return "has to be a relative path inside the model's folder, without empty, '.' and '..' segments"
    if "\\" in path or _DRIVE.match(path):
        return "has to be a relative path with slashes, without backslashes and drive letters"
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in path):
        return "must not have control characters"
    if len(path.encode()) > _MAX_PATH_BYTES or any(len(p.encode()) > _MAX_NAME_BYTES for p in parts):
        return f"is longer than {_MAX_PATH_BYTES} bytes, or one of its names than {_MAX_NAME_BYTES} bytes"
    return None
