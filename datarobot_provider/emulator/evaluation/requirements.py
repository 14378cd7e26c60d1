"""Reads a version's requirements.txt as pip reads it: with the files it includes, and up to the line pip refuses.

What pip does with a line is described by pip 24.1 to 26.3; what one of them takes is taken. The encoding of the build
is UTF-8, and none of its environment variables is known, so that `${NAME}` stays as it is.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.utils import canonicalize_name

from datarobot_provider.emulator.evaluation.requirement_lines import (
    Line,
    RefusedError,
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
from datarobot_provider.emulator.store.folder import CODE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datarobot_provider.emulator.store.folder import Folder

FILE = "requirements.txt"
# The operators of the API's enumeration; the others are left out of `constraints`.
_CONSTRAINTS = frozenset({"<", "<=", "==", ">=", ">"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?![A-Za-z0-9._+:/-])")
_REMOTE = re.compile(r"^(http|https):", re.IGNORECASE)
# Beyond these bounds, reading would hold up the emulator for seconds.
_MAX_BYTES = 6_000_000
_MAX_LINE = 100_000
_MAX_LINES, _MAX_CHARACTERS = 5_000, 2_000_000


class Source(NamedTuple):
    """A requirements or constraints file, as an absolute path in the container, with a line number."""

    path: str
    number: int
    constraint: bool

    def __str__(self) -> str:
        return f"{'-c' if self.constraint else '-r'} {self.path} (line {self.number})"


class Wanted(NamedTuple):
    """A requirement that pip accepted."""

    text: str
    source: Source
    target: Target
    hashed: bool


@dataclass
class Requirements:
    """What a version asks pip for.

    `dependencies` are the API's objects, in the order of the lines; `collected` is what pip says when it begins with
    each. `refusal` is what pip says when it stops, if it does. `notes` say what the emulator did not look at.
    """

    dependencies: list[dict[str, Any]] = field(default_factory=list)
    collected: list[str] = field(default_factory=list)
    refusal: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def build_needed(self) -> bool:
        """Whether there is anything for a dependency build to do, be it to fail."""
        return bool(self.dependencies) or self.refusal is not None


def read_requirements(folder: Folder) -> Requirements:
    """Return what the requirements.txt at the top of a version asks for; nothing if it has none.

    :param folder: the files of the version.
    """
    return _Reader(folder).read() if folder.has_file(FILE) else Requirements()


class _File(NamedTuple):
    """A file that is being read. `entry` is the line of requirements.txt that led here, if it is another one."""

    path: str
    constraint: bool
    entry: int | None
    lines: Iterator[tuple[int, str]]


class _Reader:
    """Reads one version's requirements."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._result = Requirements()
        self._wanted: list[Wanted] = []
        self._require_hashes = False
        self._open: list[_File] = []
        self._lines = self._characters = 0

    def read(self) -> Requirements:
        """Read requirements.txt and all that it includes."""
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
        if self._result.refusal is None:
            self._check_hashes()
        return self._result

    def _line(self, file: _File, number: int, text: str) -> None:
        source = Source(f"{CODE_FOLDER}/{file.path}", number, file.constraint)
        if len(text) > _MAX_LINE:
            self._result.notes.append(f"line {number} of {source.path} is not read: it has {len(text)} characters")
            return
        try:
            line = parse_line(text)
        except RefusedError as error:
            self._refuse(f"Invalid requirement: {redacted(text)} {_place(source)}\n{redacted(str(error))}")
            return
        self._require_hashes = self._require_hashes or line.require_hashes
        entry = number if file.entry is None else file.entry
        if line.include is not None:
            self._include(line.include, source, entry, constraint=line.constraint)
        elif line.requirement is not None:
            self._requirement(line, source, entry)

    def _include(self, path: str, source: Source, entry: int | None, *, constraint: bool = False) -> None:
        """Begin with an included file, or refuse it."""
        if _REMOTE.match(path):
            self._result.notes.append(f"{redacted(path)} is not read: the emulator reaches no other host")
            return
        base = posixpath.dirname(self._open[-1].path) if self._open else ""
        inside = resolved(path, base)
        kind = "constraint" if constraint else "requirements"
        shown = path if inside is None else f"{CODE_FOLDER}/{inside}".rstrip("/")
        if inside is not None and any(inside == each.path for each in self._open):
            self._refuse(f"{shown} recursively references itself in {source.path} {_place(source)}")
        elif inside is None or not self._folder.has_file(inside):
            is_folder = inside is not None and self._folder.has_folder(inside)
            reason = "[Errno 21] Is a directory" if is_folder else "[Errno 2] No such file or directory"
            self._refuse(f"Could not open {kind} file: {reason}: '{shown}' {_place(source)}")
        elif self._folder.size(inside) > _MAX_BYTES:
            self._result.notes.append(f"{shown} is not read: it has {self._folder.size(inside)} bytes")
        else:
            try:
                lines = logical_lines(decode(self._folder.read(inside)))
            except RefusedError as error:
                self._refuse(f"{error}\n(while reading {shown})")
                return
            self._open.append(_File(inside, constraint, entry, lines))

    def _requirement(self, line: Line, source: Source, entry: int) -> None:
        text = line.requirement or ""
        try:
            target = (read_editable if line.editable else read_target)(text, self._folder)
            if source.constraint:
                _check_constraint(target, editable=line.editable)
        except RefusedError as error:
            self._refuse(_with_place(redacted(str(error)), source))
            if not source.constraint:
                name = _NAME.match(text)
                self._add(name[0] if name else redacted(text), None, text, entry)
            return
        self._wanted.append(Wanted(text, source, target, bool(line.hashes) or target.hashed))
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

    def _refuse(self, message: str) -> None:
        """Record the first refusal; pip does not get to a second one."""
        if self._result.refusal is None:
            self._result.refusal = message

    def _check_hashes(self) -> None:
        """Refuse what pip refuses as soon as one requirement has a hash: another one that has none."""
        if not (self._require_hashes or any(each.hashed for each in self._wanted)):
            return
        constrained = {canonicalize_name(each.target.name or "") for each in self._wanted if each.source.constraint}
        for each in self._wanted:
            sure = not each.source.constraint and not each.target.marker
            if sure and canonicalize_name(each.target.name or "") not in constrained:
                objection = _hash_objection(each)
                if objection:
                    self._refuse(f"{objection}\n    {redacted(each.text)} (from {each.source})")


def _hash_objection(wanted: Wanted) -> str | None:
    target = wanted.target
    if target.repository:
        return "Can't verify hashes for these requirements: there is no way to hash version control repositories:"
    if target.folder:
        return "Can't verify hashes for these file:// requirements because they point to directories:"
    if not wanted.hashed:
        return "Hashes are required in --require-hashes mode, but they are missing from some requirements here:"
    return None


def _check_constraint(target: Target, *, editable: bool) -> None:
    if editable:
        raise RefusedError("Editable requirements are not allowed as constraints")
    if target.name is None:
        raise RefusedError("Unnamed requirements are not allowed as constraints")
    if target.extras:
        raise RefusedError("Constraints cannot have extras")


def _place(source: Source) -> str:
    return f"(from line {source.number} of {source.path})"


def _with_place(message: str, source: Source) -> str:
    """Return pip's message with the place in front of its hint, or at its end."""
    text, hint, rest = message.partition("\nHint:")
    return f"{text} {_place(source)}{hint}{rest}"
