"""Checks of the resource limits of the DataRobot account, before the files of a model are uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.exceptions import ApiError, AuthenticationError, InputError, MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.client.client import DataRobotClient

_MEMORY = "maxCustomModelContainerSize"
#: Payload field: DataRobot's name of its limit, the name of the argument, and the unit.
_LIMITS = {
    "maximumMemory": (_MEMORY, "maximum_memory", " bytes"),
    "desiredMemory": (_MEMORY, "desired_memory", " bytes"),
    "replicas": ("maxCustomModelReplicasPerDeployment", "replicas", ""),
}


def check_bundle(task: Any) -> None:
    """Refuse a resource bundle combined with memory settings. DataRobot would refuse them, but only after the upload.

    :param task: an operator with ``resource_bundle_id``, ``maximum_memory`` and ``desired_memory``.
    :raises InputError: naming the arguments.
    """
    memory = [name for name in ("maximum_memory", "desired_memory") if getattr(task, name) is not None]
    if task.resource_bundle_id is not None and memory:
        raise InputError(
            f"Pass either resource_bundle_id or {' and '.join(memory)}: a resource bundle defines its own memory."
        )


def check_limits(client: DataRobotClient, payload: Mapping[str, Any]) -> None:
    """Refuse more memory or replicas than the account allows, before anything is uploaded.

    The limits are requested (GET ``customModelLimits/``) only if the payload contains a limited field. An installation
    may have no limits, lack this route or refuse access to it; the check is skipped in these cases.

    :param client: the client that the upload will use.
    :param payload: the payload of the request: ``maximumMemory`` and ``desiredMemory`` in bytes, ``replicas``; other
        fields are ignored.
    :raises InputError: naming the argument, its value and the limit.
    :raises AuthenticationError: if the token is refused.
    :raises TransportError: if DataRobot cannot be reached.
    """
    requested = {field: payload[field] for field in _LIMITS if isinstance(payload.get(field), int)}
    if not requested:
        return
    try:
        limits = client.get("customModelLimits/")
    except AuthenticationError:
        raise
    except (ApiError, MalformedResponseError):
        # The check only saves an upload that would be refused. It must not prevent an upload that would be accepted.
        return
    for field, value in requested.items():
        name, argument, unit = _LIMITS[field]
        limit = limits.get(name)
        if isinstance(limit, int) and value > limit:
            raise InputError(
                f"{argument} is {value:,}{unit}, but the limit of the account is {limit:,}{unit} ({name}). "
                "Nothing was sent."
            )
