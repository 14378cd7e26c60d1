"""Registered models and their versions: register a custom model version, list, read, change, archive."""

from __future__ import annotations

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.store.entities import CustomModel, RegisteredModel, RegisteredVersion
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_MODELS = "/registeredModels/"
_MODEL = "/registeredModels/{registeredModelId}/"
_VERSIONS = "/registeredModels/{registeredModelId}/versions/"
_VERSION = "/registeredModels/{registeredModelId}/versions/{versionId}/"
_USER = {"id": users.USER_ID, "email": users.USER_NAME, "name": users.USER_NAME}
_ORDERS = {"createdAt": lambda m: m.created, "modifiedAt": lambda m: m.modified, "name": lambda m: m.name}


@route("POST", "/modelPackages/fromCustomModelVersion/")
def register_version(call: Call) -> Response:
    """Register a custom model version, as a new registered model or as a version of an existing one."""
    custom_version = call.state.find_version(call.body["customModelVersionId"])
    if custom_version is None:
        raise invalid("customModelVersionId", "no such version of a custom model")
    custom_model = call.state.model(custom_version.model_id)
    model = _registered_model(call, custom_model)
    name = call.body.get("name") or f"{custom_model.fields['name']} (v{custom_version.label})"
    version = RegisteredVersion(
        id=identifiers.object_id(),
        model=model,
        number=len(_versions(call, model)) + 1,
        name=name,
        description=call.body.get("description"),
        version_id=custom_version.id,
        tags=_tags(call.body.get("tags")),
        build=call.state.start_job("model_package_build", {"customModelVersionId": custom_version.id}),
    )
    version.build.ids["registeredModelVersionId"] = version.id
    model.modified = version.created
    call.state.registered_models[model.id] = model
    call.state.registered_versions[version.id] = version
    record = call.state.create_status_record(version.build, f"/modelPackages/{version.id}/")
    return Response(201, _serialize_version(call, version), {"Location": call.url(f"/status/{record.id}/")})


@route("GET", "/modelPackages/")
def list_packages(call: Call) -> Response:
    """List the versions of all registered models, newest first (GET /modelPackages/)."""
    rows = [v for v in reversed(call.state.registered_versions.values()) if not v.model.archived]
    if wanted := call.query.get("modelId"):
        rows = [v for v in rows if v.version_id == wanted]
    return call.page(rows, lambda v: _serialize_version(call, v))


@route("GET", _MODELS)
def list_models(call: Call) -> Response:
    """List the registered models, newest first (GET /registeredModels/)."""
    search = (call.query.get("search") or "").lower()
    rows = [m for m in reversed(call.state.registered_models.values()) if not m.archived and search in m.name.lower()]
    for parameter, field in (("targetName", "name"), ("targetType", "type")):
        if wanted := call.query.get(parameter):
            rows = [m for m in rows if m.target[field] == wanted]
    if key := call.query.get("sortKey"):
        rows.sort(key=_ORDERS[key], reverse=call.query.get("sortDirection") == "desc")
    return call.page(rows, lambda m: _serialize(call, m))


@route("GET", _MODEL)
def get_model(call: Call) -> Response:
    """Return a registered model (GET /registeredModels/{registeredModelId}/)."""
    return Response(200, _serialize(call, _requested(call)))


@route("PATCH", _MODEL)
def update_model(call: Call) -> Response:
    """Change the name or the description of a registered model (PATCH /registeredModels/{registeredModelId}/)."""
    model = _requested(call)
    name = call.body.get("name", model.name)
    _check_name(call, name, model)
    model.name, model.description = name, call.body.get("description", model.description)
    model.modified = timestamps.now()
    return Response(200, _serialize(call, model))


@route("DELETE", _MODEL)
def archive_model(call: Call) -> Response:
    """Archive a registered model of which no version is deployed (DELETE /registeredModels/{registeredModelId}/)."""
    model = _requested(call)
    if any(_deployments(call, version) for version in _versions(call, model)):
        raise ApiError(409, "A version of the registered model is deployed; it cannot be archived.")
    model.archived = True
    return Response(204)


@route("GET", _VERSIONS)
def list_versions(call: Call) -> Response:
    """List the versions of a registered model, newest first (GET .../versions/)."""
    search = (call.query.get("search") or "").lower()
    rows = [v for v in reversed(_versions(call, _requested(call))) if search in v.name.lower()]
    if wanted := call.query.get("buildStatus"):
        rows = [v for v in rows if v.build.state(call.now()) == wanted]
    if call.query.get("sortKey") and call.query.get("sortDirection") != "desc":
        rows.reverse()
    return call.page(rows, lambda v: _serialize_version(call, v))


