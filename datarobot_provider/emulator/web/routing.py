"""Registry of the routes, and the request and response types of their handlers.

To add a route, decorate a function ``(Call) -> Response`` with `route` in a module of the package ``routes``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from datarobot_provider.emulator.common.errors import ApiError, not_found
from datarobot_provider.emulator.openapi.contract import API

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile

    from datarobot_provider.emulator.store.entities import StatusRecord
    from datarobot_provider.emulator.store.state import State

Json = dict[str, Any]
#: The default page size.
PAGE = 1000


class Stream(NamedTuple):
    """A response body that is generated while it is sent: its size in bytes and its chunks."""

    size: int
    chunks: Iterator[bytes]


@dataclass
class Response:
    """The response of a handler.

    :param status: the HTTP status.
    :param body: the JSON body, or None for no body.
    :param headers: the headers.
    :param content: the encoded body, instead of a JSON body.
    :param stream: the streamed body, instead of a JSON body.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    stream: Stream | None = None


@dataclass
class Call:
    """An authenticated and validated request, the argument of a handler.

    :param state: the state of the emulator.
    :param origin: the root URL that the client uses.
    :param full_path: the path of the request.
    :param path: the path parameters.
    :param query: the declared query parameters, decoded.
    :param arguments: all query parameters, as they were sent.
    :param body: the JSON object, or the fields of the form.
    :param files: the uploaded files, in order.
    :param raw: the body of a request that contains CSV or JSON rows, undecoded.
    :param media_type: the media type of the body.
    """

    state: State
    origin: str
    full_path: str
    path: dict[str, str]
    query: Json
    arguments: list[tuple[str, str]]
    body: Json
    files: list[UploadFile]
    raw: bytes = b""
    media_type: str = ""

    def url(self, path: str) -> str:
        """Return the absolute URL of a path below the API root."""
        return f"{self.origin}{API}{path}"

    def argument(self, name: str) -> str | None:
        """Return the last value of a query parameter, which may be undeclared."""
        return dict(self.arguments).get(name)

    def list_argument(self, name: str) -> set[str]:
        """Return the values of a query parameter that may be repeated or contain comma-separated values."""
        return {value for key, text in self.arguments if key == name for value in text.split(",") if value}

    def now(self) -> float:
        """Return the monotonic time."""
        return self.state.now()

    def accepted(self, record: StatusRecord, body: Any = None) -> Response:
        """Return a 202 whose Location is a status record."""
        family = "/genai" if record.genai else ""
        return Response(202, body, {"Location": self.url(f"{family}/status/{record.id}/")})

    def page(
        self, rows: list[Any], serialize: Callable[[Any], Any], size: int = PAGE, *, total: bool = True
    ) -> Response:
        """Return one page of a list.

        :param rows: all rows.
        :param serialize: converts a row to its JSON object.
        :param size: the page size if the request does not set ``limit``.
        :param total: whether the response contains ``totalCount``.
        """
        offset, limit = self.query.get("offset") or 0, self.query.get("limit") or size
        page = rows[offset : offset + limit]
        body = {
            "count": len(page),
            "next": self._page_url(offset + limit, limit) if offset + limit < len(rows) else None,
            "previous": self._page_url(max(0, offset - limit), limit) if offset else None,
            "data": [serialize(row) for row in page],
        }
        if total:
            body["totalCount"] = len(rows)
        return Response(200, body)

    def _page_url(self, offset: int, limit: int) -> str:
        kept = [(k, v) for k, v in self.arguments if k not in {"offset", "limit"}]
        query = urlencode([*kept, ("offset", str(offset)), ("limit", str(limit))])
        return f"{self.origin}{self.full_path}?{query}"


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """A handler, its method and its path template below the API root."""

    method: str
    path: str
    handler: Handler
    pattern: re.Pattern[str]


ROUTES: list[Route] = []


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Register the decorated function as the handler of a route.

    :param method: the HTTP method.
    :param path: the path template below the API root.
    """
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, path, handler, pattern))
        # Fixed paths have precedence over templates: versions/fromRepository/ is not a version.
        ROUTES.sort(key=lambda registered: registered.path.count("{"))
        return handler

    return register


def find_route(method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """Return the route of a request and its path parameters.

    :raises ApiError: with status 404 or 405 if no route matches.
    """
    if not path.startswith(f"{API}/"):
        raise not_found()
    below = path.removeprefix(API)
    allowed: set[str] = set()
    for known in ROUTES:
        match = known.pattern.fullmatch(below)
        if match and known.method == method:
            return known, match.groupdict()
        if match:
            allowed.add(known.method)
    if allowed:
        raise ApiError(405, "Method Not Allowed", headers={"Allow": ", ".join(sorted(allowed))})
    raise not_found()
