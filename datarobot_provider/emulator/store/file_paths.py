"""Paths of a version's files: which are accepted, and which can stand beside each other."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from datarobot_provider.emulator.web.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_BYTES_OF_A_NAME, _MOST_BYTES_OF_A_PATH = 255, 4096
_DRIVE = re.compile(r"[A-Za-z]:")


def check_path(path: str, field: str = "filePath") -> None:
    """Raise 422 for `field` unless `path` names a file below the model's folder on every operating system."""
    problem = _problem(path)
    if problem:
        raise invalid(field, problem)


def check_tree(paths: Iterable[str], field: str = "filePath") -> None:
    """Raise 422 for `field` if one of the `paths` is a file where another one needs a folder."""
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
    if len(path.encode()) > _MOST_BYTES_OF_A_PATH or any(len(p.encode()) > _MOST_BYTES_OF_A_NAME for p in parts):
        return f"is longer than {_MOST_BYTES_OF_A_PATH} bytes, or one of its names than {_MOST_BYTES_OF_A_NAME} bytes"
    return None
