"""Reader of request bodies that counts bytes and detects stalled uploads."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common.errors import ApiError

if TYPE_CHECKING:
    from starlette.types import Message, Receive

#: Longest time in seconds between two parts of a request body. After it, the response is 408. A slow upload that makes
#: progress is never aborted.
BODY_TIMEOUT = 60.0


class StalledBodyError(ApiError):
    """The rest of the request body does not arrive."""

    def __init__(self) -> None:
        text = f"No byte of the request body arrived for {BODY_TIMEOUT:g} seconds."
        super().__init__(HTTPStatus.REQUEST_TIMEOUT, text, headers={"Connection": "close"})


class BodyReader:
    """An ASGI ``receive`` that counts the bytes of the request body and limits the time between two parts of it.

    :param receive: the ``receive`` of the server.
    :raises StalledBodyError: from each call, if no byte arrives within `BODY_TIMEOUT`.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.count = 0
        self.done = False

    async def __call__(self) -> Message:
        """Return the next ASGI message."""
        message = await self._next()
        if message["type"] == "http.request":
            self.count += len(message.get("body", b""))
            self.done = not message.get("more_body", False)
        else:
            self.done = True
        return message

    async def _next(self) -> Message:
        if self.done:
            return await self._receive()
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                return await self._receive()
        except TimeoutError:
            self.done = True
            raise StalledBodyError from None

    async def drain(self) -> None:
        """Read and discard the rest of the body."""
        while not self.done:
            await self()
