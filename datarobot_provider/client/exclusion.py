"""What does not belong to a model: defaults, the patterns of ``.datarobotignore`` and those of the DAG's author."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from datarobot_provider.client.files import Log

IGNORE_FILE = ".datarobotignore"
#: Longest ``.datarobotignore``, in bytes.
LONGEST_IGNORE_FILE = 1 << 20
ENVIRONMENT_MARKER = "pyvenv.cfg"
DEFAULTS = (
    # Version control.
    *(".git", ".svn/", ".hg/", ".dvc/"),
    # Secrets; examples of such a file hold none.
    *(".env", ".env.*", "!.env.example", "!.env.sample", "!.env.template", "!.env.dist", ".envrc"),
    # Environments and packages.
    *(".venv/", "node_modules/"),
    # Caches of tools.
    *("__pycache__/", "*.pyc", ".ipynb_checkpoints/", ".mypy_cache/", ".ruff_cache/", ".pytest_cache/"),
    *(".tox/", ".nox/", ".hypothesis/", ".Rproj.user/", ".Rhistory"),
    # Editors and desktops.
    *(".idea/", ".vscode/", ".DS_Store", "._*", "__MACOSX/", "Thumbs.db", "desktop.ini"),
    # The folders behind the links of a volume that Kubernetes makes of a ConfigMap.
    "..[0-9A-Za-z]*",
)


class Exclusions:
    """Decides which paths below one folder are left out, and counts them.

    The last pattern that matches decides, in the order of the defaults, ``.datarobotignore`` and ``exclude``. As in
    git, nothing below a folder that is left out can be taken back.

    :param exclude: patterns in the syntax of ``.gitignore``.
    :param ignore_file: content of the folder's ``.datarobotignore``.
    :raises InputError: if a pattern cannot be read.
    """

    def __init__(self, exclude: Sequence[str] = (), ignore_file: str = "") -> None:
        from pathspec import GitIgnoreSpec

        self._labels: list[str] = []
        patterns: list[Any] = []
        for origin, lines in (("", DEFAULTS), (IGNORE_FILE, ignore_file.split("\n")), ("exclude", exclude)):
            for line in lines:
                read = _read(line, origin)
                patterns += read
                self._labels += [f"{line.strip()} of {origin}" if origin else line] * len(read)
        self._spec = GitIgnoreSpec(patterns)
        self._folders: dict[str, bool] = {}
        self._counts: Counter[str] = Counter()

    def leaves_out(self, name: str) -> bool:
        """Return whether a path is left out, and count it.

        :param name: path below the folder, with ``/``; that of a folder ends in one.
        """
        return name == IGNORE_FILE or self._leaves_out(name, None)

    def leaves_out_environment(self, name: str) -> bool:
        """Return whether a folder with ``pyvenv.cfg`` is left out, unless a pattern names it with ``!``."""
        return self._leaves_out(name, f"virtual environment {name!r}")

    def kept(self, names: Iterable[str]) -> set[str]:
        """Return those of a flat list of files that are not left out."""
        names = list(names)
        environments = {folder for folder, _, file in (n.rpartition("/") for n in names) if file == ENVIRONMENT_MARKER}
        return {name for name in names if not self._below_left_out(name, environments) and not self.leaves_out(name)}

    def report(self, log: Log) -> str:
        """Log what was left out, if anything was, and return the same."""
        summary = ", ".join(f"{label} ({count})" for label, count in self._counts.most_common())
        if summary:
            log.info("Left out of the upload: %s.", summary)
        return summary

    def _leaves_out(self, name: str, default: str | None) -> bool:
        result = self._spec.check_file(name)
        label = default if result.include is None else None
        if result.include and result.index is not None:
            label = self._labels[result.index]
        if label is not None:
            self._counts[label] += 1
        return label is not None

    def _below_left_out(self, name: str, environments: set[str]) -> bool:
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if folder not in self._folders:
                marked = folder in environments
                name_of_folder = f"{folder}/"
                self._folders[folder] = self.leaves_out(name_of_folder) or (
                    marked and self.leaves_out_environment(name_of_folder)
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
