"""The prediction server image: bytes made of a seed while they are sent, so that many gigabytes take no room."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from datarobot_provider.emulator.store import identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

FILENAME = "portable-prediction-server-2.50.0.tar.gz"
_BLOCK = 1 << 20
_MARK = 8
_SHORT_ID = 12
# No position has more digits than a 64-bit number, and Python refuses to read thousands of them.
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


class Span(NamedTuple):
    """The bytes from `start` up to, but without, `end`."""

    start: int
    end: int


class UnsatisfiableRangeError(Exception):
    """A range that begins where the content has ended."""


@dataclass(frozen=True)
class Image:
    """An image of `size` bytes with the SHA-256 `digest`, both as its metadata tells them.

    `redirect`: it is answered from a pre-signed address on another origin. `corrupt`: one byte of what is served is
    another one. `short`: the last tenth is never served.
    """

    id: str
    size: int
    digest: str
    redirect: bool = False
    corrupt: bool = False
    short: bool = False
    created: datetime = field(default_factory=identity.now)

    @property
    def served(self) -> int:
        """The number of bytes that are served."""
        return self.size - max(1, self.size // 10) if self.short and self.size else self.size

    @property
    def etag(self) -> str:
        """The entity tag of what is served."""
        return f'"{self.id}"'

    def pieces(self, span: Span) -> Iterator[bytes]:
        """Yield the bytes of `span` as they are served."""
        wrong = self.size // 2 if self.corrupt else -1
        position = span.start
        for piece in content(self.id, span):
            if position <= wrong < position + len(piece):
                at = wrong - position
                yield piece[:at] + bytes([piece[at] ^ 0xFF]) + piece[at + 1 :]
            else:
                yield piece
            position += len(piece)

    def metadata(self) -> dict[str, Any]:
        """Return the metadata as the API answers it."""
        docker_id = hashlib.sha256(self.id.encode()).hexdigest()
        return {
            "baseImageId": self.id,
            "created": identity.timestamp(self.created),
            "datarobotRuntimeImageTag": None,
            "dockerImageId": f"sha256:{docker_id}",
            "filename": FILENAME,
            "hash": self.digest,
            "hashAlgorithm": "SHA256",
            "imageSize": self.size,
            "shortDockerImageId": docker_id[:_SHORT_ID],
        }


def content(seed: str, span: Span) -> Iterator[bytes]:
    """Yield the bytes of `span` of the endless content that belongs to `seed`; every block begins with its number."""
    base = hashlib.shake_128(seed.encode()).digest(_BLOCK - _MARK)
    position = span.start
    while position < span.end:
        number, offset = divmod(position, _BLOCK)
        block = number.to_bytes(_MARK, "big") + base
        piece = block[offset : offset + span.end - position]
        yield piece
        position += len(piece)


def digest(seed: str, size: int) -> str:
    """Return the SHA-256 of the first `size` bytes that belong to `seed`. Takes a second for one or two gigabytes."""
    sha = hashlib.sha256()
    for piece in content(seed, Span(0, size)):
        sha.update(piece)
    return sha.hexdigest()


def wanted_span(header: str | None, size: int) -> Span | None:
    """Return the part that a Range `header` asks for, or None if the whole is to be sent.

    A header that is no single range of bytes does not count. Raises UnsatisfiableRangeError.
    """
    match = _RANGE.fullmatch((header or "").strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise UnsatisfiableRangeError
    return Span(start, end)
