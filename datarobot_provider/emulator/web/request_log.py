"""Logs of the requests to the API and to the object storage, without tokens.

A token is redacted where it is a complete value: a segment of the path or a parameter in a segment, a value of the
query, a word of a header. A match inside a longer word is not redacted, so that a short token does not make the paths
unreadable.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_plus

from datarobot_provider.emulator.common import identifiers, timestamps

if TYPE_CHECKING:
    from starlette.requests import Request

_CAPACITY = 200_000
_REDACTED = "[hidden]"
# The separators of path segments and of the parameters in a segment (RFC 3986).
_PATH_SEPARATORS = "/;=,"
# The separators of words in a header or in a query value.
_SEPARATORS = r"\s/;,=&()\[\]{}<>\"':"


@dataclass
class RequestRecord:
    """A request to the API and its result. ``status`` is None if no response was sent."""

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

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of the control API."""
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
    """The requests to the API, oldest first."""

    def __init__(self) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=_CAPACITY)
        self._count = 0

    def add(self, request: Request, authorization: str, tokens: tuple[str, ...]) -> RequestRecord:
        """Add a request when it arrives.

        :param request: the request.
        :param authorization: whether its token is valid, wrong or absent.
        :param tokens: the tokens to redact.
        """
        self._count += 1
        record = RequestRecord(
            n=self._count,
            time=timestamps.iso_format(timestamps.now()),
            method=request.method,
            path=redacted_path(request.scope["path"], tokens),
            query=_redact_query(request.scope["query_string"].decode("latin-1"), tokens),
            request_id=identifiers.status_id(),
            authorization=authorization,
            user_agent=_redact(request.headers.get("user-agent", ""), tokens),
            content_type=_redact(request.headers.get("content-type", ""), tokens),
        )
        self._records.append(record)
        return record

    def select(self, method: str | None, path: str | None) -> list[dict[str, Any]]:
        """Return the records that match.

        :param method: the method, or None for all.
        :param path: a regular expression to search for in the path, or None for all.
        """
        return [
            e.to_json()
            for e in self._records
            if (not method or e.method == method.upper()) and (not path or re.search(path, e.path))
        ]

    def clear(self) -> None:
        """Remove all records. The numbering continues."""
        self._records.clear()


@dataclass
class StorageRequestRecord:
    """A request to the object storage. The query is not recorded, because it authorizes the request."""

    method: str
    path: str
    authorization: str
    range: str | None
    status: int | None = None


class StorageRequestLog:
    """The requests to the object storage, oldest first."""

    def __init__(self) -> None:
        self._records: deque[StorageRequestRecord] = deque(maxlen=_CAPACITY)

    def add(self, request: Request, tokens: tuple[str, ...]) -> StorageRequestRecord:
        """Add a request when it arrives. Only the presence of an Authorization header is recorded."""
        range_header = request.headers.get("range")
        record = StorageRequestRecord(
            method=request.method,
            path=redacted_path(request.scope["path"], tokens),
            authorization="present" if "authorization" in request.headers else "absent",
            range=None if range_header is None else _redact(range_header, tokens),
        )
        self._records.append(record)
        return record

    def to_json(self) -> list[dict[str, Any]]:
        """Return the JSON objects of the control API."""
        return [asdict(record) for record in self._records]

    def clear(self) -> None:
        """Remove all records."""
        self._records.clear()


def redacted_path(path: str, tokens: tuple[str, ...]) -> str:
    """Return a path without the tokens that are a complete segment, or a complete parameter in a segment.

    :param path: the decoded path.
    :param tokens: the tokens to redact.
    """
    return _redact(path, tokens, _PATH_SEPARATORS)


def _redact(text: str, tokens: tuple[str, ...], separators: str = _SEPARATORS) -> str:
    """Redact the tokens that are whole words of a string.

    :param separators: the characters that separate words, as the content of a regular expression set.
    """
    for token in tokens:
        text = re.sub(rf"(?<![^{separators}]){re.escape(token)}(?![^{separators}])", _REDACTED, text)
    return text


def _redact_query(query: str, tokens: tuple[str, ...]) -> str:
    return "&".join("=".join(_redact_part(part, tokens) for part in pair.split("=", 1)) for pair in query.split("&"))


def _redact_part(part: str, tokens: tuple[str, ...]) -> str:
    """Redact the tokens in a name or a value of a query, in any quoting. Return it unchanged if it contains none."""
    plain = unquote_plus(part)
    safe = _redact(plain, tokens)
    return part if safe == plain else quote(safe, safe="[]")
