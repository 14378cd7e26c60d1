"""Static check whether the public runner can start a Python model: custom.py, its hooks and the artifacts."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from datarobot_provider.emulator.evaluation.launch_rules import (
    LOAD_HOOK,
    LOADABLE_ARTIFACTS,
    PREDICTION_HOOKS,
    UNCERTAIN_ARTIFACTS,
    LaunchError,
    files_named,
    import_failed,
    nothing_to_run,
    required_hooks,
    runner_error,
    several_artifacts,
    with_extension,
    wrong_hook,
)
from datarobot_provider.emulator.evaluation.python_code import PYTHON as INTERPRETER
from datarobot_provider.emulator.evaluation.python_code import read_module
from datarobot_provider.emulator.evaluation.python_names import FailingImportError, Module

if TYPE_CHECKING:
    from datarobot_provider.emulator.evaluation.folder import Folder

_METADATA = "model-metadata.yaml"
_TRAINING = re.compile(rb"^type\s*:\s*[\"']?training\b", re.MULTILINE)
_LAZY = re.compile(rb"^lazyLoading\s*:", re.MULTILINE)
_TASK_CLASS, _TASK_ARTIFACT = "CustomTask", "drum_artifact.pkl"


def check_python(folder: Folder, target_type: str, notes: list[str]) -> None:
    """Check a Python model.

    :param folder: the files of the version.
    :param target_type: the target type of the custom model.
    :param notes: the list to which notes about unchecked properties are added.
    :raises LaunchError: if the model does not start.
    """
    main = main_file(folder)
    if main is None:
        module = Module()
    else:
        notes.append(
            f"{main} was parsed by {INTERPRETER}, which runs the emulator; newer syntax is reported as an error"
        )
        module = import_main(folder, main)
    _PythonCheck(folder, target_type, module, notes).run()


def main_file(folder: Folder) -> str | None:
    """Return the path of custom.py in any folder, or None if it does not exist.

    :raises LaunchError: if there are several.
    """
    found = files_named(folder, "custom.py")
    if len(found) > 1:
        raise runner_error("SeveralCustomFilesError", f"Found more than one custom.py: {', '.join(found[:10])}.")
    return found[0] if found else None


def import_main(folder: Folder, main: str) -> Module:
    """Return the module that the runner imports.

    :raises LaunchError: if the import certainly fails.
    """
    try:
        return read_module(folder, main)
    except FailingImportError as error:
        raise import_failed(str(error)) from None


class _PythonCheck:
    """The checks of one version, in the order of the runner."""

    def __init__(self, folder: Folder, target_type: str, module: Module, notes: list[str]) -> None:
        self._folder, self._target, self._module, self._notes = folder, target_type, module, notes
        self._functions = module.functions()
        self._artifacts = with_extension(folder.top, LOADABLE_ARTIFACTS)
        self._uncertain = with_extension(folder.top, UNCERTAIN_ARTIFACTS)
        self._has_prediction_hook = bool(set(required_hooks(target_type)) & self._functions)

    def run(self) -> None:
        """Check the version.

        :raises LaunchError: if it does not start.
        """
        try:
            self._check_module()
        except LaunchError:
            if not self._module.unknown:
                raise
            # A hook that seems to be missing may be defined in a way that the analysis does not cover.
            self._notes += [f"the hooks are not checked: {reason}" for reason in dict.fromkeys(self._module.unknown)]

    def _check_module(self) -> None:
        if _TASK_CLASS in self._functions:
            self._check_task()
            return
        if LOAD_HOOK not in self._functions:
            self._check_artifacts()
        if not self._has_prediction_hook:
            self._check_default_predictions()
        elif self._target == "AgenticWorkflow" and "chat" not in self._functions:
            self._notes.append("custom.py defines score and no chat; the runner starts, but rejects chat completions")

    def _check_artifacts(self) -> None:
        """Check that the runner can load a model without the load hook."""
        if len(self._artifacts) > 1:
            raise several_artifacts(self._artifacts)
        if self._artifacts:
            return
        if len(self._uncertain) > 1:
            raise several_artifacts(self._uncertain)
        if self._uncertain:
            self._notes.append(f"whether the runner of the environment loads {self._uncertain[0]} is not checked")
        elif self._metadata(_LAZY):
            self._notes.append(f"which files are loaded lazily is not checked ({_METADATA})")
        elif not self._has_prediction_hook:
            raise self._nothing()
        elif "fit" in self._functions or self._metadata(_TRAINING):
            raise self._no_model()
        else:
            self._notes.append(
                f"WARNING: the version has neither a hook {LOAD_HOOK} nor an artifact at the top level. The public "
                "runner does not start such a model; the emulator accepts it"
            )

    def _check_default_predictions(self) -> None:
        """Check a model without the hook of its target type, so that the runner must predict by itself."""
        other = set(PREDICTION_HOOKS) & self._functions
        if self._target != "Transform":
            other.discard("transform")
        has_artifact = bool(self._artifacts) and LOAD_HOOK not in self._functions
        if self._target == "Unstructured" or "chat" in other or (other and not has_artifact):
            raise wrong_hook(self._target, self._functions & {LOAD_HOOK, *PREDICTION_HOOKS})
        if self._target == "Transform" and has_artifact and not self._artifacts[0].lower().endswith(".pkl"):
            raise wrong_hook(self._target, self._functions & {LOAD_HOOK, *PREDICTION_HOOKS})
        hook = " or ".join(required_hooks(self._target))
        self._notes.append(f"whether the runner can use the model without the hook {hook} is not checked")

    def _check_task(self) -> None:
        """Check the class of a training task, which loads the artifact of its training."""
        task = self._module.classes.get(_TASK_CLASS)
        if self._folder.has_file(_TASK_ARTIFACT):
            return
        loads = task is None or any(
            isinstance(each, ast.FunctionDef) and each.name in {"load", "load_task"} for each in task.body
        )
        if not loads or (self._metadata(_TRAINING) and not self._artifacts and not self._uncertain):
            raise self._no_model()
        self._notes.append(f"what the class {_TASK_CLASS} loads is not checked")

    def _nothing(self) -> Exception:
        found = self._functions & set(PREDICTION_HOOKS)
        return wrong_hook(self._target, found) if found else nothing_to_run()

    def _no_model(self) -> Exception:
        return runner_error(
            "ModelNotFoundError",
            f"The version is a training task: it contains no trained artifact, and custom.py has no hook {LOAD_HOOK}.",
        )

    def _metadata(self, pattern: re.Pattern[bytes]) -> bool:
        return self._folder.has_file(_METADATA) and pattern.search(self._folder.read(_METADATA)) is not None