@route("GET", _VERSION)
def get_version(call: Call) -> Response:
    """Return a version of a registered model (GET .../versions/{versionId}/)."""
    version = next((v for v in _versions(call, _requested(call)) if v.id == call.path["versionId"]), None)
    if version is None or version.build.expired(call.now()):
        raise not_found()
    return Response(200, _serialize_version(call, version))


def _registered_model(call: Call, custom_model: CustomModel) -> RegisteredModel:
    """Return the registered model that a request names by its id, or a new one."""
    body = call.body
    if body.get("registeredModelId"):
        model = call.state.registered_models.get(body["registeredModelId"])
        if model is None or model.archived:
            raise not_found()
        return model
    name = body.get("registeredModelName") or custom_model.fields["name"]
    _check_name(call, name)
    target = {"name": custom_model.fields.get("targetName"), "type": custom_model.fields.get("targetType")}
    tags = _tags(body.get("registeredModelTags"))
    # The official client requires a description.
    description = body.get("registeredModelDescription") or ""
    return RegisteredModel(identifiers.object_id(), name, description, tags, target)


def _check_name(call: Call, name: str, model: RegisteredModel | None = None) -> None:
    others = (m for m in call.state.registered_models.values() if m is not model and not m.archived)
    if any(other.name == name for other in others):
        raise ApiError(409, f"A registered model with the name {name} exists already.")


def _tags(tags: list[dict[str, str]] | None) -> list[dict[str, str]]:
    return [{"id": identifiers.object_id(), **tag} for tag in tags or []]


def _requested(call: Call) -> RegisteredModel:
    model = call.state.registered_models.get(call.path["registeredModelId"])
    if model is None or model.archived:
        raise not_found()
    return model


def _versions(call: Call, model: RegisteredModel) -> list[RegisteredVersion]:
    """Return the versions of a registered model, oldest first."""
    return [v for v in call.state.registered_versions.values() if v.model is model]


def _deployments(call: Call, version: RegisteredVersion) -> int:
    served = (each.package or each.version_id for each in call.state.deployments.values())
    return sum(1 for each in served if each in (version, version.version_id))


def _serialize(call: Call, model: RegisteredModel) -> Json:
    return {
        "id": model.id,
        "name": model.name,
        "description": model.description,
        "createdAt": timestamps.iso_format(model.created),
        "modifiedAt": timestamps.iso_format(model.modified),
        "createdBy": _USER,
        "modifiedBy": _USER,
        "target": model.target,
        "lastVersionNum": len(_versions(call, model)),
        "isArchived": model.archived,
        "isGlobal": False,
        "tags": model.tags,
    }


def _serialize_version(call: Call, version: RegisteredVersion) -> Json:
    created = timestamps.iso_format(version.created)
    custom_version = call.state.find_version(version.version_id)
    training = custom_version.training if custom_version else None
    return {
        "id": version.id,
        "registeredModelId": version.model.id,
        "registeredModelVersion": version.number,
        "name": version.name,
        "modelId": version.version_id,
        "modelExecutionType": "custom_inference_model",
        "isArchived": version.model.archived,
        "importMeta": {"creatorId": users.USER_ID, "creatorUsername": users.USER_NAME, "dateCreated": created},
        "sourceMeta": {
            "customModelDetails": {
                "id": custom_version.model_id if custom_version else None,
                "creatorId": users.USER_ID,
                "createdAt": created,
                "versionLabel": custom_version.label if custom_version else None,
            },
        },
        "modelKind": {"isUnstructured": version.model.target["type"] == "Unstructured"},
        "target": version.model.target,
        "modelDescription": {"description": version.description, "modelName": version.name},
        "datasets": {
            "datasetName": training.dataset.name if training else None,
            "trainingDataCatalogId": training.dataset.id if training else None,
            "trainingDataCatalogVersionId": training.dataset.version_id if training else None,
        },
        "timeseries": {},
        "isDeprecated": False,
        "buildStatus": version.build.state(call.now()),
        "tags": version.tags,
        "permissions": ["CAN_VIEW", "CAN_DEPLOY"],
        "activeDeploymentCount": _deployments(call, version),
    }
