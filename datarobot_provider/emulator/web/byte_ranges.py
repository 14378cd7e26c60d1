"""Parser of the Range header."""

from __future__ import annotations

import re

from datarobot_provider.emulator.store.prediction_server_image import Span

# A position has at most as many digits as a 64-bit integer. Python refuses to parse numbers of thousands of digits.
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


class UnsatisfiableRangeError(Exception):
    """A range that starts after the end of the content."""


def requested_span(header: str | None, size: int) -> Span | None:
    """Return the byte range that a Range header requests, or None if the whole content is requested.

    A header that is not a single byte range is ignored.

    :param header: the value of the header, or None if the request has no Range header.
    :param size: the size of the content in bytes.
    :raises UnsatisfiableRangeError: if the range starts after the end of the content.
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
