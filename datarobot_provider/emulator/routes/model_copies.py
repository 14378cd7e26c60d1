"""Copies of custom models."""

from __future__ import annotations

import copy
from dataclasses import replace

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.routes.custom_models import serialize_model
from datarobot_provider.emulator.store.entities import CustomModel, Version
from datarobot_provider.emulator.web.routing import Call, Response, route


@route("POST", "/customModels/fromCustomModel/")
def copy_custom_model(call: Call) -> Response:
    """Copy a custom model with its versions and their files (POST /customModels/fromCustomModel/).

    Builds, tests, feature impact, conversions, guards and deployments of the versions are not copied.
    """
    source = call.state.model(call.body["customModelId"])
    moment = timestamps.now()
    # userProvidedId is unique and therefore not copied.
    fields = {name: copy.deepcopy(value) for name, value in source.fields.items() if name != "userProvidedId"}
    model = CustomModel(identifiers.object_id(), fields, moment, moment, training=source.training)
    model.versions = [_copy_version(version, model.id) for version in source.versions]
    call.state.models[model.id] = model
    return Response(201, serialize_model(call, model))


def _copy_version(version: Version, model_id: str) -> Version:
    return replace(
        version,
        id=identifiers.object_id(),
        model_id=model_id,
        items=[replace(item, id=identifiers.object_id()) for item in version.items],
        settings=copy.deepcopy(version.settings),
        holdout=dict(version.holdout),
        build=None,
        feature_impact=None,
        conversions=[],
    )
