"""Custom models: create, list, read, update, delete."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from datarobot_provider.emulator.common import identifiers, timestamps, users
from datarobot_provider.emulator.common.errors import ApiError, invalid
from datarobot_provider.emulator.openapi.deviations import TRUE_STRINGS
from datarobot_provider.emulator.routes.versions import serialize_version
from datarobot_provider.emulator.store.entities import CustomModel
from datarobot_provider.emulator.store.model_rules import fill_defaults
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_CONFLICT = HTTPStatus.CONFLICT
_LOCKED_FIELDS = ("targetName", "positiveClassLabel", "negativeClassLabel", "classLabels", "predictionThreshold")
_NOT_SHOWN = frozenset({"isUnstructuredModelKind"})
_NULLABLE_FIELDS = frozenset(
    {"desiredMemory", "maximumMemory", "replicas", "requiresHa", "networkEgressPolicy", "playgroundId"}
)


@route("POST", "/customModels/")
def create_custom_model(call: Call) -> Response:
    """Create a custom model (POST /customModels/)."""
    body = call.body
    _check_target(body)
    _check_labels(body)
    own_id = body.get("userProvidedId")
    if own_id and any(m.fields.get("userProvidedId") == own_id for m in call.state.models.values()):
        raise ApiError(422, "Cannot create a custom model with a user provided ID that is in use.")
    moment = timestamps.now()
    model = CustomModel(identifiers.object_id(), dict(body), moment, moment)
    fill_defaults(model.fields)
    call.state.models[model.id] = model
    return Response(201, serialize_model(call, model))


@route("GET", "/customModels/")
def list_custom_models(call: Call) -> Response:
    """List custom models, newest first (GET /customModels/)."""
    models = list(reversed(call.state.models.values()))
    query = call.query
    if query.get("customModelType"):
        models = [m for m in models if m.fields["customModelType"] == query["customModelType"]]
    if query.get("isDeployed"):
        requested = query["isDeployed"] in TRUE_STRINGS
        models = [m for m in models if bool(call.state.deployments_of(m)) == requested]
    if query.get("searchFor"):
        models = [m for m in models if _matches_search(m, query["searchFor"].lower())]
    models = [m for m in models if _has_target_type(call, m) and _has_tag(call, m)]
    order = query.get("orderBy")
    if order:
        name = order.removeprefix("-")
        models.sort(key=lambda m: m.updated if name == "updated" else m.created, reverse=order.startswith("-"))
    return call.page(models, lambda m: serialize_model(call, m))


@route("GET", "/customModels/{customModelId}/")
def get_custom_model(call: Call) -> Response:
    """Return a custom model (GET /customModels/{customModelId}/)."""
    return Response(200, serialize_model(call, call.state.model(call.path["customModelId"])))


@route("PATCH", "/customModels/{customModelId}/")
def update_custom_model(call: Call) -> Response:
    """Update a custom model (PATCH /customModels/{customModelId}/)."""
    model = call.state.model(call.path["customModelId"])
    if any(call.state.active_tests(model)):
        raise ApiError(_CONFLICT, "The custom model cannot be changed while it is being tested.")
    locked = [n for n in _LOCKED_FIELDS if n in call.body and call.body[n] != model.fields.get(n)]
    trained = model.training or any(v.training for v in model.versions)
    if locked and (call.state.deployments_of(model) or trained):
        raise ApiError(_CONFLICT, f"Deployed, or with training data assigned, a model keeps its {locked[0]}.")
    enabled = "isTrainingDataForVersionsPermanentlyEnabled"
    if model.fields.get(enabled) and call.body.get(enabled) is False:
        raise invalid(enabled, "once enabled, it cannot be disabled")
    model.fields.update(call.body)
    fill_defaults(model.fields)
    model.updated = timestamps.now()
    return Response(200, serialize_model(call, model))


@route("DELETE", "/customModels/{customModelId}/")
def delete_custom_model(call: Call) -> Response:
    """Delete a custom model (DELETE /customModels/{customModelId}/)."""
    model = call.state.model(call.path["customModelId"])
    if call.state.deployments_of(model):
        link = call.url(f"/deployments/?customModelId={model.id}")
        raise ApiError(_CONFLICT, f"The custom model has existing deployments: {link}", extra={"link": link})
    if any(call.state.active_tests(model)):
        raise ApiError(_CONFLICT, "The custom model cannot be deleted while it is being tested.")
    del call.state.models[model.id]
    return Response(204)


def serialize_model(call: Call, model: CustomModel) -> Json:
    """Return a custom model as the API returns it."""
    stored = {
        name: value
        for name, value in model.fields.items()
        if name not in _NOT_SHOWN and (value is not None or name in _NULLABLE_FIELDS)
    }
    target = stored.setdefault("targetType", _target_type(model.fields))
    latest = model.latest
    return {
        **dict.fromkeys(sorted(_NULLABLE_FIELDS)),
        "isProxyModel": False,
        "tags": [],
        **stored,
        **_training_fields(call, model),
        "id": model.id,
        "description": stored.get("description", ""),
        "language": stored.get("language", ""),
        "supportsBinaryClassification": target == "Binary",
        "supportsRegression": target == "Regression",
        "supportsAnomalyDetection": target == "Anomaly",
        "isTrainingDataForVersionsPermanentlyEnabled": model.has_training_data_per_version,
        "latestVersion": serialize_version(call, latest) if latest else None,
        "deploymentsCount": len(call.state.deployments_of(model)),
        "resourceBundleId": None,
        "created": timestamps.iso_format(model.created),
        "createdBy": users.USER_NAME,
        "updated": timestamps.iso_format(model.updated),
    }


def _training_fields(call: Call, model: CustomModel) -> dict[str, Any]:
    training = None if model.has_training_data_per_version else model.training
    return {
        "trainingDataAssignmentInProgress": bool(model.assignment and model.assignment.active(call.now())),
        "trainingDatasetId": training.dataset.id if training else None,
        "trainingDatasetVersionId": training.dataset.version_id if training else None,
        "trainingDataFileName": training.dataset.name if training else None,
        "trainingDataPartitionColumn": training.partition if training else None,
    }


def _target_type(fields: Json) -> str:
    if fields.get("targetType"):
        return str(fields["targetType"])
    if fields.get("supportsBinaryClassification"):
        return "Binary"
    return "Regression" if fields.get("supportsRegression") else "Unstructured"


def _check_target(body: Json) -> None:
    """Check that an inference model has a target if its type requires one, and that a training model has none."""
    if body["customModelType"] == "training":
        if body.get("targetName"):
            raise invalid("targetName", "is only for inference models")
        return
    if "targetType" not in body and not (body.get("supportsBinaryClassification") or body.get("supportsRegression")):
        raise invalid("targetType", "this field is required for inference models")
    if _target_type(body) in {"Binary", "Regression"} and "targetType" not in body:
        body["targetType"] = _target_type(body)
    if body["targetType"] in {"Binary", "Regression", "Multiclass"} and not body.get("targetName"):
        raise invalid("targetName", f"this field is required for the target type {body['targetType']}")
    if body["targetType"] == "Multiclass" and not body.get("classLabels"):
        raise invalid("classLabels", "this field is required for multiclass models")


def _check_labels(body: Json) -> None:
    given = [name for name in ("positiveClassLabel", "negativeClassLabel") if body.get(name) is not None]
    if len(given) == 1:
        missing = "negativeClassLabel" if given[0] == "positiveClassLabel" else "positiveClassLabel"
        raise invalid(missing, f"has to be given together with {given[0]}")


def _matches_search(model: CustomModel, search: str) -> bool:
    texts = (model.fields.get(name) or "" for name in ("name", "description", "language"))
    return any(search in text.lower() for text in texts)


def _has_target_type(call: Call, model: CustomModel) -> bool:
    requested = call.list_argument("targetType")
    return not requested or _target_type(model.fields) in requested


def _has_tag(call: Call, model: CustomModel) -> bool:
    """Return whether a model has a requested tag key and a requested tag value."""
    tags = model.fields.get("tags", [])
    filters = (("name", call.list_argument("tagKeys")), ("value", call.list_argument("tagValues")))
    return all(not values or any(tag[field] in values for tag in tags) for field, values in filters)
