"""Parser of JSON from the server. Values that an XCom, an event or a log cannot contain are replaced or refused."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

#: Maximum nesting, far deeper than any object of the API, and safe for recursive functions.
MAX_LEVELS = 100
_NAME = 50
#: Escape of a surrogate. Most surrogates come in valid pairs.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class UnusableJsonError(ValueError):
    """Valid JSON that is refused. The message is the reason."""


def parse(body: bytes, *, unique: bool = False) -> Any:
    """Parse JSON in UTF-8.

    NaN, infinity and numbers that overflow become ``None``. Lone surrogates become ``?``.

    :param body: the JSON.
    :param unique: whether an object that repeats a field is refused, because it is ambiguous; default ``False``: the
        last value counts.
    :returns: the value.
    :raises UnusableJsonError: if it is nested too deeply, or repeats a field.
    :raises ValueError: if it is not JSON.
    """
    text, decoder = body.decode("utf-8-sig"), _STRICT if unique else _LENIENT
    try:
        parsed = decoder.decode(text)
    except RecursionError:
        raise _too_deep() from None
    if _is_too_deep(parsed):
        raise _too_deep()
    if _SURROGATE.search(text):
        parsed = json.loads(json.dumps(parsed, ensure_ascii=False).encode(errors="replace"))
    return parsed


def _constant_to_none(_: str) -> None:
    """Return ``None`` for NaN and infinity."""


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise UnusableJsonError(f"it repeats the field {twice[:_NAME]!r}")
    return found


_LENIENT = json.JSONDecoder(parse_constant=_constant_to_none, parse_float=_finite)
_STRICT = json.JSONDecoder(parse_constant=_constant_to_none, parse_float=_finite, object_pairs_hook=_unique)


def _is_too_deep(parsed: Any) -> bool:
    level = [parsed] if isinstance(parsed, dict | list) else []
    for _ in range(MAX_LEVELS):
        nested = [each.values() if isinstance(each, dict) else each for each in level]
        level = [item for items in nested for item in items if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _too_deep() -> UnusableJsonError:
    return UnusableJsonError(f"it is nested more than {MAX_LEVELS} levels deep")
