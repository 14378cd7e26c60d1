"""The prediction server image, whose content is generated while it is sent and takes neither memory nor disk space."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from datarobot_provider.emulator.common import timestamps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

FILENAME = "portable-prediction-server-2.50.0.tar.gz"
_BLOCK = 1 << 20
_MARK = 8
_SHORT_ID = 12


class Span(NamedTuple):
    """A range of bytes, without the byte at ``end``."""

    start: int
    end: int


@dataclass(frozen=True)
class Image:
    """The prediction server image.

    :param size: the size in bytes that the metadata contain.
    :param redirect: whether the API redirects to a pre-signed URL on another origin.
    :param corrupt: whether one byte of the served content is wrong.
    :param short: whether the last tenth of the content is missing.
    """

    id: str
    size: int
    redirect: bool = False
    corrupt: bool = False
    short: bool = False
    created: datetime = field(default_factory=timestamps.now)

    @property
    def served(self) -> int:
        """The number of bytes that are served."""
        return self.size - max(1, self.size // 10) if self.short and self.size else self.size

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the content. One or two gigabytes take a second."""
        sha = hashlib.sha256()
        for chunk in content(self.id, Span(0, self.size)):
            sha.update(chunk)
        return sha.hexdigest()

    @property
    def etag(self) -> str:
        """The entity tag of the content."""
        return f'"{self.id}"'

    def chunks(self, span: Span) -> Iterator[bytes]:
        """Yield the served bytes of a range."""
        wrong = self.size // 2 if self.corrupt else -1
        position = span.start
        for chunk in content(self.id, span):
            if position <= wrong < position + len(chunk):
                at = wrong - position
                yield chunk[:at] + bytes([chunk[at] ^ 0xFF]) + chunk[at + 1 :]
            else:
                yield chunk
            position += len(chunk)

    def metadata(self) -> dict[str, Any]:
        """Return the metadata as the API returns them."""
        docker_id = hashlib.sha256(self.id.encode()).hexdigest()
        return {
            "baseImageId": self.id,
            "created": timestamps.iso_format(self.created),
            "datarobotRuntimeImageTag": None,
            "dockerImageId": f"sha256:{docker_id}",
            "filename": FILENAME,
            "hash": self.digest,
            "hashAlgorithm": "SHA256",
            "imageSize": self.size,
            "shortDockerImageId": docker_id[:_SHORT_ID],
        }


def content(seed: str, span: Span) -> Iterator[bytes]:
    """Yield a range of the unlimited content that a seed generates. Every block starts with its number."""
    base = hashlib.shake_128(seed.encode()).digest(_BLOCK - _MARK)
    position = span.start
    while position < span.end:
        number, offset = divmod(position, _BLOCK)
        block = number.to_bytes(_MARK, "big") + base
        chunk = block[offset : offset + span.end - position]
        yield chunk
        position += len(chunk)
