"""Compiles the Python code of a version, without running it, and follows the imports of the module that is started."""

from __future__ import annotations

import ast
import platform
import posixpath
import traceback
import warnings
from typing import TYPE_CHECKING

from datarobot_provider.emulator.evaluation.python_names import FailingImportError, Module, bind_names
from datarobot_provider.emulator.store.folder import CODE_FOLDER

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.folder import Folder

PYTHON = f"Python {platform.python_version()}"
# More is not parsed: that would take seconds, and a hundred times the memory.
_MAX_BYTES = 500_000


def read_module(folder: Folder, path: str) -> Module:
    """Return the names that the module in a file has after its import, with those of the modules that it imports.

    :param folder: the files of the version.
    :param path: the file that the runner imports. Its folder is searched for modules first, the version's own last.
    :raises FailingImportError: if the import fails for certain.
    """
    try:
        return _Code(folder, path).module(path)
    except (RecursionError, MemoryError) as error:
        return Module(unknown=[f"the code is nested too deeply to be read ({type(error).__name__})"])


class _Code:
    """The modules of one version, each read once."""

    def __init__(self, folder: Folder, main: str) -> None:
        self._folder, self.main = folder, main
        self.roots = list(dict.fromkeys([posixpath.dirname(main), ""]))
        self._modules: dict[str, Module] = {}
        self._left = _MAX_BYTES

    def module(self, path: str) -> Module:
        """Return the module in a file; in a circle of imports, with the names it has so far."""
        found = self._modules.get(path)
        if found is not None:
            return found
        found = self._modules[path] = Module()
        self._left -= self._folder.size(path)
        if self._left < 0:
            found.unknown.append(f"{path} is not read: with it, the code has more than {_MAX_BYTES} bytes")
            return found
        bind_names(_parsed(self._folder.read(path), path), found, _Imports(self, path))
        return found

    def path_of(self, name: str, roots: list[str]) -> str | None:
        """Return the file that holds the module `name`, or None if the version has no such module."""
        inner = name.replace(".", "/")
        for root in roots:
            for tail in (f"{inner}.py", f"{inner}/__init__.py"):
                path = posixpath.join(root, tail).removeprefix("/")
                if self._folder.has_file(path):
                    return path
        return None


class _Imports:
    """Finds what one module imports."""

    def __init__(self, code: _Code, path: str) -> None:
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


def _parsed(source: bytes, path: str) -> ast.Module:
    name = f"{CODE_FOLDER}/{path}"
    with warnings.catch_warnings():
        # Python warns of odd code, on the emulator's own standard error.
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source, name)
            compile(tree, name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise FailingImportError("".join(traceback.format_exception_only(error)).rstrip()) from None
    return tree
