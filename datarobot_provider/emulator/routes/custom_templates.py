"""Custom templates: list, read, and custom models from templates of NVIDIA NIM. They are the same in every emulator."""

from __future__ import annotations

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.common.errors import invalid, not_found
from datarobot_provider.emulator.openapi.deviations import TRUE_STRINGS
from datarobot_provider.emulator.routes.resource_bundles import BUNDLES
from datarobot_provider.emulator.store.entities import CustomModel
from datarobot_provider.emulator.store.model_rules import fill_defaults
from datarobot_provider.emulator.store.versioning import Draft, add_version
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_TEMPLATES = "/customTemplates/"
_NIM = "NIM_CONTAINERS"


@route("GET", _TEMPLATES)
def list_custom_templates(call: Call) -> Response:
    """List the custom templates by name (GET /customTemplates/)."""
    order = call.query.get("orderBy") or "name"
    found = sorted(filter(lambda each: _is_wanted(call, each), TEMPLATES), key=lambda each: each[order.lstrip("-")])
    return call.page(found[::-1] if order.startswith("-") else found, dict)


@route("GET", _TEMPLATES + "{customTemplateId}/")
def get_custom_template(call: Call) -> Response:
    """Return a custom template (GET /customTemplates/{customTemplateId}/)."""
    found = _find(call.path["customTemplateId"])
    if found is None:
        raise not_found()
    return Response(200, found)


@route("POST", "/customModels/fromModelTemplate/")
def create_custom_model(call: Call) -> Response:
    """Create a custom model with a version from a template (POST /customModels/fromModelTemplate/).

    The name and the target type of the model are those of the template. The version has no files and no environment.
    """
    template = _find(call.body["templateId"])
    if template is None or template["templateSubType"] != _NIM:
        raise invalid("templateId", "there is no model template with this ID")
    bundle = call.body["resourceBundleId"]
    if not any(each["id"] == bundle and each["hasGpu"] for each in BUNDLES):
        raise invalid("resourceBundleId", "has to be a resource bundle with a GPU")
    moment = timestamps.now()
    fields = {"name": template["name"], "targetType": "TextGeneration", "targetName": "resultText"}
    model = CustomModel(identifiers.object_id(), {**fields, "customModelType": "inference"}, moment, moment)
    fill_defaults(model.fields)
    version = add_version(model, Draft([], None, {"resourceBundleId": bundle}))
    call.state.models[model.id] = model
    return Response(201, {"customModelId": model.id, "customModelVersionId": version.id})


def _find(template_id: str) -> Json | None:
    return next((each for each in TEMPLATES if each["id"] == template_id), None)


def _is_wanted(call: Call, template: Json) -> bool:
    """Return whether a template has what the query asks for."""
    metadata, query = template["templateMetadata"], call.query
    source = metadata["source"]
    search = (query.get("search") or "").lower()
    return all(
        (
            search in f"{template['name']}\n{template['description']}".lower(),
            query.get("tag") in {None, *metadata["tags"]},
            query.get("templateType") in {None, template["templateType"]},
            query.get("templateSubType") in {None, template["templateSubType"]},
            query.get("publisher") in {None, source["publisher"]},
            query.get("category") in {None, source["category"]},
            not template["isHidden"] or query.get("showHidden") in TRUE_STRINGS,
        )
    )


def _template(number: int, name: str, kinds: tuple[str, str], description: str, *, hidden: bool = False) -> Json:
    return {
        "id": f"65a00000000000000000{number:04x}",
        "name": name,
        "description": description,
        "enabled": True,
        "isHidden": hidden,
        "templateType": kinds[0],
        "templateSubType": kinds[1],
        "defaultEnvironment": {
            "environmentId": "65a0000000000000000000e1",
            "environmentVersionId": "65a0000000000000000000e2",
        },
        "defaultResourceBundleId": "gpu.small" if kinds[1] == _NIM else "cpu.small",
        "items": [{"id": f"65a00000000000000001{number:04x}", "name": "README.md"}],
        "templateMetadata": {
            "readme": f"# {name}\n",
            "source": {"publisher": "nvidia" if kinds[1] == _NIM else "datarobot", "category": "generative"},
            "tags": ["emulated"],
        },
    }


TEMPLATES = (
    _template(0xD1, "llama-3.1-8b-instruct", ("model", _NIM), "A language model that writes text."),
    _template(0xD2, "Length of the response", ("customMetric", "generative"), "A metric that counts characters."),
    _template(0xD3, "llama-3.0-8b-instruct", ("model", _NIM), "An earlier language model.", hidden=True),
)
