"""Protocols of the transports and of the destination of a download."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    import requests

    from datarobot_provider.client.request import Request, Response


class SyncSender(Protocol):
    """Synchronous transport."""

    def send(self, request: Request) -> Response:
        """Send ``request`` and return the response."""

    def stream(self, request: Request, headers: Mapping[str, str]) -> AbstractContextManager[requests.Response]:
        """Send ``request`` and return the response before its body is read."""

    def stream_url(
        self, request: Request, url: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[requests.Response]:
        """Send a GET request to ``url``, on another host, without the API token."""

    def close(self) -> None:
        """Close the pooled connections."""


class AsyncSender(Protocol):
    """Asynchronous transport. It never blocks the event loop."""

    async def send(self, request: Request) -> Response:
        """Send ``request`` and return the response."""

    async def close(self) -> None:
        """Close the pooled connections."""


class Sink(Protocol):
    """Destination of a download. The file gets its final name only when it is complete."""

    def open(self) -> BinaryIO:
        """Open the temporary file for writing."""

    def commit(self) -> str:
        """Rename the temporary file to its final name and return that name."""

    def discard(self) -> None:
        """Remove the temporary file."""
