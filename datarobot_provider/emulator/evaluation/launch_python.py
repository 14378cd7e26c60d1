"""Would the public runner start a Python model? Its rules for custom.py, its hooks and the artifacts beside it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from datarobot_provider.emulator.evaluation.launch_rules import (
    LOAD,
    LOADED,
    PREDICTING,
    UNCERTAIN,
    LaunchError,
    import_failed,
    named,
    nothing_to_run,
    raised,
    several_artifacts,
    wanted_hooks,
    with_extension,
    wrong_hook,
)
from datarobot_provider.emulator.evaluation.python_code import PYTHON as INTERPRETER
from datarobot_provider.emulator.evaluation.python_code import read_module
from datarobot_provider.emulator.evaluation.python_names import FailingImportError, Module

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.folder import Folder

_METADATA = "model-metadata.yaml"
_TRAINING = re.compile(rb"^type\s*:\s*[\"']?training\b", re.MULTILINE)
_LAZY = re.compile(rb"^lazyLoading\s*:", re.MULTILINE)
_TASK_CLASS, _TASK_ARTIFACT = "CustomTask", "drum_artifact.pkl"


def check_python(folder: Folder, target_type: str, notes: list[str]) -> None:
    """Check a version that the runner takes for a Python model.

    :param folder: the files of the version.
    :param target_type: the target type of the custom model.
    :param notes: what is let pass without being known is added here.
    :raises LaunchError: if the model does not start.
    """
    main = main_file(folder)
    if main is None:
        module = Module()
    else:
        notes.append(
            f"{main} was read by {INTERPRETER}, the emulator's own; syntax of a newer Python counts as an error"
        )
        module = imported(folder, main)
    _Check(folder, target_type, module, notes).run()


def main_file(folder: Folder) -> str | None:
    """Return the version's custom.py, in whatever folder, or None if it has none.

    :raises LaunchError: if it has several.
    """
    found = named(folder, "custom.py")
    if len(found) > 1:
        raise raised("SeveralCustomFilesError", f"Found more than one custom.py: {', '.join(found[:10])}.")
    return found[0] if found else None


def imported(folder: Folder, main: str) -> Module:
    """Return the module that the runner imports.

    :raises LaunchError: if the import fails for certain.
    """
    try:
        return read_module(folder, main)
    except FailingImportError as error:
        raise import_failed(str(error)) from None


class _Check:
    """The runner's way through one version."""

    def __init__(self, folder: Folder, target_type: str, module: Module, notes: list[str]) -> None:
        self._folder, self._target, self._module, self._notes = folder, target_type, module, notes
        self._functions = module.functions()
        self._artifacts = with_extension(folder.top, LOADED)
        self._uncertain = with_extension(folder.top, UNCERTAIN)
        self._fits = bool(set(wanted_hooks(target_type)) & self._functions)

    def run(self) -> None:
        """Check the version.

        :raises LaunchError: if it does not start.
        """
        try:
            self._check_module()
        except LaunchError:
            if not self._module.unknown:
                raise
            # What seems to be missing may have arrived in a way that was not followed.
            self._notes += [f"the hooks cannot be told: {reason}" for reason in dict.fromkeys(self._module.unknown)]

    def _check_module(self) -> None:
        if _TASK_CLASS in self._functions:
            self._check_task()
            return
        if LOAD not in self._functions:
            self._check_artifacts()
        if not self._fits:
            self._check_default_predictions()
        elif self._target == "AgenticWorkflow" and "chat" not in self._functions:
            self._notes.append("custom.py defines score and no chat; the runner starts, but refuses chat completions")

    def _check_artifacts(self) -> None:
        """Check that the runner finds a model by itself, because no hook loads one."""
        if len(self._artifacts) > 1:
            raise several_artifacts(self._artifacts)
        if self._artifacts:
            return
        if len(self._uncertain) > 1:
            raise several_artifacts(self._uncertain)
        if self._uncertain:
            self._notes.append(f"whether the runner of the environment loads {self._uncertain[0]} cannot be told")
        elif self._metadata(_LAZY):
            self._notes.append(f"which files are loaded lazily cannot be told ({_METADATA})")
        elif not self._fits:
            raise self._nothing()
        elif "fit" in self._functions or self._metadata(_TRAINING):
            raise self._no_model()
        else:
            self._notes.append(
                f"WARNING: there is neither a hook {LOAD} nor an artifact at the top of the version. The public runner "
                "does not start such a model; the emulator lets it pass"
            )

    def _check_default_predictions(self) -> None:
        """Check a model without the hook of its target type: the runner has to predict by itself."""
        other = set(PREDICTING) & self._functions
        if self._target != "Transform":
            other.discard("transform")
        own_artifact = bool(self._artifacts) and LOAD not in self._functions
        if self._target == "Unstructured" or "chat" in other or (other and not own_artifact):
            raise wrong_hook(self._target, self._functions & {LOAD, *PREDICTING})
        if self._target == "Transform" and own_artifact and not self._artifacts[0].lower().endswith(".pkl"):
            raise wrong_hook(self._target, self._functions & {LOAD, *PREDICTING})
        hook = " or ".join(wanted_hooks(self._target))
        self._notes.append(f"whether the runner can use the model without the hook {hook} cannot be told")

    def _check_task(self) -> None:
        """Check a class of the training tasks, which loads what its own training stored."""
        task = self._module.classes.get(_TASK_CLASS)
        if self._folder.has_file(_TASK_ARTIFACT):
            return
        loads = task is None or any(
            isinstance(each, ast.FunctionDef) and each.name in {"load", "load_task"} for each in task.body
        )
        if not loads or (self._metadata(_TRAINING) and not self._artifacts and not self._uncertain):
            raise self._no_model()
        self._notes.append(f"what the class {_TASK_CLASS} loads cannot be told")

    def _nothing(self) -> Exception:
        found = self._functions & set(PREDICTING)
        return wrong_hook(self._target, found) if found else nothing_to_run()

    def _no_model(self) -> Exception:
        return raised(
            "ModelNotFoundError",
            f"The version is a training task: it holds no trained artifact, and custom.py has no hook {LOAD}.",
        )

    def _metadata(self, pattern: re.Pattern[bytes]) -> bool:
        return self._folder.has_file(_METADATA) and pattern.search(self._folder.read(_METADATA)) is not None
