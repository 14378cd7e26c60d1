"""The report of the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from datarobot_provider.migrate.entry import NOT_YET
from datarobot_provider.migrate.findings import Finding, findings
from datarobot_provider.migrate.source import UnreadableFileError, parse, python_files

if TYPE_CHECKING:
    from collections.abc import Iterable

_GUIDE = "docs/migrating.md"


@dataclass
class Report:
    """Findings of all files.

    :param files: number of files that were read or could not be read.
    :param found: the findings, each with its file.
    :param unreadable: files that could not be read, with line and problem.
    """

    files: int = 0
    found: list[tuple[Path, Finding]] = field(default_factory=list)
    unreadable: list[tuple[Path, int, str]] = field(default_factory=list)

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Report:
        """Read files and folders.

        :param paths: paths that exist.
        """
        report = cls()
        for file in python_files(paths, report.add_error):
            report.files += 1
            try:
                tree = parse(file)
            except UnreadableFileError as error:
                report.unreadable.append((file, error.line, error.problem))
            else:
                report.found += [(file, finding) for finding in findings(tree)]
        return report

    def add_error(self, error: OSError) -> None:
        """Add a folder that cannot be read.

        :param error: the error, with the name of the folder.
        """
        self.unreadable.append((Path(str(error.filename)), 1, f"the folder cannot be read: {error.strerror}"))

    @property
    def is_direct(self) -> bool:
        """Whether nothing needs a decision and every file was read."""
        return not self.unreadable and all(finding.is_direct for _, finding in self.found)

    def text(self) -> str:
        """Return the report as text, with a newline at its end."""
        lines = [line for file, finding in self.found for line in _lines(file, finding)]
        lines += [f"{_safe(f'{file}:{line}')}: {problem}" for file, line, problem in self.unreadable]
        return "\n".join([*lines, self._summary()]) + "\n"

    def _summary(self) -> str:
        direct = sum(finding.is_direct for _, finding in self.found)
        missing = sum(finding.kind == NOT_YET for _, finding in self.found)
        counts = [
            f"{direct} with a direct replacement",
            f"{len(self.found) - direct - missing} to check",
            f"{missing} without a replacement",
        ]
        parts = [f"{_count(self.files, 'file')}, {_count(len(self.found), 'use')} of DataRobot's own provider"]
        if self.found:
            parts.append(f": {', '.join(counts)}")
        if self.unreadable:
            parts.append(f"; {len(self.unreadable)} not readable")
        parts.append(f". See {_GUIDE}." if self.found else ".")
        return "".join(parts)


def _lines(file: Path, finding: Finding) -> list[str]:
    lines = [f"{_safe(f'{file}:{finding.line}')}: {finding.name} -> {finding.replacement}"]
    if finding.renames:
        lines.append(f"    rename: {', '.join(f'{old} -> {new}' for old, new in finding.renames)}")
    return [*lines, *(f"    check: {check}" for check in finding.checks)]


def _safe(text: str) -> str:
    """Return a text that every terminal can show. File names may contain bytes that are not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
