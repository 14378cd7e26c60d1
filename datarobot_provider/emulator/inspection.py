"""Looks at uploaded code and requirements the way the platform would, without ever running them."""

from __future__ import annotations

import ast
import re
import traceback
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CONSTRAINTS = frozenset({"<", "<=", "==", ">=", ">"})
_COMMENT = re.compile(r"(^|\s+)#.*$")
_PIP_OPTION = re.compile(r"\s--[a-z].*$")
_PLACES = re.compile(r"^(\.{0,2}/|file:|https?://|(git|hg|svn|bzr)\+)|\.(whl|zip|tar\.gz)$")
_HOOKS = frozenset({"load_model", "score", "score_unstructured", "transform", "chat"})
_ARTIFACTS = frozenset(
    {".pkl", ".joblib", ".pmml", ".onnx", ".h5", ".keras", ".pth", ".pt", ".jar", ".mojo", ".rds", ".jl"}
)
_CODE_FOLDER = "/opt/code"


class Requirements(NamedTuple):
    """What a requirements file holds: the API's dependency objects, and the lines pip would refuse."""

    dependencies: list[dict[str, Any]]
    refused: dict[int, str]


def read_requirements(text: str) -> Requirements:
    """Return the dependencies named in the requirements file `text`.

    Options, comments and blank lines are passed over. A line that pip would refuse is a dependency without constraints;
    its number and pip's objection stand in `refused`.
    """
    dependencies: list[dict[str, Any]] = []
    refused: dict[int, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _PIP_OPTION.sub("", _COMMENT.sub("", raw)).strip().removesuffix("\\").strip()
        if not line or line.startswith("-") or _PLACES.search(line):
            continue
        try:
            dependencies.append(_dependency(Requirement(line), line, number))
        except InvalidRequirement as error:
            refused[number] = str(error).splitlines()[0]
            name = re.split(r"[^A-Za-z0-9._-]", line)[0] or line
            dependencies.append(
                {"packageName": name, "constraints": [], "line": line, "lineNumber": number, "extras": ""}
            )
    return Requirements(dependencies, refused)


def _dependency(requirement: Requirement, line: str, number: int) -> dict[str, Any]:
    constraints = [
        {"constraintType": item.operator, "version": item.version}
        for item in sorted(requirement.specifier, key=str)
        if item.operator in _CONSTRAINTS
    ]
    return {
        "packageName": requirement.name,
        "constraints": constraints,
        "line": line,
        "lineNumber": number,
        "extras": ",".join(sorted(requirement.extras)),
    }


def launch_problem(files: Mapping[str, bytes], paths: Iterable[str]) -> str | None:
    """Return why a model made of these files would not start, as the last lines of its log, or None if it would.

    Parameters: `files` are the contents of the top-level Python files by path, `paths` all paths of the version.
    """
    custom = files.get("custom.py")
    if custom is None:
        return None if _has_artifact(paths) or "custom.R" in set(paths) else _nothing_to_run()
    try:
        module = ast.parse(custom, filename=f"{_CODE_FOLDER}/custom.py")
    except (SyntaxError, ValueError) as error:
        return _syntax_traceback(error)
    if _HOOKS & _top_level_names(module) or _has_artifact(paths):
        return None
    return _nothing_to_run()


def _top_level_names(module: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names


def _has_artifact(paths: Iterable[str]) -> bool:
    return any(PurePosixPath(path).suffix.lower() in _ARTIFACTS for path in paths)


def _syntax_traceback(error: SyntaxError | ValueError) -> str:
    head = (
        "Traceback (most recent call last):\n"
        '  File "/opt/venv/lib/python3.11/site-packages/model_runner/loader.py", line 88, in load_custom_code\n'
        "    module = importlib.import_module('custom')\n"
    )
    return head + "".join(traceback.format_exception_only(error)).rstrip()


def _nothing_to_run() -> str:
    hooks = ", ".join(sorted(_HOOKS))
    return (
        "Traceback (most recent call last):\n"
        '  File "/opt/venv/lib/python3.11/site-packages/model_runner/loader.py", line 131, in load_model\n'
        "    raise ModelNotFoundError(message)\n"
        f"model_runner.ModelNotFoundError: {_CODE_FOLDER} holds no model artifact of a supported format, and custom.py "
        f"defines none of the hooks {hooks}."
    )
