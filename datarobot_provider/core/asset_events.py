"""Asset events of tasks that create a version of a custom model."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from datarobot_provider.assets.datarobot import create_asset
from datarobot_provider.client.routes import VERSION, VERSION_RESOURCE, route
from datarobot_provider.exceptions import DataRobotError
from datarobot_provider.version_compat import Asset, AssetAlias

if TYPE_CHECKING:
    from datarobot_provider.core.base_operator import DataRobotBaseOperator
    from datarobot_provider.version_compat import Context

_IDS = ("custom_model_id", "custom_model_version_id")


def emit_version_events(task: DataRobotBaseOperator, context: Context) -> None:
    """Add the new version to the events of the task's outlets.

    An :class:`AssetAlias` receives an event of the asset of the custom model. The event of an :class:`Asset` receives
    the same extra; fields that are already set keep their values.

    :param task: the operator. Nothing happens if it has created no version.
    :param context: the context of the task.
    """
    if VERSION_RESOURCE not in task.creates or not set(_IDS) <= set(task.known_ids):
        return
    extra = _extra(task)
    asset = create_asset(custom_model_id=extra["custom_model_id"], datarobot_conn_id=task.datarobot_conn_id)
    for outlet in task.outlets:
        if isinstance(outlet, AssetAlias):
            context["outlet_events"][outlet].add(asset, extra=extra)
        elif isinstance(outlet, Asset):
            event = context["outlet_events"][outlet]
            event.extra = {**extra, **event.extra}


def _extra(task: DataRobotBaseOperator) -> dict[str, Any]:
    """Return the ids of the version, and its label unless the version cannot be read."""
    ids = {name: task.known_ids[name] for name in _IDS}
    # The version exists, so the task must not fail.
    with suppress(DataRobotError):
        return {**ids, "label": task.hook.client.get(route(VERSION, **ids)).get("label")}
    return ids
