"""Request and response."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.auth import redact_secrets
from datarobot_provider.client.json_text import UnusableJsonError, parse
from datarobot_provider.exceptions import MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datarobot_provider.client.multipart import MultipartBody

REQUEST_ID_HEADERS = ("x-datarobot-request-id", "x-request-id")
_EXCERPT = 300
_LONGEST_NAME = 100
_HTML = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Request:
    """Request to the API.

    :param method: HTTP method.
    :param path: path below ``/api/v2/``, with the trailing slash.
    :param params: query parameters; those with the value ``None`` are not sent.
    :param json: JSON body, with the field names of the API.
    :param upload: returns a new multipart body for each attempt.
    :param secret_values: values of the body that are redacted in errors, in case the server echoes them.
    :param max_bytes: maximum size of the decompressed body of the response, in bytes; ``None`` (the default) for the
        general limit.
    :param lists_jobs: whether it polls many jobs at once. It is sent before other polls, and only once.
    :param is_limited: whether the triggerer's limit of polls applies to it, default ``True``.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    upload: Callable[[], MultipartBody] | None = None
    secret_values: frozenset[str] = frozenset()
    max_bytes: int | None = None
    lists_jobs: bool = False
    is_limited: bool = True

    def query(self) -> dict[str, str | list[str]]:
        """Return the query parameters as strings. ``None`` is not sent, a list repeats its parameter.

        :raises InputError: if a parameter cannot be serialized.
        """
        if not self.params:
            return {}
        from datarobot_provider.client.json_values import query_values

        return query_values(self.params)


@dataclass(frozen=True, slots=True)
class Response:
    """Response of the API.

    :param status: HTTP status code.
    :param headers: headers, with names in lower case.
    :param body: the complete body.
    :param repeated: whether an earlier attempt of the request may have been processed: its response was lost, or was a
        server error. A 404 for a repeated DELETE can mean that the first attempt deleted the object.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    repeated: bool = False

    @property
    def location(self) -> str | None:
        """The ``Location`` header."""
        return self.headers.get("location")

    @property
    def request_id(self) -> str | None:
        """The id that the server gave to the request."""
        return next((self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers), None)

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Parse the body.

        NaN and infinity are replaced by ``None``, because neither an XCom nor a trigger event can contain them. Secret
        values are replaced by ``***``.

        :returns: the parsed value.
        :raises MalformedResponseError: if the body is not JSON, is nested too deeply, or repeats a field.
        """
        try:
            parsed = parse(self.body, unique=True)
        except UnusableJsonError as error:
            raise MalformedResponseError(f"The response ({self._summary()}) cannot be used: {error}.") from None
        except ValueError:
            raise self.not_json_error() from None
        return redact_secrets(parsed)

    def page(self) -> dict[str, Any]:
        """Parse the body as a page of a list of jobs, which can be large.

        Its entries are not checked and not searched for secrets: that is done when one of them is used.

        :raises MalformedResponseError: if it is not a JSON object.
        """
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            raise self.not_json_error() from None
        if not isinstance(parsed, dict):
            raise MalformedResponseError(f"The list ({self._summary()}) is a JSON {type(parsed).__name__}.")
        return parsed

    def not_json_error(self) -> MalformedResponseError:
        """Build the error for a response that is not JSON."""
        excerpt = " ".join(self.text.split())[:_EXCERPT]
        return MalformedResponseError(
            f"The response ({self._summary()}) is not JSON: {excerpt!r}. "
            "It probably comes from a proxy or another server. Check the host of the Airflow connection, and any proxy."
        )

    @property
    def is_html(self) -> bool:
        """Whether the body is an HTML page. The API never sends one, so it comes from a proxy or another server."""
        return bool(self.body.strip()) and self.headers.get("content-type", "").lower().startswith(_HTML)

    def log_text(self) -> str:
        """Return the text of a log. The API sends it as plain text or in a JSON object.

        :returns: the text; for a binary log, a line with its size.
        """
        try:
            body = parse(self.body)
        except ValueError:
            body = None
        text = body.get("log") or body.get("data") or "" if isinstance(body, dict) else self.text
        text = text if isinstance(text, str) else str(text)
        return text if "\x00" not in text else f"(a binary log of {len(self.body)} bytes)"

    def _summary(self) -> str:
        kind = self.headers.get("content-type", "no content type")[:_LONGEST_NAME]
        return f"{self.status}, {kind}, {len(self.body)} bytes"

    def object(self) -> dict[str, Any]:
        """Parse the body as a JSON object.

        :raises MalformedResponseError: if it is not a JSON object.
        """
        parsed = self.json()
        if not isinstance(parsed, dict):
            raise MalformedResponseError(
                f"The response ({self._summary()}) is a JSON {type(parsed).__name__} instead of an object."
            )
        return parsed
