"""One request and one reply, as plain values: what the senders take and give."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datarobot_provider.client.auth import without_secrets
from datarobot_provider.exceptions import InputError, MalformedReplyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datarobot_provider.client.multipart import UploadBody

REQUEST_ID_HEADERS = ("x-datarobot-request-id", "x-request-id")
_EXCERPT = 300


def route(template: str, **ids: object) -> str:
    """Fill the ids into the path of an operation.

    :param template: a path below ``/api/v2/`` such as ``customModels/{custom_model_id}/``.
    :param ids: one value for each placeholder.
    :returns: the path, every id escaped, so that no id can reach another route.
    :raises InputError: if an id is empty, ``None``, or a dot segment.
    """
    for name, value in ids.items():
        if value is None or str(value).strip() in ("", ".", "..", "None"):
            raise InputError(f"{name} is {value!r}, which cannot be an id.")
    return template.format(**{name: quote(str(value), safe="") for name, value in ids.items()})


@dataclass(frozen=True)
class Request:
    """What is asked of the API.

    :param method: HTTP method.
    :param path: path below ``/api/v2/``, trailing slash included.
    :param params: query parameters; values of ``None`` are left out.
    :param json: JSON body, in the API's own names.
    :param upload: makes a fresh multipart body for each try.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    upload: Callable[[], UploadBody] | None = None

    def query(self) -> dict[str, str]:
        """Return the query parameters that are set, as text, booleans in lower case."""
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in self.params.items()
            if value is not None
        }


@dataclass(frozen=True)
class Reply:
    """What the API answered.

    :param status: HTTP status code.
    :param headers: header names in lower case.
    :param body: the whole body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def location(self) -> str | None:
        """The ``Location`` header."""
        return self.headers.get("location")

    @property
    def request_id(self) -> str | None:
        """The server's id of the request."""
        return next((self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers), None)

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Parse the body.

        This is the one place where JSON enters: NaN and infinity become ``None``, since neither an XCom nor a
        trigger event can hold them, and secret values become ``***``.

        :returns: the parsed value.
        :raises MalformedReplyError: if the body is not JSON.
        """
        try:
            parsed = json.loads(self.body, parse_constant=lambda _: None, parse_float=_finite)
        except ValueError:
            excerpt = " ".join(self.text.split())[:_EXCERPT]
            kind = self.headers.get("content-type", "no content type")
            raise MalformedReplyError(
                f"The reply ({self.status}, {kind}, {len(self.body)} bytes) is not JSON: {excerpt!r}. "
                "Is the connection's host a DataRobot endpoint, and is no proxy in between?"
            ) from None
        return without_secrets(parsed)

    def log_text(self) -> str:
        """Return a log, which comes as plain text or inside a JSON object.

        :returns: the text; for a binary log, a line that says so.
        """
        try:
            body = json.loads(self.body)
        except ValueError:
            body = None
        text = body.get("log") or body.get("data") or "" if isinstance(body, dict) else self.text
        return text if "\x00" not in text else f"(a binary log of {len(self.body)} bytes)"

    def object(self) -> dict[str, Any]:
        """Parse the body as one JSON object.

        :raises MalformedReplyError: if it is anything else.
        """
        parsed = self.json()
        if not isinstance(parsed, dict):
            raise MalformedReplyError(f"The reply is a JSON {type(parsed).__name__} where an object was expected.")
        return parsed


def required(reply: Mapping[str, Any], name: str) -> str:
    """Return the text field ``name`` of an API object.

    :raises MalformedReplyError: if the server left it out.
    """
    value = reply.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedReplyError(f"The reply has no {name!r}; it holds {sorted(reply)}.")
    return value


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
