"""Decompression of response bodies in small steps and within a size limit, for both transports."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from datarobot_provider.exceptions import MalformedResponseError, ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from zlib import _Decompress

    from datarobot_provider.client.request import Request

#: Encodings that the standard library can decompress in steps.
ACCEPT_ENCODING = "gzip, deflate"
#: Maximum size of a decompressed body, in bytes. Files are streamed instead.
MAX_BYTES = 32 * 1024 * 1024
#: Maximum size that is read of the body of an error or a redirect, in bytes. Its first lines contain the reason.
MAX_ERROR_BYTES = 1024 * 1024
#: Output of one decompression step, in bytes. It takes about a millisecond, which blocks the event loop.
STEP = 256 * 1024
#: Input of one decompression step, in bytes. It may contain hundreds of empty gzip members.
_SLICE = 16 * 1024
#: Digits of a Content-Length that are read. More digits only mean that the body is too large.
_MAX_DIGITS = 18
_FIRST_REDIRECT = 300
_GZIP, _ZLIB, _RAW = 31, 15, -15
_MAGIC = b"\x1f\x8b"
_ZLIB_METHOD, _ZLIB_CHECK = 8, 31


class UnreadableBodyError(ValueError):
    """A body does not match its ``Content-Encoding``, or is incomplete."""


class Body:
    """Collects the body of one response.

    :param request: the request, for errors.
    :param status: HTTP status code. If it is 300 or higher, the body is cut at ``MAX_ERROR_BYTES`` instead of refused.
    :param headers: headers, with names in lower case.
    :raises ResponseTooLargeError: if the ``Content-Length`` exceeds the limit.
    :raises MalformedResponseError: if the body is compressed with an encoding that was not requested.
    """

    def __init__(self, request: Request, status: int, headers: Mapping[str, str]) -> None:
        self._request = request
        self._may_be_cut = status >= _FIRST_REDIRECT
        self._max_bytes = MAX_ERROR_BYTES if self._may_be_cut else request.max_bytes or MAX_BYTES
        self._bytes = bytearray()
        self._received = 0
        if not self._may_be_cut and (content_length(headers.get("content-length")) or 0) > self._max_bytes:
            raise self._too_large()
        self._decompressor: Decompressor | None = None
        try:
            self._decompressor = decompressor(headers.get("content-encoding"))
        except MalformedResponseError:
            # The status of an error is more important than its body.
            if not self._may_be_cut:
                raise
            self._max_bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether the rest of the body is not needed."""
        return self._may_be_cut and max(len(self._bytes), self._received) >= self._max_bytes

    def add(self, chunk: bytes) -> Iterator[None]:
        """Add a chunk as it was received. Yields after each decompression step.

        :raises ResponseTooLargeError: if the compressed or decompressed body exceeds the limit.
        :raises UnreadableBodyError: if the body cannot be decompressed.
        """
        self._received += len(chunk)
        # A compressed body is hardly ever larger than the decompressed one.
        if self._received > self._max_bytes + STEP and not self._may_be_cut:
            raise self._too_large()
        try:
            for part in self._parts(chunk):
                if part is None:
                    yield
                    continue
                self._bytes += part[: self._max_bytes - len(self._bytes)] if self._may_be_cut else part
                if len(self._bytes) > self._max_bytes:
                    raise self._too_large()
                if self.is_full:
                    return
        except UnreadableBodyError:
            if not self._may_be_cut:
                raise

    def _parts(self, chunk: bytes) -> Iterator[bytes | None]:
        """Yield the decompressed parts of a chunk, and ``None`` after each step."""
        if self._decompressor is None:
            yield chunk
            return
        for start in range(0, len(chunk), _SLICE):
            if start:
                yield None
            for part in self._decompressor.decompress(chunk[start : start + _SLICE]):
                yield part
                if len(part) == STEP:
                    yield None

    def finish(self) -> bytes:
        """Return the complete body.

        :raises UnreadableBodyError: if the body is incomplete.
        """
        if self._decompressor and not self._may_be_cut:
            self._bytes += self._decompressor.finish()
        return bytes(self._bytes)

    def _too_large(self) -> ResponseTooLargeError:
        return ResponseTooLargeError(
            f"The response to {self._request.method} {self._request.path} has more than {self._max_bytes:,} bytes and "
            "was not read completely. DataRobot sends no JSON and no log of this size. Check the host of the Airflow "
            "connection, and any proxy."
        )


