"""Python files: which ones there are, and their syntax trees."""

from __future__ import annotations

import ast
import codecs
import io
import os
import tokenize
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_SUFFIX = ".py"
_NOTEBOOK = ".ipynb"
#: A folder with this file is a virtual environment.
_ENVIRONMENT = "pyvenv.cfg"
_SKIPPED = frozenset({"__pycache__", "node_modules"})


class UnreadableFileError(Exception):
    """A file that cannot be parsed.

    :param line: number of the line with the problem, from 1.
    :param problem: the problem.
    """

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


def python_files(paths: Iterable[Path], on_error: Callable[[OSError], None]) -> list[Path]:
    """Return the Python files that the paths are or contain, each once.

    Links are followed. Hidden folders, virtual environments and notebooks are skipped.

    :param paths: files and folders. A file may have any suffix except that of a notebook.
    :param on_error: receives the error of a folder that cannot be read.
    """
    files: dict[str, Path] = {}
    seen: set[str] = set()
    for path in paths:
        found = _walk(path, seen, on_error) if path.is_dir() else iter([path])
        for file in found:
            if file.suffix != _NOTEBOOK:
                files.setdefault(os.path.realpath(file), file)
    return list(files.values())


def _walk(root: Path, seen: set[str], on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield the files of a folder in the order of their names. A folder that was seen before is not entered again."""
    for folder, subfolders, names in os.walk(root, onerror=on_error, followlinks=True):
        here = Path(folder)
        target = os.path.realpath(here)
        is_environment = _ENVIRONMENT in names and here != root
        if target in seen or is_environment:
            subfolders.clear()
            continue
        seen.add(target)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith(".") and name not in _SKIPPED)
        yield from (here / name for name in sorted(names) if name.endswith(_SUFFIX))


def parse(file: Path) -> ast.Module:
    """Return the syntax tree of a file.

    :param file: path of the file. Its encoding is that of its declaration, or UTF-8.
    :raises UnreadableFileError: if the file cannot be read, decoded or parsed.
    """
    if file.exists() and not file.is_file():
        raise UnreadableFileError(1, "it is not a regular file")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UnreadableFileError(1, f"the file cannot be read: {error.strerror or error}") from None
    text = _decoded(data)
    try:
        with warnings.catch_warnings():
            # Python warns about invalid escape sequences in the file.
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise UnreadableFileError(error.lineno or 1, f"the file is not valid Python: {error.msg}") from None
    except ValueError as error:
        raise UnreadableFileError(1, f"the file is not valid Python: {error}") from None
    except (RecursionError, MemoryError):
        raise UnreadableFileError(1, "the file cannot be parsed: its expressions are nested too deeply") from None


def _decoded(data: bytes) -> str:
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(line, f"the file is not encoded in {encoding}") from None
    except LookupError as error:
        raise UnreadableFileError(1, f"the encoding of the file is unknown: {error}") from None
    return text.removeprefix("\ufeff")


def _encoding(data: bytes) -> str:
    """Return the declared encoding."""
    # Python rejects a line that is not UTF-8, or that contains a null byte, with an error without a line number.
    head = b"".join(data.splitlines(keepends=True)[:2])
    lenient = head.decode("utf-8", "replace").replace("\0", " ").encode()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(lenient).readline)
        return codecs.lookup(encoding).name
    except (SyntaxError, LookupError) as error:
        raise UnreadableFileError(1, f"the encoding of the file is unknown: {error}") from None
