"""The body of a response: unpacked in small steps and never larger than its limit, for both senders alike."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from datarobot_provider.exceptions import MalformedResponseError, ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from zlib import _Decompress

    from datarobot_provider.client.request import Request

#: What the senders ask for: what the standard library unpacks in pieces.
ACCEPT_ENCODING = "gzip, deflate"
#: The largest body of a JSON response or a log, in bytes, unpacked. Files are downloaded piece by piece instead.
MAX_BYTES = 32 * 1024 * 1024
#: What is read of an error or a redirect, whose body says why in its first lines.
MAX_ERROR_BYTES = 1024 * 1024
#: Unpacked at once, in bytes: about a millisecond, in which nothing else goes on in an event loop.
STEP = 256 * 1024
#: Unpacked in one go, in bytes as they came over the wire: they may hold hundreds of empty members.
_SLICE = 16 * 1024
#: Of a length with more digits, its first ones are large enough.
_MAX_DIGITS = 18
_FIRST_REDIRECT = 300
_GZIP, _ZLIB, _RAW = 31, 15, -15
_MAGIC = b"\x1f\x8b"
_ZLIB_METHOD, _ZLIB_CHECK = 8, 31


class UnreadableBodyError(ValueError):
    """A body is not what its ``Content-Encoding`` says, or ends too early."""


class Body:
    """Collects the body of one response.

    :param request: what was asked, for errors.
    :param status: HTTP status code. From 300 on the body is cut at ``MAX_ERROR_BYTES`` instead of being refused.
    :param headers: names in lower case.
    :raises ResponseTooLargeError: if the announced length is beyond the limit.
    :raises MalformedResponseError: if it is packed in a way that was not asked for.
    """

    def __init__(self, request: Request, status: int, headers: Mapping[str, str]) -> None:
        self._request = request
        self._cut = status >= _FIRST_REDIRECT
        self._most = MAX_ERROR_BYTES if self._cut else request.max_bytes or MAX_BYTES
        self._bytes = bytearray()
        self._received = 0
        if not self._cut and (content_length(headers.get("content-length")) or 0) > self._most:
            raise self._too_large()
        self._inflater: Decompressor | None = None
        try:
            self._inflater = decompressor(headers.get("content-encoding"))
        except MalformedResponseError:
            # The status of an error counts for more than what stands in its body.
            if not self._cut:
                raise
            self._most = 0

    @property
    def is_full(self) -> bool:
        """Whether the rest of the body is not needed."""
        return self._cut and max(len(self._bytes), self._received) >= self._most

    def take(self, piece: bytes) -> Iterator[None]:
        """Add a piece as it came over the wire; gives control back after each step that was unpacked.

        :raises ResponseTooLargeError: if the body is beyond the limit, packed or unpacked.
        :raises UnreadableBodyError: if it cannot be unpacked.
        """
        self._received += len(piece)
        # What is packed is hardly ever larger than what it becomes.
        if self._received > self._most + STEP and not self._cut:
            raise self._too_large()
        try:
            for part in self._parts(piece):
                if part is None:
                    yield
                    continue
                self._bytes += part[: self._most - len(self._bytes)] if self._cut else part
                if len(self._bytes) > self._most:
                    raise self._too_large()
                if self.is_full:
                    return
        except UnreadableBodyError:
            if not self._cut:
                raise

    def _parts(self, piece: bytes) -> Iterator[bytes | None]:
        """Yield what a piece holds, and ``None`` after each step."""
        if self._inflater is None:
            yield piece
            return
        for start in range(0, len(piece), _SLICE):
            if start:
                yield None
            for part in self._inflater.unpack(piece[start : start + _SLICE]):
                yield part
                if len(part) == STEP:
                    yield None

    def finish(self) -> bytes:
        """Return the whole body.

        :raises UnreadableBodyError: if its end is missing.
        """
        if self._inflater and not self._cut:
            self._bytes += self._inflater.finish()
        return bytes(self._bytes)

    def _too_large(self) -> ResponseTooLargeError:
        return ResponseTooLargeError(
            f"The response to {self._request.method} {self._request.path} has more than {self._most:,} bytes, which no "
            "JSON and no log of DataRobot has. Check the connection's host, and any proxy in between."
        )


def content_length(length: str | None) -> int | None:
    """Return what a ``Content-Length`` says, in bytes; ``None`` without a usable one."""
    text = (length or "").strip()
    return int(text.lstrip("0")[:_MAX_DIGITS] or 0) if text.isdecimal() else None


class Decompressor:
    """Unpacks ``gzip`` and ``deflate`` in steps, however much a few bytes are packed from.

    :param encoding: ``gzip`` or ``deflate``.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._head = b""
        self._zlib: _Decompress | None = None
        self._is_whole = False
        self._is_over = False

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """Yield what ``packed`` holds, at most ``STEP`` bytes at once.

        :raises UnreadableBodyError: if it is not what it should be.
        """
        while packed and not self._is_over:
            if self._zlib is None:
                packed = self._head = self._head + packed
                if len(packed) < len(_MAGIC):
                    return
                # A gzip body may have several members; anything else behind them is padding.
                if self._is_whole and not packed.startswith(_MAGIC):
                    self._is_over = True
                    return
                self._zlib, self._head = zlib.decompressobj(self._window(packed)), b""
            try:
                part = self._zlib.decompress(packed, STEP)
            except zlib.error:
                raise UnreadableBodyError from None
            packed = self._zlib.unconsumed_tail
            if part:
                yield part
            if self._zlib.eof:
                packed, self._zlib, self._is_whole = self._zlib.unused_data, None, True
                self._is_over = self._encoding != "gzip"

    def finish(self) -> bytes:
        """Return what is left at the end.

        :raises UnreadableBodyError: if the end is missing.
        """
        rest, is_whole = b"", self._is_whole or not self._head
        if self._zlib is not None:
            rest = self._zlib.flush()
            is_whole = self._zlib.eof
        if not is_whole:
            raise UnreadableBodyError
        return rest

    def _window(self, head: bytes) -> int:
        """Return what ``zlib`` wants to know; some servers send ``deflate`` without the header that belongs to it."""
        if self._encoding == "gzip":
            return _GZIP
        is_zlib = head[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(head[:2]) % _ZLIB_CHECK == 0
        return _ZLIB if is_zlib else _RAW


def decompressor(encoding: str | None) -> Decompressor | None:
    """Return what unpacks a body with this ``Content-Encoding``; ``None`` where nothing is packed.

    :raises MalformedResponseError: if it is neither ``gzip`` nor ``deflate``.
    """
    name = (encoding or "").strip().lower()
    if name in ("", "identity"):
        return None
    if name.removeprefix("x-") not in ("gzip", "deflate"):
        raise MalformedResponseError(f"The response is packed as {name[:100]!r}, which was not asked for.")
    return Decompressor(name.removeprefix("x-"))


def decompressed(pieces: Iterable[bytes], encoding: str | None) -> Iterator[bytes]:
    """Yield a body of any length, unpacked.

    :param pieces: as they come over the wire.
    :param encoding: the ``Content-Encoding``.
    :raises MalformedResponseError: if it is packed in a way that was not asked for.
    :raises UnreadableBodyError: if it cannot be unpacked.
    """
    unpacking = decompressor(encoding)
    if unpacking is None:
        yield from pieces
        return
    for piece in pieces:
        yield from unpacking.unpack(piece)
    yield unpacking.finish()