def content_length(length: str | None) -> int | None:
    """Parse a ``Content-Length``, in bytes. Return ``None`` if it is missing or invalid."""
    text = (length or "").strip()
    return int(text.lstrip("0")[:_MAX_DIGITS] or 0) if text.isdecimal() else None


class Decompressor:
    """Decompresses ``gzip`` and ``deflate`` in steps of limited size.

    :param encoding: ``gzip`` or ``deflate``.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._head = b""
        self._zlib: _Decompress | None = None
        self._has_complete_member = False
        self._is_finished = False

    def decompress(self, compressed: bytes) -> Iterator[bytes]:
        """Yield the decompressed data, at most ``STEP`` bytes at once.

        :raises UnreadableBodyError: if the data is invalid.
        """
        while compressed and not self._is_finished:
            if self._zlib is None:
                compressed = self._head = self._head + compressed
                if len(compressed) < len(_MAGIC):
                    return
                # A gzip body can have several members. Anything else after a member is padding.
                if self._has_complete_member and not compressed.startswith(_MAGIC):
                    self._is_finished = True
                    return
                self._zlib, self._head = zlib.decompressobj(self._window(compressed)), b""
            try:
                part = self._zlib.decompress(compressed, STEP)
            except zlib.error:
                raise UnreadableBodyError from None
            compressed = self._zlib.unconsumed_tail
            if part:
                yield part
            if self._zlib.eof:
                compressed, self._zlib, self._has_complete_member = self._zlib.unused_data, None, True
                self._is_finished = self._encoding != "gzip"

    def finish(self) -> bytes:
        """Return the rest of the decompressed data.

        :raises UnreadableBodyError: if the data is incomplete.
        """
        rest, is_complete = b"", self._has_complete_member or not self._head
        if self._zlib is not None:
            rest = self._zlib.flush()
            is_complete = self._zlib.eof
        if not is_complete:
            raise UnreadableBodyError
        return rest

    def _window(self, head: bytes) -> int:
        """Return the ``wbits`` argument of ``zlib``. Some servers send ``deflate`` without the zlib header."""
        if self._encoding == "gzip":
            return _GZIP
        is_zlib = head[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(head[:2]) % _ZLIB_CHECK == 0
        return _ZLIB if is_zlib else _RAW


def decompressor(encoding: str | None) -> Decompressor | None:
    """Return the decompressor for a ``Content-Encoding``, or ``None`` if the body is not compressed.

    :raises MalformedResponseError: if the encoding is neither ``gzip`` nor ``deflate``.
    """
    name = (encoding or "").strip().lower()
    if name in ("", "identity"):
        return None
    if name.removeprefix("x-") not in ("gzip", "deflate"):
        raise MalformedResponseError(f"The response has the Content-Encoding {name[:100]!r}, which was not requested.")
    return Decompressor(name.removeprefix("x-"))


def decompressed(chunks: Iterable[bytes], encoding: str | None) -> Iterator[bytes]:
    """Yield the decompressed data of a body of any size.

    :param chunks: chunks as they were received.
    :param encoding: the ``Content-Encoding``.
    :raises MalformedResponseError: if the encoding was not requested.
    :raises UnreadableBodyError: if the body cannot be decompressed.
    """
    active = decompressor(encoding)
    if active is None:
        yield from chunks
        return
    for chunk in chunks:
        yield from active.decompress(chunk)
    yield active.finish()
