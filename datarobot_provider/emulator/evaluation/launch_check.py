"""Would the public runner start a version? Decided from its files, without running any of them.

The facts are those of datarobot-drum 1.18, with what 1.16 still took. Whatever cannot be told from the files passes,
and a note says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from datarobot_provider.emulator.evaluation.launch_python import check_python, imported, main_file
from datarobot_provider.emulator.evaluation.launch_rules import (
    ARTIFACTS,
    JAVA,
    LOAD,
    PREDICTING,
    PYTHON,
    UNCERTAIN,
    LaunchError,
    R,
    named,
    nothing_to_run,
    raised,
    several_artifacts,
    with_extension,
    wrong_hook,
)
from datarobot_provider.emulator.store.folder import CODE_FOLDER

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.folder import Folder

_SERVER = "start_server.sh"
_R_FILES = ("custom.R", "custom.r")
_R_SOURCES = re.compile(rb"\b(source|eval|parse|assign)\s*\(")
_R_MAX_BYTES = 2_000_000


class Launch(NamedTuple):
    """How a launch ends: `problem` is the end of the runner's log, or None; `notes` say what was not looked at."""

    problem: str | None
    notes: list[str]


def check_launch(folder: Folder, target_type: str) -> Launch:
    """Return whether the public runner starts a model of these files.

    :param folder: the files of the version.
    :param target_type: the target type of the custom model, as the API spells it.
    """
    notes: list[str] = []
    try:
        _check(folder, target_type, notes)
    except LaunchError as error:
        return Launch(str(error), notes)
    return Launch(None, notes)


def _check(folder: Folder, target_type: str, notes: list[str]) -> None:
    if folder.has_file(_SERVER):
        notes.append(f"{_SERVER} starts a server of the model's own, which is not looked into")
    elif target_type == "MCP":
        _check_mcp(folder, notes)
    elif folder.has_file("engine_config.json") or named(folder, "config.pbtxt"):
        _check_engine(folder, notes)
    else:
        language = _language(folder)
        if language == PYTHON:
            check_python(folder, target_type, notes)
        elif language == R:
            _check_r(folder, target_type, notes)
        elif language == JAVA:
            _check_java(folder, notes)
        else:
            _check_unknown(folder, notes)


def _language(folder: Folder) -> str | None:
    """Return the language that the runner takes a version for, or None if nothing speaks of one.

    :raises LaunchError: if the files speak of two.
    """
    artifacts = [each for each, extensions in ARTIFACTS.items() if with_extension(folder.paths, extensions)]
    custom = [PYTHON] if folder.has_file("custom.py") else []
    custom += [R] if any(map(folder.has_file, _R_FILES)) else []
    by_artifact = artifacts[0] if len(artifacts) == 1 else None
    by_custom = custom[0] if len(custom) == 1 else None
    languages = {each for each in (by_artifact, by_custom) if each}
    if len(languages) == 1:
        return languages.pop()
    if not artifacts and not custom:
        return None
    raise raised(
        "UnknownLanguageError",
        f"The language of the model cannot be told. Artifacts: {' and '.join(artifacts) or 'none'}; "
        f"custom files: {' and '.join(custom) or 'none'}.",
    )


def _check_mcp(folder: Folder, notes: list[str]) -> None:
    """Check a tool server, which the public runner does not know."""
    main = main_file(folder)
    if main is None and not with_extension(folder.paths, (".py",)):
        raise nothing_to_run()
    if main is not None:
        imported(folder, main)
    notes.append("whether a server of the target type MCP starts cannot be told: the public runner does not know it")


def _check_engine(folder: Folder, notes: list[str]) -> None:
    """Check a model for an inference engine; a custom.py beside it is optional, and imported."""
    main = main_file(folder)
    if main is not None:
        imported(folder, main)
    notes.append("the configuration of an inference engine is not looked into")


def _check_java(folder: Folder, notes: list[str]) -> None:
    found = with_extension(folder.top, ARTIFACTS[JAVA])
    if not found:
        raise raised(
            "ModelNotFoundError", f"{CODE_FOLDER} holds its Java artifacts in sub-folders; none is at the top."
        )
    notes.append(f"Java artifacts are not looked into ({', '.join(found[:10])})")
    if with_extension(found, (".mojo",)) and not folder.has_file("license.sig"):
        notes.append("whether the environment brings the licence that a MOJO pipeline needs cannot be told")


def _check_r(folder: Folder, target_type: str, notes: list[str]) -> None:
    """Check an R model; its code is not parsed, but searched for the names of the hooks."""
    artifacts = with_extension(folder.top, ARTIFACTS[R])
    names = _r_names(folder)
    if names is None:
        notes.append("the hooks cannot be told: the R code loads or makes further code, or is too long to be read")
        return
    if len(artifacts) > 1 and LOAD not in names:
        raise several_artifacts(artifacts)
    if not artifacts and not names & {LOAD, "fit", *PREDICTING}:
        raise nothing_to_run()
    other = names & set(PREDICTING)
    if target_type == "Unstructured" and "score_unstructured" not in names:
        raise wrong_hook(target_type, other)
    if target_type != "Unstructured" and other == {"score_unstructured"} and not artifacts:
        raise wrong_hook(target_type, other)
    notes.append("R code is not parsed; whether its hooks work cannot be told")


def _r_names(folder: Folder) -> set[str] | None:
    """Return the names of hooks that the R code mentions, or None if it may get code from elsewhere."""
    paths = with_extension(folder.paths, (".r",))
    if sum(map(folder.size, paths)) > _R_MAX_BYTES:
        return None
    if not any(map(folder.has_file, _R_FILES)):
        return set()
    code = b"\n".join(map(folder.read, paths))
    if _R_SOURCES.search(code):
        return None
    words = set(re.findall(rb"[A-Za-z_.][A-Za-z0-9_.]*", code))
    return {name for name in (LOAD, "fit", *PREDICTING) if name.encode() in words}


def _check_unknown(folder: Folder, notes: list[str]) -> None:
    """Check a version that the runner of today takes for no language at all."""
    found = with_extension(folder.top, UNCERTAIN)
    if not found:
        raise nothing_to_run()
    notes.append(f"whether the runner of the environment starts {found[0]} cannot be told: that of today does not")
