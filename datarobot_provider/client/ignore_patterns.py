"""What does not belong to a model: defaults, the patterns of ``.datarobotignore`` and those of the DAG's author."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from datarobot_provider.client.files import Log

IGNORE_FILE = ".datarobotignore"
#: Longest ``.datarobotignore``, in bytes.
LONGEST_IGNORE_FILE = 1 << 20
#: What marks a folder as a virtual environment, of Python and of conda.
ENVIRONMENT_MARKERS = ("pyvenv.cfg", "conda-meta")
# Group in which the expressions of pathspec have the slash behind a folder that they match.
_FOLDER_MARK = "ps_d"
DEFAULTS = (
    # Version control.
    *(".git", ".svn/", ".hg/", ".dvc/"),
    # Secrets; examples of such a file hold none.
    *(".env", ".env.*", "!.env.example", "!.env.sample", "!.env.template", "!.env.dist", ".envrc"),
    # Environments and packages.
    *(".venv/", ".conda/", ".pixi/", ".direnv/", "__pypackages__/", "node_modules/", "**/renv/library/"),
    # Caches of tools.
    *("__pycache__/", "*.pyc", ".ipynb_checkpoints/", ".mypy_cache/", ".ruff_cache/", ".pytest_cache/"),
    *(".tox/", ".nox/", ".hypothesis/", ".Rproj.user/", ".Rhistory"),
    # Editors and desktops.
    *(".idea/", ".vscode/", ".DS_Store", "._*", "__MACOSX/", "Thumbs.db", "desktop.ini"),
    # The folders behind the links of a volume that Kubernetes makes of a ConfigMap.
    "..[0-9A-Za-z]*",
)


class _Rule(NamedTuple):
    """One pattern. ``origin`` is empty for a default; ``is_excluded`` is false for a pattern that begins with ``!``."""

    regex: re.Pattern[str]
    is_excluded: bool
    label: str
    origin: str
    line: str

    @property
    def names(self) -> bool:
        """Whether the pattern says more of a name than that there is one."""
        return bool(self.line.strip().rstrip("/").rpartition("/")[2].strip("!*"))

    def matches(self, name: str) -> bool:
        """Return whether the pattern matches a path, and not only a folder around it."""
        for found in self.regex.finditer(name):
            if not found.groupdict().get(_FOLDER_MARK):
                # What ends in "/**" matches what is inside of the folder only.
                return not name.endswith("/") or self.regex.search(name[:-1]) is not None
            if found.end(_FOLDER_MARK) == len(name):
                return True
        return False


class Exclusions:
    """Decides which paths below one folder are left out, and counts them.

    The last pattern that matches a path decides, in the order of the defaults, ``.datarobotignore`` and ``exclude``. As
    in git, a pattern that matches a folder decides about the folder alone, and nothing below a folder that is left out
    can be taken back. What the defaults leave out is taken back by its name, not by ``!*/`` and the like.

    :param exclude: patterns in the syntax of ``.gitignore``.
    :param ignore_file: content of the folder's ``.datarobotignore``.
    :raises InputError: if a pattern cannot be read.
    """

    def __init__(self, exclude: Sequence[str] = (), ignore_file: str = "") -> None:
        self._rules = [
            _Rule(pattern.regex, pattern.include, f"{line.strip()} of {origin}" if origin else line, origin, line)
            for origin, lines in (("", DEFAULTS), (IGNORE_FILE, ignore_file.split("\n")), ("exclude", exclude))
            for line in lines
            for pattern in _read(line, origin)
            if pattern.include is not None
        ]
        self._rules.reverse()
        self._folders: dict[str, bool] = {}
        self._counts: Counter[str] = Counter()

    def is_excluded(self, name: str) -> bool:
        """Return whether a path is left out, and count it.

        :param name: path below the folder, with ``/``; that of a folder ends in one.
        """
        return name == IGNORE_FILE or self._leaves_out(name, None)

    def is_environment_excluded(self, name: str) -> bool:
        """Return whether a virtual environment is left out, unless a pattern names it with ``!``."""
        return self._leaves_out(name, f"virtual environment {name!r}")

    def kept(self, names: Iterable[str]) -> set[str]:
        """Return those of a flat list of files that are not left out."""
        names = list(names)
        parts = (name.split("/") for name in names)
        environments = {"/".join(p[: p.index(m)]) for p in parts for m in ENVIRONMENT_MARKERS if m in p}
        return {name for name in names if not self._below_left_out(name, environments) and not self.is_excluded(name)}

    def report(self, log: Log) -> str:
        """Log what was left out, if anything was, and return the same."""
        summary = ", ".join(f"{label} ({count})" for label, count in self._counts.most_common())
        if summary:
            log.info("Left out of the upload: %s.", summary)
        return summary

    def _leaves_out(self, name: str, default: str | None) -> bool:
        label = self._label(name, default)
        if label is not None:
            self._counts[label] += 1
        return label is not None

    def _label(self, name: str, default: str | None) -> str | None:
        """Return the pattern that leaves a path out, ``default`` if none decides, or None if it is taken back."""
        defaults_only = False
        for rule in self._rules:
            if (defaults_only and rule.origin) or not rule.matches(name):
                continue
            if rule.is_excluded:
                return rule.label
            if rule.names:
                return None
            defaults_only = True
        return default

    def _below_left_out(self, name: str, environments: set[str]) -> bool:
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if folder not in self._folders:
                marked = folder in environments
                name_of_folder = f"{folder}/"
                self._folders[folder] = self.is_excluded(name_of_folder) or (
                    marked and self.is_environment_excluded(name_of_folder)
                )
            if self._folders[folder]:
                return True
        return False


def ignore_text(content: bytes, where: str) -> str:
    """Return the text of a ``.datarobotignore``.

    :param content: its first bytes, one more than :data:`LONGEST_IGNORE_FILE` at the most.
    :param where: the path for the error.
    :raises InputError: if it is too long or not UTF-8.
    """
    if len(content) > LONGEST_IGNORE_FILE:
        raise InputError(f"{where} is longer than {LONGEST_IGNORE_FILE:,} bytes.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not UTF-8: {error.reason} at byte {error.start:,}.") from None


def _read(line: str, origin: str) -> list[Any]:
    """Return the pattern of a line, nothing for a blank line."""
    from pathspec import GitIgnoreSpec

    try:
        return list(GitIgnoreSpec.from_lines([line]).patterns)
    except (ValueError, re.error) as error:
        raise InputError(f"{origin} holds {line!r}, which is not a pattern in .gitignore syntax: {error}.") from None
