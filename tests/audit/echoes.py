"""Error responses that echo the whole request."""

from __future__ import annotations

import base64
import html
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.support.proxy import JSON, Received, Response

if TYPE_CHECKING:
    from collections.abc import Callable


def _as_json(body: Any, **escape: bool) -> bytes:
    text = json.dumps(body)
    return (text.replace("/", "\\/") if escape.get("slashes") else text).encode()


def _in_codes(received: Received) -> bytes:
    """Return a request in base64 (three alignments), URL-quoted and in hexadecimal."""
    raw = received.raw()
    codes = [base64.b64encode(b" " * n + raw).decode() for n in range(3)]
    codes += [base64.urlsafe_b64encode(raw).decode(), quote(raw, safe=""), raw.hex(), raw.hex().upper()]
    return "\n".join(codes).encode()


#: Functions that return the headers and the body of a response to a request.
ECHOES: dict[str, Callable[[Received], tuple[dict[str, str], bytes]]] = {
    "message": lambda r: (JSON, _as_json({"message": f"rejected: {r.text()}"})),
    "message, slashes escaped": lambda r: (JSON, _as_json({"message": f"rejected: {r.text()}"}, slashes=True)),
    "end of the body": lambda r: (JSON, _as_json({"message": r.text()[-900:]})),
    "field errors": lambda r: (JSON, _as_json({"message": "no", "errors": {"body": r.text(), "more": [r.text()]}})),
    "details": lambda r: (JSON, _as_json({"detail": [{"loc": ["body", "x"], "msg": r.text(), "input": r.text()}]})),
    "nested JSON": lambda r: (JSON, _as_json({"message": json.dumps(json.dumps(r.text()))})),
    "page": lambda r: ({"Content-Type": "text/html"}, f"<pre>{html.escape(r.text())}</pre>".encode()),
    "text": lambda r: ({"Content-Type": "text/plain"}, r.raw()),
    "text, body first": lambda r: ({"Content-Type": "text/plain"}, r.body + r.raw()),
    "codes": lambda r: ({"Content-Type": "text/plain"}, _in_codes(r)),
    "codes in a message": lambda r: (JSON, _as_json({"message": _in_codes(r).decode()})),
    "names of fields": lambda r: (
        JSON,
        _as_json({"message": "no", "errors": {r.text(): "unknown", "a": {r.text(): 1}}}),
    ),
    "request id": lambda r: (
        {**JSON, "X-Request-Id": r.headers.get("Authorization", "none") + quote(r.body.decode("utf-8", "replace"))},
        b'{"message": "no"}',
    ),
}


def echo(style: str, status: int) -> Callable[[Received], Response]:
    """Return a function that responds with this status and echoes the request."""

    def respond(received: Received) -> Response:
        headers, body = ECHOES[style](received)
        return Response(status, headers, body)

    return respond
