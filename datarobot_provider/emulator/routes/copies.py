"""Copies of custom models."""

from __future__ import annotations

import copy
from dataclasses import replace

from datarobot_provider.emulator.routes.custom_models import view_model
from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.store.state import CustomModel, Version
from datarobot_provider.emulator.web.routing import Call, Response, route


@route("POST", "/customModels/fromCustomModel/")
def copy_custom_model(call: Call) -> Response:
    """Copy a custom model with its versions and their files (POST /customModels/fromCustomModel/).

    What was made with a version stays with it: builds, tests, feature impact, conversions, guards, deployments.
    """
    source = call.state.model(call.body["customModelId"])
    moment = identity.now()
    # An id that its user provided is unique, so it cannot be copied.
    fields = {name: copy.deepcopy(value) for name, value in source.fields.items() if name != "userProvidedId"}
    model = CustomModel(identity.object_id(), fields, moment, moment, training=source.training)
    model.versions = [_copied(version, model.id) for version in source.versions]
    call.state.models[model.id] = model
    return Response(201, view_model(call, model))


def _copied(version: Version, model_id: str) -> Version:
    return replace(
        version,
        id=identity.object_id(),
        model_id=model_id,
        items=[replace(item, id=identity.object_id()) for item in version.items],
        settings=copy.deepcopy(version.settings),
        holdout=dict(version.holdout),
        build=None,
        feature_impact=None,
        conversions=[],
    )
