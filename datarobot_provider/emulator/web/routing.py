"""Routes: a handler is announced with its method and path, and found again by them.

Adding a route is writing a function ``(Call) -> Response`` under `route` in a module of `routes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from datarobot_provider.emulator.openapi.contract import API
from datarobot_provider.emulator.web.errors import ApiError, not_found

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile

    from datarobot_provider.emulator.store.state import State, StatusRecord

Json = dict[str, Any]
#: The size of a page if neither the client nor the route says another one.
PAGE = 1000


class Stream(NamedTuple):
    """A body that is made while it is sent: its length and its pieces."""

    size: int
    pieces: Iterator[bytes]


@dataclass
class Response:
    """What a handler answers: a status, a JSON body (None for no body), ready `content` or a `stream`, and headers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    stream: Stream | None = None


@dataclass
class Call:
    """A request that has been admitted and validated, as handlers see it.

    `query` holds the declared parameters, decoded; `arguments` all parameters as they came; `body` the JSON object or
    the form's fields; `files` the uploaded files in order.
    """

    state: State
    origin: str
    full_path: str
    path: dict[str, str]
    query: Json
    arguments: list[tuple[str, str]]
    body: Json
    files: list[UploadFile]

    def url(self, path: str) -> str:
        """Return the absolute address of a path below the API root."""
        return f"{self.origin}{API}{path}"

    def argument(self, name: str) -> str | None:
        """Return the last value of a query parameter, declared or not."""
        return dict(self.arguments).get(name)

    def listed(self, name: str) -> set[str]:
        """Return the values of a query parameter that may be repeated or hold a list with commas."""
        return {value for key, text in self.arguments if key == name for value in text.split(",") if value}

    def now(self) -> float:
        """Return the monotonic time."""
        return self.state.now()

    def accepted(self, record: StatusRecord, body: Any = None) -> Response:
        """Return the 202 that points to a status record."""
        family = "/genai" if record.genai else ""
        return Response(202, body, {"Location": self.url(f"{family}/status/{record.id}/")})

    def page(self, rows: list[Any], view: Callable[[Any], Any], size: int = PAGE, *, total: bool = True) -> Response:
        """Return one page of `rows`, each shown by `view`.

        `size` is the page size if none is asked for; `total` says whether the number of all rows is told.
        """
        offset, limit = self.query.get("offset") or 0, self.query.get("limit") or size
        shown = rows[offset : offset + limit]
        body = {
            "count": len(shown),
            "next": self._page_url(offset + limit, limit) if offset + limit < len(rows) else None,
            "previous": self._page_url(max(0, offset - limit), limit) if offset else None,
            "data": [view(row) for row in shown],
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
    """A handler with its method and its path template below the API root."""

    method: str
    path: str
    handler: Handler
    pattern: re.Pattern[str]


ROUTES: list[Route] = []


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Announce the decorated function as the handler of `method` on `path` (a template below the API root)."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def announce(handler: Handler) -> Handler:
        ROUTES.append(Route(method, path, handler, pattern))
        # Fixed paths are tried before those with placeholders: versions/fromRepository/ is not a version.
        ROUTES.sort(key=lambda known: known.path.count("{"))
        return handler

    return announce


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """Return the route for a full path and its path parameters, or raise 404 or 405."""
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
