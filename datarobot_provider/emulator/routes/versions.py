"""Versions of custom models: create from files or from the latest version, list, read, update the metadata."""

from __future__ import annotations

from typing import Any

from datarobot_provider.emulator.common import identifiers, strict_json, timestamps
from datarobot_provider.emulator.common.errors import ApiError, invalid
from datarobot_provider.emulator.routes import moderation, training_data
from datarobot_provider.emulator.store import runtime_parameters
from datarobot_provider.emulator.store.entities import CustomModel, EnvironmentVersion, Item, Version
from datarobot_provider.emulator.store.file_paths import check_path, check_tree
from datarobot_provider.emulator.store.resource_settings import check_resource_bundle, without_incompatible
from datarobot_provider.emulator.store.versioning import Draft, add_version
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_VERSIONS = "/customModels/{customModelId}/versions/"
_MAX_FILES = 1000
_INHERITED = (
    "desiredMemory", "maximumMemory", "replicas", "requiresHa", "networkEgressPolicy", "resourceBundleId",
    "requiredMetadata", "requiredMetadataValues",
)  # fmt: skip
_PLAIN = ("desiredMemory", "maximumMemory", "replicas", "requiresHa", "networkEgressPolicy", "resourceBundleId")


@route("POST", _VERSIONS)
def create_version(call: Call) -> Response:
    """Create a version from uploaded files (POST /customModels/{customModelId}/versions/)."""
    return _create(call, from_latest=False)


@route("PATCH", _VERSIONS)
def create_version_from_latest(call: Call) -> Response:
    """Create a version from the latest version and changes (PATCH /customModels/{customModelId}/versions/)."""
    return _create(call, from_latest=True)


@route("GET", _VERSIONS)
def list_versions(call: Call) -> Response:
    """List the versions of a model, newest first (GET /customModels/{customModelId}/versions/)."""
    versions = list(reversed(call.state.model(call.path["customModelId"]).versions))
    sha = call.query.get("mainBranchCommitSha")
    if sha:
        versions = [v for v in versions if v.settings.get("gitModelVersion", {}).get("mainBranchCommitSha") == sha]
    return call.page(versions, lambda v: serialize_version(call, v))


@route("GET", _VERSIONS + "{customModelVersionId}/")
def get_version(call: Call) -> Response:
    """Return a version (GET /customModels/{customModelId}/versions/{customModelVersionId}/)."""
    return Response(200, serialize_version(call, requested_version(call)))


@route("PATCH", _VERSIONS + "{customModelVersionId}/")
def update_version(call: Call) -> Response:
    """Update the description and the metadata of a version (PATCH .../versions/{customModelVersionId}/)."""
    version = requested_version(call)
    for name in ("requiredMetadata", "requiredMetadataValues"):
        before = version.settings.get(name)
        if before and name in call.body and call.body[name] != before:
            raise invalid(name, "once set, it cannot be changed; make a new version")
    version.settings.update(call.body)
    return Response(200, serialize_version(call, version))


def requested_version(call: Call) -> Version:
    """Return the version in the path of a request.

    :raises ApiError: with status 404 if it does not exist.
    """
    return call.state.version(call.path["customModelId"], call.path["customModelVersionId"])


def _create(call: Call, *, from_latest: bool) -> Response:
    model = call.state.model(call.path["customModelId"])
    latest, body = model.latest, call.body
    check_resource_bundle(body)
    training, holdout = (
        training_data.decode_json_object(body, "trainingData"),
        training_data.decode_json_object(body, "holdoutData"),
    )
    dataset = training_data.requested_dataset(call, model, training, holdout)
    base = latest if from_latest else None
    items = _items(call, base)
    parameters = runtime_parameters.parameters_of_new_version(call.state, items, base, body)
    draft = Draft(
        items=items,
        environment=_environment(call, latest),
        settings={**_settings(body, latest), runtime_parameters.FIELD: parameters},
        major=body.get("isMajorUpdate") in {True, "true", "True"},
        keep_data=body.get("keepTrainingHoldoutData") not in {False, "false", "False"},
    )
    version = add_version(model, draft)
    if from_latest and latest:
        moderation.copy_guards(call.state, latest, version)
    if holdout is not None:
        version.holdout = holdout
    if dataset:
        training_data.start_assignment(call, model, version, dataset, version.holdout)
    elif training is not None:
        version.training = None
    return Response(201, serialize_version(call, version))


def _environment(call: Call, latest: Version | None) -> EnvironmentVersion | None:
    environment_id, version_id = call.body.get("baseEnvironmentId"), call.body.get("baseEnvironmentVersionId")
    if environment_id or version_id:
        return call.state.environment(environment_id, version_id)
    if latest and latest.environment:
        return latest.environment
    raise invalid("baseEnvironmentId", "this field is required unless baseEnvironmentVersionId is given")


