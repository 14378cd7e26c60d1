"""Compiler of the Python code of a version that follows its imports without running it."""

from __future__ import annotations

import ast
import platform
import posixpath
import traceback
import warnings
from typing import TYPE_CHECKING

from datarobot_provider.emulator.evaluation.folder import CODE_FOLDER
from datarobot_provider.emulator.evaluation.python_names import FailingImportError, Module, bind_names

if TYPE_CHECKING:
    from datarobot_provider.emulator.evaluation.folder import Folder

PYTHON = f"Python {platform.python_version()}"
# Larger code is not parsed. Parsing it would take seconds and a hundred times the memory.
_MAX_BYTES = 500_000


def read_module(folder: Folder, path: str) -> Module:
    """Return the names that a module has after its import, including those of the modules that it imports.

    :param folder: the files of the version.
    :param path: the file that the runner imports. Its folder is searched for modules first, the version's own last.
    :raises FailingImportError: if the import certainly fails.
    """
    try:
        return _VersionModules(folder, path).module(path)
    except (RecursionError, MemoryError) as error:
        return Module(unknown=[f"the code is nested too deeply to be parsed ({type(error).__name__})"])


class _VersionModules:
    """The modules of a version, each of which is read once."""

    def __init__(self, folder: Folder, main: str) -> None:
        self._folder, self.main = folder, main
        self.roots = list(dict.fromkeys([posixpath.dirname(main), ""]))
        self._modules: dict[str, Module] = {}
        self._remaining_bytes = _MAX_BYTES

    def module(self, path: str) -> Module:
        """Return the module of a file. In circular imports it has only the names that are bound so far."""
        found = self._modules.get(path)
        if found is not None:
            return found
        found = self._modules[path] = Module()
        self._remaining_bytes -= self._folder.size(path)
        if self._remaining_bytes < 0:
            found.unknown.append(f"{path} is not read: the code exceeds {_MAX_BYTES} bytes")
            return found
        bind_names(_parse(self._folder.read(path), path), found, _Imports(self, path))
        return found

    def path_of(self, name: str, roots: list[str]) -> str | None:
        """Return the file of a module, or None if the version does not contain it."""
        inner = name.replace(".", "/")
        for root in roots:
            for tail in (f"{inner}.py", f"{inner}/__init__.py"):
                path = posixpath.join(root, tail).removeprefix("/")
                if self._folder.has_file(path):
                    return path
        return None


class _Imports:
    """Finder of the modules that a module imports."""

    def __init__(self, code: _VersionModules, path: str) -> None:
        self._code, self._path = code, path

    def find(self, name: str, level: int) -> Module | None:
        if level and self._path == self._code.main:
            raise FailingImportError("ImportError: attempted relative import with no known parent package")
        path = self._path_of(name, level)
        return None if path is None else self._code.module(path)

    def is_module(self, name: str, level: int) -> bool:
        return self._path_of(name, level) is not None

    def _path_of(self, name: str, level: int) -> str | None:
        if not level:
            return self._code.path_of(name, self._code.roots)
        package = self._path
        for _ in range(level):
            package = posixpath.dirname(package)
        return self._code.path_of(name or "__init__", [package])


def _parse(source: bytes, path: str) -> ast.Module:
    name = f"{CODE_FOLDER}/{path}"
    with warnings.catch_warnings():
        # Python would print warnings about the code to the standard error of the emulator.
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source, name)
            compile(tree, name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise FailingImportError("".join(traceback.format_exception_only(error)).rstrip()) from None
    return tree
