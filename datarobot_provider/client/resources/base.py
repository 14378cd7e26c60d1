"""What every resource is built on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.endpoint import api_path
from datarobot_provider.client.request import is_id
from datarobot_provider.exceptions import UntraceableJobError

if TYPE_CHECKING:
    from collections.abc import Callable

    from datarobot_provider.client.request import Request, Response

Rows = list[dict[str, Any]]

_STATUS = re.compile(r"(?:genai/)?status/([^/?]+)/?$")


class Resource:
    """One noun of the API.

    :param send: sends a request and raises for an error response.
    """

    def __init__(self, send: Callable[[Request], Response]) -> None:
        self._send = send


@dataclass(frozen=True)
class Accepted:
    """A job that the API took on (202).

    :param status_id: id of its status record.
    :param body: the response's body, ``{}`` if it had none.
    """

    status_id: str
    body: dict[str, Any] = field(default_factory=dict)


def status_id_of(location: str) -> str | None:
    """Return the status id that a URL of a status record ends in, or ``None``."""
    match = _STATUS.search(api_path(location) or "")
    return match[1] if match else None


def accepted(response: Response) -> Accepted:
    """Read a 202: the ``Location`` first, ``statusId`` in the body where there is none.

    :raises UntraceableJobError: if neither names the status record.
    """
    body = response.object() if response.body.strip() else {}
    status_id = status_id_of(response.location or "") or body.get("statusId")
    if not isinstance(status_id, str) or not is_id(status_id):
        raise UntraceableJobError(
            f"DataRobot accepted the request ({response.status}) but did not say where to follow it: no Location of a "
            "status record, no statusId. The job may be running; look in DataRobot before you start it again."
        )
    return Accepted(status_id, body)
