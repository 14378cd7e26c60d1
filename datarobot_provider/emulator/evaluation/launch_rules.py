"""What the public runner takes: its artifacts by language, its hooks by target type, and how its log ends."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from datarobot_provider.emulator.store.folder import CODE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datarobot_provider.emulator.store.folder import Folder

PYTHON, R, JAVA = "Python", "R", "Java"
# By these the runner tells the language of a model, in every folder. `.pmml` is known up to datarobot-drum 1.16.
ARTIFACTS = {
    PYTHON: (".pkl", ".pth", ".h5", ".joblib", ".onnx", ".pmml"),
    R: (".rds",),
    JAVA: (".jar", ".zip", ".java", ".mojo"),
}
# These the runner's own Python loaders read, at the top of the version.
LOADED = (".pkl", ".pth", ".h5", ".onnx")
# Formats of models that some release of the runner, or an environment around it, may read.
UNCERTAIN = (".joblib", ".pmml", ".mlmodel", ".keras", ".pt", ".jlso", ".jl")

LOAD = "load_model"
PREDICTING = ("score", "score_unstructured", "transform", "chat")
_WANTED = {
    "Unstructured": ("score_unstructured",),
    "Transform": ("transform",),
    "TextGeneration": ("score", "chat"),
    "AgenticWorkflow": ("chat", "score"),
}


class LaunchError(Exception):
    """The model does not start; the message is how the runner's log ends."""


def wanted_hooks(target_type: str) -> tuple[str, ...]:
    """Return the hooks of which a model of a target type needs one, unless the runner predicts by itself."""
    return _WANTED.get(target_type, ("score",))


def with_extension(paths: Iterable[str], extensions: tuple[str, ...]) -> list[str]:
    """Return the paths that end in one of the extensions, in whatever case, but for those that the runner skips."""
    return [path for path in paths if path.lower().endswith(extensions) and not _hidden(path)]


def named(folder: Folder, name: str) -> list[str]:
    """Return the paths of all files of a name, hidden folders included; the one at the top comes first."""
    found = [path for path in folder.paths if posixpath.basename(path) == name]
    return sorted(found, key=lambda path: (path.count("/"), path))


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def raised(error: str, message: str) -> LaunchError:
    """Return the end of a runner's log: a traceback with an error of the runner."""
    return LaunchError(
        "Traceback (most recent call last):\n"
        '  File "/opt/venv/lib/python3.11/site-packages/model_runner/loader.py", line 131, in load_model\n'
        f"    raise {error}(message)\n"
        f"model_runner.{error}: {message}"
    )


def import_failed(message: str) -> LaunchError:
    """Return the end of a runner's log that cannot import `custom`; `message` is what Python prints."""
    return LaunchError(
        "Traceback (most recent call last):\n"
        '  File "/opt/venv/lib/python3.11/site-packages/model_runner/loader.py", line 88, in load_custom_code\n'
        "    module = importlib.import_module('custom')\n"
        f"{message}"
    )


def nothing_to_run() -> LaunchError:
    """Return the end of a runner's log that finds neither an artifact nor a hook."""
    hooks = ", ".join(sorted((LOAD, *PREDICTING)))
    return raised(
        "ModelNotFoundError",
        f"{CODE_FOLDER} holds no model artifact of a supported format, and custom.py defines none of the hooks "
        f"{hooks}.",
    )


def several_artifacts(paths: list[str]) -> LaunchError:
    """Return the end of a runner's log that finds more artifacts than it can choose from."""
    return raised(
        "SeveralArtifactsError",
        f"{CODE_FOLDER} holds several model artifacts ({', '.join(paths[:10])}). Leave one, or define the hook {LOAD}.",
    )


def wrong_hook(target_type: str, found: Iterable[str]) -> LaunchError:
    """Return the end of a runner's log that lacks the hook of its target type."""
    wanted = " or ".join(wanted_hooks(target_type))
    listed = ", ".join(sorted(found)) or "none of the runner's hooks"
    return raised(
        "WrongHookError",
        f"A model of the target type {target_type} needs the hook {wanted}; custom.py defines {listed}.",
    )
