"""Rules of the public runner: artifacts by language, hooks by target type, and the errors in its log."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from datarobot_provider.emulator.evaluation.folder import CODE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datarobot_provider.emulator.evaluation.folder import Folder

PYTHON, R, JAVA = "Python", "R", "Java"
# The runner detects the language of a model from these, in all folders. datarobot-drum supports `.pmml` up to 1.16.
ARTIFACTS = {
    PYTHON: (".pkl", ".pth", ".h5", ".joblib", ".onnx", ".pmml"),
    R: (".rds",),
    JAVA: (".jar", ".zip", ".java", ".mojo"),
}
# The artifacts that the runner loads by itself in Python, at the top level of the version.
LOADABLE_ARTIFACTS = (".pkl", ".pth", ".h5", ".onnx")
# The artifacts that some releases of the runner or some environments may load.
UNCERTAIN_ARTIFACTS = (".joblib", ".pmml", ".mlmodel", ".keras", ".pt", ".jlso", ".jl")

LOAD_HOOK = "load_model"
PREDICTION_HOOKS = ("score", "score_unstructured", "transform", "chat")
_REQUIRED_HOOKS = {
    "Unstructured": ("score_unstructured",),
    "Transform": ("transform",),
    "TextGeneration": ("score", "chat"),
    "AgenticWorkflow": ("chat", "score"),
}


class LaunchError(Exception):
    """A failed launch. The message is the end of the log of the runner."""


def required_hooks(target_type: str) -> tuple[str, ...]:
    """Return the hooks of a target type. A model requires one of them, unless the runner predicts by itself."""
    return _REQUIRED_HOOKS.get(target_type, ("score",))


def with_extension(paths: Iterable[str], extensions: tuple[str, ...]) -> list[str]:
    """Return the paths with one of the extensions, ignoring case and without hidden paths, which the runner skips."""
    return [path for path in paths if path.lower().endswith(extensions) and not _is_hidden(path)]


def files_named(folder: Folder, name: str) -> list[str]:
    """Return the paths of all files with a name, including hidden folders, the shallowest first."""
    found = [path for path in folder.paths if posixpath.basename(path) == name]
    return sorted(found, key=lambda path: (path.count("/"), path))


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def runner_error(error: str, message: str) -> LaunchError:
    """Return an error of the runner with its traceback."""
    return LaunchError(
        "Traceback (most recent call last):\n"
        '  File "/opt/venv/lib/python3.11/site-packages/model_runner/loader.py", line 131, in load_model\n'
        f"    raise {error}(message)\n"
        f"model_runner.{error}: {message}"
    )


def import_failed(message: str) -> LaunchError:
    """Return the error if the import of ``custom`` fails.

    :param message: the error message of Python.
    """
    return LaunchError(
        "Traceback (most recent call last):\n"
        '  File "/opt/venv/lib/python3.11/site-packages/model_runner/loader.py", line 88, in load_custom_code\n'
        "    module = importlib.import_module('custom')\n"
        f"{message}"
    )


def nothing_to_run() -> LaunchError:
    """Return the error if there is neither an artifact nor a hook."""
    hooks = ", ".join(sorted((LOAD_HOOK, *PREDICTION_HOOKS)))
    return runner_error(
        "ModelNotFoundError",
        f"{CODE_FOLDER} contains no model artifact of a supported format, and custom.py defines none of the hooks "
        f"{hooks}.",
    )


def several_artifacts(paths: list[str]) -> LaunchError:
    """Return the error if there are several artifacts."""
    return runner_error(
        "SeveralArtifactsError",
        f"{CODE_FOLDER} contains several model artifacts ({', '.join(paths[:10])}). "
        f"Keep one, or define the hook {LOAD_HOOK}.",
    )


def wrong_hook(target_type: str, found: Iterable[str]) -> LaunchError:
    """Return the error if the hook of the target type is missing."""
    required = " or ".join(required_hooks(target_type))
    listed = ", ".join(sorted(found)) or "none of the runner's hooks"
    return runner_error(
        "WrongHookError",
        f"A model of the target type {target_type} requires the hook {required}; custom.py defines {listed}.",
    )
