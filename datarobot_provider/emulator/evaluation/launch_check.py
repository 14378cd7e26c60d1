"""Static check whether the public runner can start a version.

The rules are those of datarobot-drum 1.18, including what only release 1.16 accepts. Whatever the files do not reveal
passes, and a note reports it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from datarobot_provider.emulator.evaluation.folder import CODE_FOLDER
from datarobot_provider.emulator.evaluation.launch_python import check_python, import_main, main_file
from datarobot_provider.emulator.evaluation.launch_rules import (
    ARTIFACTS,
    JAVA,
    LOAD_HOOK,
    PREDICTION_HOOKS,
    PYTHON,
    UNCERTAIN_ARTIFACTS,
    LaunchError,
    R,
    files_named,
    nothing_to_run,
    runner_error,
    several_artifacts,
    with_extension,
    wrong_hook,
)

if TYPE_CHECKING:
    from datarobot_provider.emulator.evaluation.folder import Folder

_SERVER = "start_server.sh"
_R_FILES = ("custom.R", "custom.r")
_R_SOURCES = re.compile(rb"\b(source|eval|parse|assign)\s*\(")
_R_MAX_BYTES = 2_000_000


class LaunchResult(NamedTuple):
    """The result of a launch.

    :param problem: the end of the log of the runner if the launch fails, else None.
    :param notes: what was not checked.
    """

    problem: str | None
    notes: list[str]


def check_launch(folder: Folder, target_type: str) -> LaunchResult:
    """Check whether the public runner can start a version.

    :param folder: the files of the version.
    :param target_type: the target type of the custom model, as the API spells it.
    """
    notes: list[str] = []
    try:
        _check(folder, target_type, notes)
    except LaunchError as error:
        return LaunchResult(str(error), notes)
    return LaunchResult(None, notes)


def _check(folder: Folder, target_type: str, notes: list[str]) -> None:
    if folder.has_file(_SERVER):
        notes.append(f"{_SERVER} starts a server of the version, which is not checked")
    elif target_type == "MCP":
        _check_mcp(folder, notes)
    elif folder.has_file("engine_config.json") or files_named(folder, "config.pbtxt"):
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
    """Return the language that the runner detects, or None if the files indicate no language.

    :raises LaunchError: if the files indicate several languages.
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
    raise runner_error(
        "UnknownLanguageError",
        f"The language of the model is ambiguous. Artifacts: {' and '.join(artifacts) or 'none'}; "
        f"custom files: {' and '.join(custom) or 'none'}.",
    )


def _check_mcp(folder: Folder, notes: list[str]) -> None:
    """Check a tool server, which the public runner does not support."""
    main = main_file(folder)
    if main is None and not with_extension(folder.paths, (".py",)):
        raise nothing_to_run()
    if main is not None:
        import_main(folder, main)
    notes.append("whether a server of the target type MCP starts is not checked: the public runner does not support it")


def _check_engine(folder: Folder, notes: list[str]) -> None:
    """Check a model for an inference engine. The runner imports custom.py if it exists."""
    main = main_file(folder)
    if main is not None:
        import_main(folder, main)
    notes.append("the configuration of an inference engine is not checked")


def _check_java(folder: Folder, notes: list[str]) -> None:
    found = with_extension(folder.top, ARTIFACTS[JAVA])
    if not found:
        raise runner_error(
            "ModelNotFoundError",
            f"{CODE_FOLDER} contains Java artifacts in subfolders only; one is required at the top level.",
        )
    notes.append(f"Java artifacts are not checked ({', '.join(found[:10])})")
    if with_extension(found, (".mojo",)) and not folder.has_file("license.sig"):
        notes.append("whether the environment contains the license that a MOJO pipeline requires is not checked")


def _check_r(folder: Folder, target_type: str, notes: list[str]) -> None:
    """Check an R model. Its code is searched for the names of the hooks, but not parsed."""
    artifacts = with_extension(folder.top, ARTIFACTS[R])
    names = _r_names(folder)
    if names is None:
        notes.append("the hooks are not checked: the R code loads or generates further code, or is too long")
        return
    if len(artifacts) > 1 and LOAD_HOOK not in names:
        raise several_artifacts(artifacts)
    if not artifacts and not names & {LOAD_HOOK, "fit", *PREDICTION_HOOKS}:
        raise nothing_to_run()
    other = names & set(PREDICTION_HOOKS)
    if target_type == "Unstructured" and "score_unstructured" not in names:
        raise wrong_hook(target_type, other)
    if target_type != "Unstructured" and other == {"score_unstructured"} and not artifacts:
        raise wrong_hook(target_type, other)
    notes.append("R code is not parsed; whether its hooks work is not checked")


def _r_names(folder: Folder) -> set[str] | None:
    """Return the names of the hooks in the R code, or None if the code may load or generate further code."""
    paths = with_extension(folder.paths, (".r",))
    if sum(map(folder.size, paths)) > _R_MAX_BYTES:
        return None
    if not any(map(folder.has_file, _R_FILES)):
        return set()
    code = b"\n".join(map(folder.read, paths))
    if _R_SOURCES.search(code):
        return None
    identifiers = set(re.findall(rb"[A-Za-z_.][A-Za-z0-9_.]*", code))
    return {name for name in (LOAD_HOOK, "fit", *PREDICTION_HOOKS) if name.encode() in identifiers}


def _check_unknown(folder: Folder, notes: list[str]) -> None:
    """Check a version without a language that the current runner detects."""
    found = with_extension(folder.top, UNCERTAIN_ARTIFACTS)
    if not found:
        raise nothing_to_run()
    notes.append(f"whether the runner of the environment starts {found[0]} is not checked: the current runner does not")
