"""One request and one response, as plain values: what the senders take and give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.auth import without_secrets
from datarobot_provider.client.json_text import UnusableJsonError, parse
from datarobot_provider.exceptions import MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datarobot_provider.client.multipart import MultipartBody

REQUEST_ID_HEADERS = ("x-datarobot-request-id", "x-request-id")
_EXCERPT = 300
_LONGEST_NAME = 100
_PAGES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the API.

    :param method: HTTP method.
    :param path: path below ``/api/v2/``, trailing slash included.
    :param params: query parameters; values of ``None`` are left out.
    :param json: JSON body, in the API's own names.
    :param upload: makes a fresh multipart body for each try.
    :param private: values of the body that no error may show, even if the server echoes them.
    :param most_bytes: the largest body of a response, in bytes, unpacked; default ``None``: what any response may have.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    upload: Callable[[], MultipartBody] | None = None
    private: frozenset[str] = frozenset()
    most_bytes: int | None = None

    def query(self) -> dict[str, str | list[str]]:
        """Return the query parameters that are set, as strings, booleans in lower case; a list repeats its parameter.

        :raises InputError: naming the parameter that cannot be written.
        """
        if not self.params:
            return {}
        from datarobot_provider.client.json_values import query_values

        return query_values(self.params)


@dataclass(frozen=True, slots=True)
class Response:
    """What the API answered.

    :param status: HTTP status code.
    :param headers: header names in lower case.
    :param body: the whole body.
    :param repeated: whether the request had been sent before in vain and may have been handled then: its response was
        lost, or was a server error. A "not found" that answers a repeated DELETE may be the work of the first one.
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
        """The server's id of the request."""
        return next((self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers), None)

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Parse the body.

        NaN and infinity become ``None``, since neither an XCom nor a trigger event can hold them, and secret values
        become ``***``.

        :returns: the parsed value.
        :raises MalformedResponseError: if the body is not JSON, is nested too deeply, or names a field twice.
        """
        try:
            parsed = parse(self.body, unique=True)
        except UnusableJsonError as error:
            raise MalformedResponseError(f"The response ({self._described()}) cannot be used: {error}.") from None
        except ValueError:
            raise self.not_json() from None
        return without_secrets(parsed)

    def not_json(self) -> MalformedResponseError:
        """Build the error for a response that is something else than JSON."""
        excerpt = " ".join(self.text.split())[:_EXCERPT]
        return MalformedResponseError(
            f"The response ({self._described()}) is not JSON: {excerpt!r}. "
            "Is the connection's host a DataRobot endpoint, and is no proxy in between?"
        )

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people, which the API has none of: a proxy or a wrong host answered."""
        return bool(self.body.strip()) and self.headers.get("content-type", "").lower().startswith(_PAGES)

    def log_text(self) -> str:
        """Return a log, which comes as plain text or inside a JSON object.

        :returns: the text; for a binary log, a line that says so.
        """
        try:
            body = parse(self.body)
        except ValueError:
            body = None
        text = body.get("log") or body.get("data") or "" if isinstance(body, dict) else self.text
        text = text if isinstance(text, str) else str(text)
        return text if "\x00" not in text else f"(a binary log of {len(self.body)} bytes)"

    def _described(self) -> str:
        kind = self.headers.get("content-type", "no content type")[:_LONGEST_NAME]
        return f"{self.status}, {kind}, {len(self.body)} bytes"

    def object(self) -> dict[str, Any]:
        """Parse the body as one JSON object.

        :raises MalformedResponseError: if it is anything else.
        """
        parsed = self.json()
        if not isinstance(parsed, dict):
            raise MalformedResponseError(
                f"The response is a JSON {type(parsed).__name__} where an object was expected."
            )
        return parsed
