"""Patterns of files that are excluded from an upload."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from datarobot_provider.client.files import Log

IGNORE_FILE = ".datarobotignore"
#: Maximum size of a ``.datarobotignore``, in bytes.
LONGEST_IGNORE_FILE = 1 << 20
#: Names of entries that identify a virtual environment of Python or conda.
ENVIRONMENT_MARKERS = ("pyvenv.cfg", "conda-meta")
# Group of the slash after a matched folder in the regular expressions of pathspec.
_FOLDER_GROUP = "ps_d"
DEFAULTS = (
    # Version control.
    *(".git", ".svn/", ".hg/", ".dvc/"),
    # Secrets, but not examples of files with secrets.
    *(".env", ".env.*", "!.env.example", "!.env.sample", "!.env.template", "!.env.dist", ".envrc"),
    # Environments and packages.
    *(".venv/", ".conda/", ".pixi/", ".direnv/", "__pypackages__/", "node_modules/", "**/renv/library/"),
    # Caches of tools.
    *("__pycache__/", "*.pyc", ".ipynb_checkpoints/", ".mypy_cache/", ".ruff_cache/", ".pytest_cache/"),
    *(".tox/", ".nox/", ".hypothesis/", ".Rproj.user/", ".Rhistory"),
    # Editors and desktops.
    *(".idea/", ".vscode/", ".DS_Store", "._*", "__MACOSX/", "Thumbs.db", "desktop.ini"),
    # The link targets in a volume that Kubernetes creates from a ConfigMap.
    "..[0-9A-Za-z]*",
)


class _Rule(NamedTuple):
    """One pattern. ``origin`` is empty for a default; ``excludes`` is false for a pattern that begins with ``!``."""

    regex: re.Pattern[str]
    excludes: bool
    label: str
    origin: str
    line: str

    @property
    def has_name(self) -> bool:
        """Whether the last part of the pattern consists of more than wildcards."""
        return bool(self.line.strip().rstrip("/").rpartition("/")[2].strip("!*"))

    def matches(self, name: str) -> bool:
        """Return whether the pattern matches the path itself, and not only one of its parent folders."""
        for found in self.regex.finditer(name):
            if not found.groupdict().get(_FOLDER_GROUP):
                # A pattern that ends in "/**" matches the content of the folder, not the folder.
                return not name.endswith("/") or self.regex.search(name[:-1]) is not None
            if found.end(_FOLDER_GROUP) == len(name):
                return True
        return False


class Exclusions:
    """Decides which paths below a folder are excluded, and counts them.

    The last pattern that matches a path decides, in this order: defaults, ``.datarobotignore``, ``exclude``. As in git,
    a pattern that matches a folder applies to the folder only, and a path in an excluded folder cannot be included
    again. A default is overruled only by a pattern with a name, not by ``!*/`` and the like.

    :param exclude: patterns in the syntax of ``.gitignore``.
    :param ignore_file: content of the ``.datarobotignore`` in the folder.
    :raises InputError: if a pattern is invalid.
    """

    def __init__(self, exclude: Sequence[str] = (), ignore_file: str = "") -> None:
        self._rules = [
            _Rule(pattern.regex, pattern.include, f"{line.strip()} of {origin}" if origin else line, origin, line)
            for origin, lines in (("", DEFAULTS), (IGNORE_FILE, ignore_file.split("\n")), ("exclude", exclude))
            for line in lines
            for pattern in _parse(line, origin)
            if pattern.include is not None
        ]
        self._rules.reverse()
        self._folders: dict[str, bool] = {}
        self._counts: Counter[str] = Counter()

    def is_excluded(self, name: str) -> bool:
        """Return whether a path is excluded, and count it if it is.

        :param name: path below the folder, with ``/``; that of a folder ends with one.
        """
        return name == IGNORE_FILE or self._is_excluded(name, None)

    def is_environment_excluded(self, name: str) -> bool:
        """Return whether a virtual environment is excluded: always, unless a pattern with ``!`` names it."""
        return self._is_excluded(name, f"virtual environment {name!r}")

    def included(self, names: Iterable[str]) -> set[str]:
        """Return the files that are not excluded, from a list of files without their folders."""
        names = list(names)
        parts = (name.split("/") for name in names)
        environments = {"/".join(p[: p.index(m)]) for p in parts for m in ENVIRONMENT_MARKERS if m in p}
        return {
            name for name in names if not self._is_in_excluded_folder(name, environments) and not self.is_excluded(name)
        }

    def log_excluded(self, log: Log) -> str:
        """Log a summary of the excluded paths, if there are any, and return it."""
        summary = ", ".join(f"{label} ({count})" for label, count in self._counts.most_common())
        if summary:
            log.info("Excluded from the upload: %s.", summary)
        return summary

    def _is_excluded(self, name: str, default: str | None) -> bool:
        label = self._label(name, default)
        if label is not None:
            self._counts[label] += 1
        return label is not None

    def _label(self, name: str, default: str | None) -> str | None:
        """Return the pattern that excludes a path, ``default`` if no pattern matches, or None if it is included."""
        defaults_only = False
        for rule in self._rules:
            if (defaults_only and rule.origin) or not rule.matches(name):
                continue
            if rule.excludes:
                return rule.label
            if rule.has_name:
                return None
            defaults_only = True
        return default

    def _is_in_excluded_folder(self, name: str, environments: set[str]) -> bool:
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if folder not in self._folders:
                is_environment = folder in environments
                name_of_folder = f"{folder}/"
                self._folders[folder] = self.is_excluded(name_of_folder) or (
                    is_environment and self.is_environment_excluded(name_of_folder)
                )
            if self._folders[folder]:
                return True
        return False


def ignore_text(content: bytes, where: str) -> str:
    """Return the text of a ``.datarobotignore``.

    :param content: its first bytes, at most one more than :data:`LONGEST_IGNORE_FILE`.
    :param where: its path, for the error.
    :raises InputError: if it is too long or not UTF-8.
    """
    if len(content) > LONGEST_IGNORE_FILE:
        raise InputError(f"{where} is longer than {LONGEST_IGNORE_FILE:,} bytes.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not UTF-8: {error.reason} at byte {error.start:,}.") from None


def _parse(line: str, origin: str) -> list[Any]:
    """Return the pattern of a line, or an empty list for a blank line."""
    from pathspec import GitIgnoreSpec

    try:
        return list(GitIgnoreSpec.from_lines([line]).patterns)
    except (ValueError, re.error) as error:
        raise InputError(f"{line!r} in {origin} is not a valid pattern in .gitignore syntax: {error}.") from None
