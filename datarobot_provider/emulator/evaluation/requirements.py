"""Reader of the requirements of a version. It follows pip, including nested files, up to the first rejected line.

The rules are those of pip 24.1 to 26.3. A line is accepted if one of these releases accepts it. The default encoding is
UTF-8. The environment variables of the build are unknown, so that ``${NAME}`` is not expanded.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.utils import canonicalize_name

from datarobot_provider.emulator.evaluation.folder import CODE_FOLDER
from datarobot_provider.emulator.evaluation.requirement_lines import (
    Line,
    RequirementError,
    decode,
    logical_lines,
    parse_line,
)
from datarobot_provider.emulator.evaluation.requirement_targets import (
    Target,
    guessed_name,
    read_editable,
    read_target,
    redacted,
    resolved,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datarobot_provider.emulator.evaluation.folder import Folder

FILE = "requirements.txt"
# The operators in the enumeration of the API. Other operators are omitted from `constraints`.
_CONSTRAINTS = frozenset({"<", "<=", "==", ">=", ">"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?![A-Za-z0-9._+:/-])")
_REMOTE = re.compile(r"^(http|https):", re.IGNORECASE)
# Reading larger files would block the emulator for seconds.
_MAX_BYTES = 6_000_000
_MAX_LINE = 100_000
_MAX_LINES, _MAX_CHARACTERS = 5_000, 2_000_000


class Source(NamedTuple):
    """A line of a requirements or constraints file, whose path is absolute in the container."""

    path: str
    number: int
    constraint: bool

    def __str__(self) -> str:
        return f"{'-c' if self.constraint else '-r'} {self.path} (line {self.number})"


class AcceptedRequirement(NamedTuple):
    """A requirement that pip accepted."""

    text: str
    source: Source
    target: Target
    hashed: bool


@dataclass
class Requirements:
    """The requirements of a version.

    :param dependencies: the dependencies as the API returns them, in the order of the lines.
    :param collected: the messages that pip logs when it collects them.
    :param rejection: the message with which pip stops, or None.
    :param notes: what was not checked.
    """

    dependencies: list[dict[str, Any]] = field(default_factory=list)
    collected: list[str] = field(default_factory=list)
    rejection: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def build_needed(self) -> bool:
        """Whether a dependency build has something to install or to reject."""
        return bool(self.dependencies) or self.rejection is not None


def read_requirements(folder: Folder) -> Requirements:
    """Read the requirements.txt at the top level of a version.

    :param folder: the files of the version.
    :returns: the requirements, which are empty if the file does not exist.
    """
    return _Reader(folder).read() if folder.has_file(FILE) else Requirements()


class _File(NamedTuple):
    """A file that is being read.

    :param entry: the line of requirements.txt that includes the file, or None for requirements.txt itself.
    """

    path: str
    constraint: bool
    entry: int | None
    lines: Iterator[tuple[int, str]]


class _Reader:
    """Reader of the requirements of one version."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._result = Requirements()
        self._accepted: list[AcceptedRequirement] = []
        self._require_hashes = False
        self._open: list[_File] = []
        self._lines = self._characters = 0

    def read(self) -> Requirements:
        """Read requirements.txt and the files that it includes."""
        self._include(FILE, Source(f"{CODE_FOLDER}/{FILE}", 0, constraint=False), None)
        while self._open:
            file = self._open[-1]
            step = next(file.lines, None)
            if step is None:
                self._open.pop()
                continue
            self._lines += 1
            self._characters += len(step[1])
            if self._lines > _MAX_LINES or self._characters > _MAX_CHARACTERS:
                self._result.notes.append(f"only the first {self._lines - 1} lines of the requirements are read")
                break
            self._line(file, *step)
        if self._result.rejection is None:
            self._check_hashes()
        return self._result

    def _line(self, file: _File, number: int, text: str) -> None:
        source = Source(f"{CODE_FOLDER}/{file.path}", number, file.constraint)
        if len(text) > _MAX_LINE:
            self._result.notes.append(f"line {number} of {source.path} is not read: it is {len(text)} characters long")
            return
        try:
            line = parse_line(text)
        except RequirementError as error:
            self._reject(f"Invalid requirement: {redacted(text)} {_place(source)}\n{redacted(str(error))}")
            return
        self._require_hashes = self._require_hashes or line.require_hashes
        entry = number if file.entry is None else file.entry
        if line.include is not None:
            self._include(line.include, source, entry, constraint=line.constraint)
        elif line.requirement is not None:
            self._requirement(line, source, entry)

    def _include(self, path: str, source: Source, entry: int | None, *, constraint: bool = False) -> None:
        """Open an included file, or reject it."""
        if _REMOTE.match(path):
            self._result.notes.append(
                f"{redacted(path)} is not read: the emulator does not send requests to other hosts"
            )
            return
        base = posixpath.dirname(self._open[-1].path) if self._open else ""
        inside = resolved(path, base)
        kind = "constraint" if constraint else "requirements"
        shown = path if inside is None else f"{CODE_FOLDER}/{inside}".rstrip("/")
        if inside is not None and any(inside == each.path for each in self._open):
            self._reject(f"{shown} recursively references itself in {source.path} {_place(source)}")
        elif inside is None or not self._folder.has_file(inside):
            is_folder = inside is not None and self._folder.has_folder(inside)
            reason = "[Errno 21] Is a directory" if is_folder else "[Errno 2] No such file or directory"
            self._reject(f"Could not open {kind} file: {reason}: '{shown}' {_place(source)}")
        elif self._folder.size(inside) > _MAX_BYTES:
            self._result.notes.append(f"{shown} is not read: its size is {self._folder.size(inside)} bytes")
        else:
            try:
                lines = logical_lines(decode(self._folder.read(inside)))
            except RequirementError as error:
                self._reject(f"{error}\n(while reading {shown})")
                return
            self._open.append(_File(inside, constraint, entry, lines))

    def _requirement(self, line: Line, source: Source, entry: int) -> None:
        text = line.requirement or ""
        try:
            target = (read_editable if line.editable else read_target)(text, self._folder)
            if source.constraint:
                _check_constraint(target, editable=line.editable)
        except RequirementError as error:
            self._reject(_with_place(redacted(str(error)), source))
            if not source.constraint:
                name = _NAME.match(text)
                self._add(name[0] if name else redacted(text), None, text, entry)
            return
        self._accepted.append(AcceptedRequirement(text, source, target, bool(line.hashes) or target.hashed))
        if not source.constraint:
            self._add(guessed_name(target, text), target, text, entry)
            self._result.collected.append(f"Collecting {redacted(text)} (from {source})")

    def _add(self, name: str, target: Target | None, text: str, entry: int) -> None:
        constraints = [
            {"constraintType": item.operator, "version": item.version}
            for item in sorted(target.specifier if target else (), key=str)
            if item.operator in _CONSTRAINTS
        ]
        extras = ",".join(sorted(target.extras)) if target else ""
        dependency = {"packageName": name, "constraints": constraints, "line": text, "lineNumber": entry}
        self._result.dependencies.append({**dependency, "extras": extras})

    def _reject(self, message: str) -> None:
        """Record the first rejection. pip stops there."""
        if self._result.rejection is None:
            self._result.rejection = message

    def _check_hashes(self) -> None:
        """Reject requirements without a hash if another requirement has one, as pip does."""
        if not (self._require_hashes or any(each.hashed for each in self._accepted)):
            return
        constrained = {canonicalize_name(each.target.name or "") for each in self._accepted if each.source.constraint}
        for each in self._accepted:
            sure = not each.source.constraint and not each.target.marker
            if sure and canonicalize_name(each.target.name or "") not in constrained:
                objection = _hash_objection(each)
                if objection:
                    self._reject(f"{objection}\n    {redacted(each.text)} (from {each.source})")


def _hash_objection(accepted: AcceptedRequirement) -> str | None:
    target = accepted.target
    if target.repository:
        return "Can't verify hashes for these requirements: there is no way to hash version control repositories:"
    if target.folder:
        return "Can't verify hashes for these file:// requirements because they point to directories:"
    if not accepted.hashed:
        return "Hashes are required in --require-hashes mode, but they are missing from some requirements here:"
    return None


def _check_constraint(target: Target, *, editable: bool) -> None:
    if editable:
        raise RequirementError("Editable requirements are not allowed as constraints")
    if target.name is None:
        raise RequirementError("Unnamed requirements are not allowed as constraints")
    if target.extras:
        raise RequirementError("Constraints cannot have extras")


def _place(source: Source) -> str:
    return f"(from line {source.number} of {source.path})"


def _with_place(message: str, source: Source) -> str:
    """Return the message of pip with the location before its hint, or at its end."""
    text, hint, rest = message.partition("\nHint:")
    return f"{text} {_place(source)}{hint}{rest}"
