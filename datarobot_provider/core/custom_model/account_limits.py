"""What an account allows a custom model to use, checked before its files are uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.exceptions import ApiError, AuthenticationError, InputError, MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.client.client import DataRobotClient

_MEMORY = "maxCustomModelContainerSize"
#: Fields of a payload: what DataRobot calls their limit, what the argument is called, and its unit.
_LIMITED = {
    "maximumMemory": (_MEMORY, "maximum_memory", " bytes"),
    "desiredMemory": (_MEMORY, "desired_memory", " bytes"),
    "replicas": ("maxCustomModelReplicasPerDeployment", "replicas", ""),
}


def check_bundle(task: Any) -> None:
    """Refuse a resource bundle together with memory, which DataRobot would refuse after the upload.

    :param task: an operator with ``resource_bundle_id``, ``maximum_memory`` and ``desired_memory``.
    :raises InputError: naming the arguments.
    """
    memory = [name for name in ("maximum_memory", "desired_memory") if getattr(task, name) is not None]
    if task.resource_bundle_id is not None and memory:
        raise InputError(f"Give resource_bundle_id or {' and '.join(memory)}: a bundle has its own memory.")


def check_limits(client: DataRobotClient, payload: Mapping[str, Any]) -> None:
    """Refuse more memory or replicas than the account allows, before anything is uploaded.

    DataRobot is asked only if the payload names one of them: GET ``customModelLimits/``. What it does not tell is not
    checked here: an installation may set no limit, not have the route, or not show it to the user.

    :param client: the client that the upload will use.
    :param payload: the fields of the request in the API's names: ``maximumMemory`` and ``desiredMemory`` in bytes,
        ``replicas``; others are left alone.
    :raises InputError: naming the argument, its value and the limit.
    :raises AuthenticationError: if the token is refused; the upload would end the same, but later.
    :raises TransportError: if DataRobot cannot be reached.
    """
    asked = {field: payload[field] for field in _LIMITED if isinstance(payload.get(field), int)}
    if not asked:
        return
    try:
        limits = client.get("customModelLimits/")
    except AuthenticationError:
        raise
    except (ApiError, MalformedResponseError):
        # This look only saves an upload that would be refused; it must not prevent one that would be taken.
        return
    for field, value in asked.items():
        name, argument, unit = _LIMITED[field]
        limit = limits.get(name)
        if isinstance(limit, int) and value > limit:
            raise InputError(
                f"{argument} is {value:,}{unit}, but the account's limit is {limit:,}{unit} ({name}). Nothing was sent."
            )
