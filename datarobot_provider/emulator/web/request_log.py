"""The record of all API requests, for tests to look at. A token never enters it.

A token is concealed where it is a whole value: a segment of the path or a parameter in one, a value of the query, a
word of a header. A part of a longer word is left alone, so that no path becomes unreadable because a token looks like a
piece of it.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_plus

from datarobot_provider.emulator.store import identity

if TYPE_CHECKING:
    from starlette.requests import Request

_KEPT = 200_000
_HIDDEN = "[hidden]"
# What parts the segments of a path, and the parameters within one (RFC 3986).
_OF_PATHS = "/;=,"
# What parts the words of a header or of a query's value.
_SEPARATORS = r"\s/;,=&()\[\]{}<>\"':"


@dataclass
class Exchange:
    """One request and what became of it. `status` stays None when no response was given."""

    n: int
    time: str
    method: str
    path: str
    query: str
    request_id: str
    authorization: str
    user_agent: str
    content_type: str
    status: int | None = None
    body_bytes: int = 0
    violations: list[str] = field(default_factory=list)

    def view(self) -> dict[str, Any]:
        """Return the record as the control API lists it."""
        return {
            "n": self.n,
            "time": self.time,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "requestId": self.request_id,
            "authorization": self.authorization,
            "userAgent": self.user_agent,
            "contentType": self.content_type,
            "bodyBytes": self.body_bytes,
            "violations": self.violations,
        }


class RequestLog:
    """The exchanges so far, oldest first."""

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=_KEPT)
        self._count = 0

    def open(self, request: Request, authorization: str, hide: tuple[str, ...]) -> Exchange:
        """Record a request as it arrives, with every token in `hide` concealed."""
        self._count += 1
        exchange = Exchange(
            n=self._count,
            time=identity.timestamp(identity.now()),
            method=request.method,
            path=_conceal(request.scope["path"], hide, _OF_PATHS),
            query=_conceal_query(request.scope["query_string"].decode("latin-1"), hide),
            request_id=identity.status_id(),
            authorization=authorization,
            user_agent=_conceal(request.headers.get("user-agent", ""), hide),
            content_type=_conceal(request.headers.get("content-type", ""), hide),
        )
        self._exchanges.append(exchange)
        return exchange

    def select(self, method: str | None, path: str | None) -> list[dict[str, Any]]:
        """Return the records with this method and with a path in which the pattern `path` is found."""
        return [
            e.view()
            for e in self._exchanges
            if (not method or e.method == method.upper()) and (not path or re.search(path, e.path))
        ]

    def clear(self) -> None:
        """Forget all records; the numbering goes on."""
        self._exchanges.clear()


@dataclass
class ForeignExchange:
    """One request to the storage behind pre-signed addresses. The query, which is a key, is not kept."""

    method: str
    path: str
    authorization: str
    range: str | None
    status: int | None = None


class ForeignLog:
    """The requests to the storage, oldest first."""

    def __init__(self) -> None:
        self._exchanges: deque[ForeignExchange] = deque(maxlen=_KEPT)

    def open(self, request: Request, hide: tuple[str, ...]) -> ForeignExchange:
        """Record a request as it arrives: of its Authorization header no more than whether there is one."""
        asked = request.headers.get("range")
        exchange = ForeignExchange(
            method=request.method,
            path=_conceal(request.scope["path"], hide, _OF_PATHS),
            authorization="present" if "authorization" in request.headers else "absent",
            range=None if asked is None else _conceal(asked, hide),
        )
        self._exchanges.append(exchange)
        return exchange

    def views(self) -> list[dict[str, Any]]:
        """Return the records as the control API lists them."""
        return [asdict(exchange) for exchange in self._exchanges]

    def clear(self) -> None:
        """Forget all records."""
        self._exchanges.clear()


def _conceal(text: str, tokens: tuple[str, ...], separators: str = _SEPARATORS) -> str:
    """Return `text` with the tokens blotted out that stand in it as whole words between `separators`."""
    for token in tokens:
        text = re.sub(rf"(?<![^{separators}]){re.escape(token)}(?![^{separators}])", _HIDDEN, text)
    return text


def _conceal_query(query: str, tokens: tuple[str, ...]) -> str:
    return "&".join("=".join(_conceal_part(part, tokens) for part in pair.split("=", 1)) for pair in query.split("&"))


def _conceal_part(part: str, tokens: tuple[str, ...]) -> str:
    """Conceal the tokens in a name or a value of a query, however it is quoted; what holds none stays as it came."""
    plain = unquote_plus(part)
    safe = _conceal(plain, tokens)
    return part if safe == plain else quote(safe, safe="[]")
