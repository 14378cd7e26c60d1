"""Middleware that reports every request in one line: method, path, status and duration."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from datarobot_provider.emulator.web.request_log import redacted_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from datarobot_provider.emulator.web.tokens import Tokens

# Other characters are percent-encoded, so that a path cannot contain a line break or control a terminal.
_PRINTED = "/:;=,@[]$!*'()+~"
_NO_RESPONSE = "aborted"


class RequestOutput:
    """Middleware that passes a line about each request to a function.

    The query is omitted, because it may contain a secret, such as the signature of a pre-signed URL.

    :param app: the application to serve.
    :param tokens: the tokens to redact in the path.
    :param write: called with each line.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, write: Callable[[str], None]) -> None:
        self._app, self._tokens, self._write = app, tokens, write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = _NO_RESPONSE
        started = time.perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        # The token that a request adds or removes is redacted, too.
        tokens = self._tokens.all
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000)
            path = quote(redacted_path(scope["path"], (*tokens, *self._tokens.all)), safe=_PRINTED, errors="replace")
            self._write(f"{scope['method']} {path} {status} {milliseconds} ms")
