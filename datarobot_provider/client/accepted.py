"""Responses with the status 202: DataRobot has accepted a job."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.endpoint import api_path
from datarobot_provider.client.routes import is_id
from datarobot_provider.exceptions import UntraceableJobError

if TYPE_CHECKING:
    from datarobot_provider.client.request import Response

_STATUS = re.compile(r"(?:genai/)?status/([^/?]+)/?$")


@dataclass(frozen=True)
class Accepted:
    """A job that the API has accepted.

    :param status_id: id of its status record.
    :param body: body of the response, ``{}`` if it was empty.
    """

    status_id: str
    body: dict[str, Any] = field(default_factory=dict)


def status_id_of(location: str) -> str | None:
    """Return the id of the status record that a URL leads to; ``None`` for any other URL."""
    match = _STATUS.search(api_path(location) or "")
    return match[1] if match else None


def accepted(response: Response) -> Accepted:
    """Read the id of the status record from a 202: from ``Location``, otherwise from ``statusId`` in the body.

    :param response: the response.
    :raises UntraceableJobError: if neither contains the id.
    """
    body = response.object() if response.body.strip() else {}
    status_id = status_id_of(response.location or "") or body.get("statusId")
    if not isinstance(status_id, str) or not is_id(status_id):
        raise UntraceableJobError(
            f"DataRobot accepted the request ({response.status}) but did not say where to follow it: no Location of a "
            "status record, no statusId. The job may be running; check in DataRobot before you start it again."
        )
    return Accepted(status_id, body)
