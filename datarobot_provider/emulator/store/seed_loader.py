"""Loader of seeds, from a seed folder or from the body of a control request.

A seed folder contains ``seed.json``::

    {"datasets": [{"id", "name", "file": "relative.csv" or "csv": "content"}],
     "environments": [{"id", "name"}],
     "deployments": [{"id", "label", "targetType", "modelId", "columns"}],
     "useCases": [{"id", "name"}],
     "credentials": [{"id", "name", "credentialType", "description"}],
     "customModels": [{"id", "name", "targetType", "targetName", "version" or "versions": see `seed_models`}],
     "validations": [{"id", "name", "useCaseId", "deploymentId", "promptColumnName", "targetColumnName"}],
     "image": {"size", "redirect"}}

All keys of the document are optional. docs/emulator.md lists the required keys of the entries. A control request has no
folder: the contents of its datasets and versions are in the document.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import strict_json
from datarobot_provider.emulator.common.errors import ApiError
from datarobot_provider.emulator.store import credentials, seed, seed_models
from datarobot_provider.emulator.store.listing import Listed, list_resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from datarobot_provider.emulator.store.state import State

#: The seed of the command ``datarobot-emulator``: the resources of the example DAGs.
DEFAULT_SEED = Path(__file__).resolve().parents[2] / "example_dags" / "seed"
_STRING = {"type": "string", "minLength": 1}
_DATASET = {
    "type": "object",
    "properties": {"id": _STRING, "name": _STRING, "file": _STRING, "csv": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
#: The schema of seed.json and of the body of the control request.
SCHEMA = {
    "type": "object",
    "properties": {
        "datasets": {"type": "array", "items": _DATASET},
        "environments": {"type": "array", "items": seed.ENVIRONMENT},
        "deployments": {"type": "array", "items": seed.DEPLOYMENT},
        "useCases": {"type": "array", "items": seed.USE_CASE},
        "credentials": {"type": "array", "items": credentials.SCHEMA},
        "customModels": {"type": "array", "items": seed_models.MODEL},
        "validations": {"type": "array", "items": seed_models.VALIDATION},
        "image": seed.IMAGE,
    },
    "additionalProperties": False,
}


class SeedError(Exception):
    """An invalid seed. The message gives the reason."""


def load_seed(state: State, folder: Path) -> None:
    """Load a seed folder.

    :param state: the state to add the resources to.
    :param folder: the folder that contains ``seed.json``.
    :raises SeedError: if the folder is invalid. Nothing has been added.
    """
    try:
        document: dict[str, Any] = strict_json.loads((folder / "seed.json").read_bytes())
    except (OSError, ValueError) as error:
        msg = f"seed.json: {error}"
        raise SeedError(msg) from error
    for problem in strict_json.Validator(SCHEMA).iter_errors(document):
        msg = f"seed.json: {'/'.join(map(str, problem.absolute_path)) or 'top level'}: {problem.message}"
        raise SeedError(msg)
    try:
        load_document(state, document, folder)
    except SeedError as error:
        msg = f"seed.json: {error}"
        raise SeedError(msg) from error


def load_document(state: State, document: Mapping[str, Any], folder: Path | None = None) -> list[Listed]:
    """Add the resources of a seed, all or none.

    :param state: the state to add the resources to.
    :param document: the seed, valid against `SCHEMA`.
    :param folder: the folder to which the paths in the document are relative, or None if it must not contain paths.
    :returns: the resources that were added.
    :raises SeedError: if an entry is invalid. Nothing has been added.
    """
    staged = state.staged()
    _Loader(staged, folder).load(document)
    before = set(list_resources(state))
    state.adopt(staged)
    return [resource for resource in list_resources(state) if resource not in before]


class _Loader:
    """Adds the entries of a seed to a state.

    :param state: the state.
    :param folder: the seed folder, or None.
    """

    def __init__(self, state: State, folder: Path | None) -> None:
        self._state, self._folder = state, folder
        self._models = seed_models.ModelLoader(state, folder)

    def load(self, document: Mapping[str, Any]) -> None:
        """Add all entries. An entry can refer to those that are loaded before it."""
        models = document.get("customModels", ())
        _each("datasets", document.get("datasets", ()), self._dataset)
        _each("environments", document.get("environments", ()), self._environment)
        _each("useCases", document.get("useCases", ()), self._use_case)
        _each("credentials", document.get("credentials", ()), self._credential)
        _each("customModels", models, self._models.load_model)
        _each("deployments", document.get("deployments", ()), self._deployment)
        # Guards can name a deployment, and a deployment can name the version that has the guards.
        _each("customModels", models, self._models.load_guards)
        _each("validations", document.get("validations", ()), self._models.load_validation)
        if "image" in document:
            self._state.image = seed.make_image(**document["image"])

    def _dataset(self, entry: dict[str, Any]) -> None:
        if ("file" in entry) == ("csv" in entry):
            msg = "a dataset requires either file or csv"
            raise ValueError(msg)
        text = entry["csv"] if "csv" in entry else self._read(entry["file"])
        dataset = seed.make_dataset(entry["name"], text, entry.get("id"))
        seed_models.add_new(self._state.datasets, "dataset", dataset.id, dataset)

    def _read(self, file: str) -> str:
        if self._folder is None:
            msg = "file is possible in a seed folder only; send the content of the file as csv"
            raise ValueError(msg)
        try:
            return (self._folder / file).read_text(encoding="utf-8-sig")
        except ValueError as error:
            msg = f"{file}: {error}"
            raise ValueError(msg) from error

    def _environment(self, entry: dict[str, Any]) -> None:
        version = seed.make_environment(entry)
        seed_models.add_new(self._state.environments, "environment", version.environment.id, version.environment)
        self._state.environment_versions[version.id] = version

    def _use_case(self, entry: dict[str, Any]) -> None:
        use_case = seed.make_use_case(entry)
        seed_models.add_new(self._state.use_cases, "use case", use_case.id, use_case)

    def _credential(self, entry: dict[str, Any]) -> None:
        credential = credentials.make_credential(entry)
        seed_models.add_new(self._state.credentials, "credential", credential.id, credential)

    def _deployment(self, entry: dict[str, Any]) -> None:
        deployment = seed.make_deployment(entry)
        seed_models.check_new(self._state.deployments, "deployment", deployment.id)
        self._state.add_deployment(deployment)


def _each(section: str, entries: Iterable[dict[str, Any]], load: Callable[[dict[str, Any]], None]) -> None:
    for entry in entries:
        name = entry.get("name") or entry.get("label")
        try:
            load(entry)
        except ApiError as error:
            msg = f"{section}: {name}: {_described(error)}"
            raise SeedError(msg) from error
        except (OSError, ValueError) as error:
            msg = f"{section}: {name}: {error}"
            raise SeedError(msg) from error


def _described(error: ApiError) -> str:
    fields = [f"{'/'.join(map(str, problem.location[1:]))} {problem.text}" for problem in error.fields]
    return "; ".join(fields) or error.message
