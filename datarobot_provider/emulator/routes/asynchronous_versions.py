"""Versions that a job creates: from a remote repository, or from the latest version with training data."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.common.errors import ApiError, invalid
from datarobot_provider.emulator.routes import moderation, training_data
from datarobot_provider.emulator.routes.versions import latest_or_404, serialize_version
from datarobot_provider.emulator.store import runtime_parameters
from datarobot_provider.emulator.store.entities import CustomModel, Item, Version
from datarobot_provider.emulator.store.file_paths import check_path, check_tree
from datarobot_provider.emulator.store.model_rules import training_data_problem
from datarobot_provider.emulator.store.snapshot import snapshot_class
from datarobot_provider.emulator.store.versioning import Draft, add_version, copy_of
from datarobot_provider.emulator.web.routing import Call, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.state import State

_FROM_REPOSITORY = "/customModels/{customModelId}/versions/fromRepository/"
_CONTENTS = {
    "requirements.txt": b"pandas>=2.0\n",
    "custom.py": b"def load_model(code_dir):\n    return code_dir\n\n\n"
    b"def score(data, model, **kwargs):\n    return data\n",
}


@snapshot_class
@dataclass
class PulledVersion:
    """The version that a job creates from the files of a repository.

    :param model: the custom model.
    :param draft: the content of the version, without files.
    :param version_id: the id of the version.
    :param pulled: the files of the repository.
    :param from_latest: whether it is based on the version that is the latest one when the job succeeds.
    """

    model: CustomModel
    draft: Draft
    version_id: str
    pulled: list[Item]
    from_latest: bool

    def apply(self, state: State) -> None:
        """Add the version.

        :param state: the state of the emulator.
        """
        source = self.model.latest if self.from_latest else None
        items = _merged_items(source, self.pulled)
        parameters = runtime_parameters.parameters_of_new_version(state, items, source, {})
        self.draft.items = items
        self.draft.settings[runtime_parameters.FIELD] = parameters
        version = add_version(self.model, self.draft, self.version_id)
        if source:
            moderation.copy_guards(state, source, version)


@route("POST", _FROM_REPOSITORY)
def create_from_repository(call: Call) -> Response:
    """Create a version from the files of a repository (POST .../versions/fromRepository/)."""
    return _start(call, from_latest=False)


@route("PATCH", _FROM_REPOSITORY)
def create_from_latest_and_repository(call: Call) -> Response:
    """Create a version from the latest version and the files of a repository (PATCH .../versions/fromRepository/)."""
    return _start(call, from_latest=True)


@route("PATCH", "/customModels/{customModelId}/versions/withTrainingData/")
def create_with_training_data(call: Call) -> Response:
    """Create a minor version of the latest version with training data (PATCH .../versions/withTrainingData/)."""
    model = call.state.model(call.path["customModelId"])
    latest = latest_or_404(model)
    training, holdout = call.body["trainingData"], call.body.get("holdoutData")
    deleted = call.state.datasets.get(training.get("datasetId") or "")
    if deleted and deleted.deleted:
        raise ApiError(410, "The requested dataset has been deleted.")
    dataset = training_data.requested_dataset(call, model, training, holdout)
    if dataset is None:
        raise invalid("trainingData", "datasetId is required")
    problem = training_data_problem(model, dataset, {**latest.holdout, **(holdout or {})}.get("partitionColumn"))
    if problem:
        raise ApiError(422, problem)
    version = add_version(model, copy_of(latest))
    moderation.copy_guards(call.state, latest, version)
    version.holdout = holdout or version.holdout
    if call.body.get("gitModelVersion"):
        version.settings["gitModelVersion"] = call.body["gitModelVersion"]
    job = training_data.start_assignment(call, model, version, dataset, version.holdout)
    record = call.state.create_status_record(job, _version_path(model, version.id))
    return call.accepted(record, serialize_version(call, version))


def _start(call: Call, *, from_latest: bool) -> Response:
    model = call.state.model(call.path["customModelId"])
    body, latest = call.body, model.latest
    environment = latest.environment if latest else None
    if body.get("baseEnvironmentId"):
        environment = call.state.environment(body["baseEnvironmentId"], None)
    if environment is None:
        raise invalid("baseEnvironmentId", "this field is required for the first version")
    draft = Draft(
        items=[],
        environment=environment,
        settings=_settings(call, latest),
        major=body.get("isMajorUpdate") in {True, "true", "True"},
        keep_data=body.get("keepTrainingHoldoutData", True),
    )
    pulled = _repository_files(call)
    check_tree((item.path for item in _merged_items(latest if from_latest else None, pulled)), "sourcePath")
    version_id = identifiers.object_id()
    ids = {"customModelId": model.id, "customModelVersionId": version_id, "repositoryId": body["repositoryId"]}
    job = call.state.start_job("version_from_repository", ids)
    call.state.on_success(job, PulledVersion(model, draft, version_id, pulled, from_latest))
    return call.accepted(call.state.create_status_record(job, _version_path(model, version_id)))


def _merged_items(base: Version | None, pulled: list[Item]) -> list[Item]:
    return list({item.path: item for item in (*(base.items if base else ()), *pulled)}.values())


def _settings(call: Call, latest: Version | None) -> dict[str, object]:
    settings = {
        k: v for k, v in (latest.settings if latest else {}).items() if k not in {"description", "gitModelVersion"}
    }
    settings.update({k: call.body[k] for k in ("requiredMetadata", "requiredMetadataValues") if k in call.body})
    return settings


def _repository_files(call: Call) -> list[Item]:
    """Generate the files at the source paths: the named file, or custom.py in a named folder."""
    body = call.body
    paths = body.get("sourcePath", "custom.py")
    paths = [paths] if isinstance(paths, str) else paths
    if not paths or not all(paths):
        raise invalid("sourcePath", "must not be empty")
    for path in paths:
        check_path(path.strip("/"), "sourcePath")
    ref = body.get("ref", "main")
    repository = {
        "ref": ref,
        "commitSha": hashlib.sha256(f"{body['repositoryId']}@{ref}".encode()).hexdigest()[:40],
        "repositoryLocation": f"https://git.example.com/{body['repositoryId']}",
        "repositoryName": body["repositoryId"],
    }
    return [_item(path, repository) for path in paths]


def _item(source: str, repository: dict[str, str]) -> Item:
    path = source if PurePosixPath(source).suffix else f"{source.rstrip('/')}/custom.py"
    content = _CONTENTS.get(PurePosixPath(path).name, f"pulled from {source}\n".encode())
    # A file is stored at the top level under its own name, like the content of a pulled folder.
    name = PurePosixPath(path).name
    return Item(
        id=identifiers.object_id(),
        path=name,
        file=io.BytesIO(content),
        created=timestamps.now(),
        source="github",
        repository={**repository, "repositoryFilePath": path},
    )


def _version_path(model: CustomModel, version_id: str) -> str:
    return f"/customModels/{model.id}/versions/{version_id}/"