def _items(call: Call, latest: Version | None) -> list[Item]:
    """Return the files of the new version: those of the latest version without deleted ones, and the uploaded files."""
    paths = call.body.get("filePath", [])
    paths = [paths] if isinstance(paths, str) else paths
    if len(paths) != len(call.files):
        raise invalid("filePath", f"{len(call.files)} file fields need as many filePath fields, found {len(paths)}")
    if len(paths) > _MAX_FILES:
        raise invalid("file", f"at most {_MAX_FILES} files can be sent in one request")
    if len(set(paths)) < len(paths):
        raise invalid("filePath", "names one path twice")
    kept = {item.path: item for item in _kept(call.body, latest)}
    moment = timestamps.now()
    for path, upload in zip(paths, call.files, strict=True):
        check_path(path)
        kept[path] = Item(identifiers.object_id(), path, upload.file, moment)
    check_tree(kept)
    return list(kept.values())


def _kept(body: Json, latest: Version | None) -> list[Item]:
    items = latest.items if latest else []
    deleted = body.get("filesToDelete", [])
    deleted = {deleted} if isinstance(deleted, str) else set(deleted)
    if deleted - {item.id for item in items}:
        raise invalid("filesToDelete", "names a file that the latest version does not have")
    return [item for item in items if item.id not in deleted]


def _settings(body: Json, latest: Version | None) -> dict[str, Any]:
    before = latest.settings if latest else {}
    settings = without_incompatible({name: before[name] for name in _INHERITED if name in before}, body)
    settings.update({name: body[name] for name in _PLAIN if name in body})
    if body.get("gitModelVersion"):
        settings["gitModelVersion"] = body["gitModelVersion"]
    for name, kind in (("requiredMetadata", dict), ("requiredMetadataValues", list)):
        if name in body:
            settings[name] = _decode_json(body, name, kind)
    return settings


def _decode_json(body: Json, name: str, kind: type) -> Any:
    try:
        value = strict_json.loads(body[name])
    except strict_json.JsonError as error:
        raise invalid(name, f"is not valid JSON: {error}") from None
    if not isinstance(value, kind) or (isinstance(value, list) and not all(map(_is_named, value))):
        raise invalid(name, "is not JSON of the right form")
    return value


def _is_named(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("fieldName", ""), str)


def serialize_version(call: Call, version: Version) -> Json:
    """Return a version as the API returns it."""
    environment, settings = version.environment, version.settings
    view = {
        "id": version.id,
        "customModelId": version.model_id,
        "versionMajor": version.major,
        "versionMinor": version.minor,
        "label": version.label,
        "description": settings.get("description"),
        "created": timestamps.iso_format(version.created),
        "isFrozen": call.state.is_frozen(version),
        "baseEnvironmentId": environment.environment.id if environment else None,
        "baseEnvironmentVersionId": environment.id if environment else None,
        "items": [_serialize_item(version, item) for item in version.items],
        "dependencies": version.dependencies,
        "requiredMetadata": settings.get("requiredMetadata", {}),
        "requiredMetadataValues": settings.get("requiredMetadataValues", []),
        "runtimeParameters": settings.get("runtimeParameters", []),
        "trainingData": training_data.serialize_training_data(call, version.training),
        "holdoutData": training_data.serialize_holdout_data(call, version.holdout),
        **{name: settings.get(name) for name in _PLAIN},
    }
    if "gitModelVersion" in settings:
        view["gitModelVersion"] = settings["gitModelVersion"]
    return view


def _serialize_item(version: Version, item: Item) -> Json:
    return {
        "id": item.id,
        "fileName": item.path.rsplit("/", 1)[-1],
        "filePath": item.path,
        "fileSource": item.source,
        "created": timestamps.iso_format(item.created),
        "storagePath": f"customModels/{version.model_id}/{item.id}/{item.path}",
        "workspaceId": version.model_id,
        "ref": item.repository.get("ref"),
        "commitSha": item.repository.get("commitSha"),
        "repositoryFilePath": item.repository.get("repositoryFilePath"),
        "repositoryLocation": item.repository.get("repositoryLocation"),
        "repositoryName": item.repository.get("repositoryName"),
    }


def latest_or_404(model: CustomModel) -> Version:
    """Return the latest version of a model.

    :raises ApiError: with status 404 if the model has no version.
    """
    if model.latest is None:
        raise ApiError(404, "The custom model has no version.")
    return model.latest
