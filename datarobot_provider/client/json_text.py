"""JSON as it comes from a server: what no XCom, event or log could hold is replaced here, or refused."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

#: Far more than any object of the API has, and few enough that whoever walks through them by recursion gets through.
MAX_LEVELS = 100
_NAME = 50
#: An escape of half a character. Most come in pairs, which are fine.
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


class UnusableJsonError(ValueError):
    """The text is JSON, but none that can be passed on; says why."""


def parse(body: bytes, *, unique: bool = False) -> Any:
    """Parse a JSON text in UTF-8.

    NaN, the infinities and numbers beyond them become ``None``, halves of characters become ``?``.

    :param body: the text.
    :param unique: whether to refuse an object that names a field twice, of which nobody can say what it means; default
        ``False``: the last one counts.
    :returns: the value.
    :raises UnusableJsonError: if it is nested too deeply, or names a field twice.
    :raises ValueError: if it is not JSON.
    """
    text, decoder = body.decode("utf-8-sig"), _STRICT if unique else _LENIENT
    try:
        parsed = decoder.decode(text)
    except RecursionError:
        raise _too_deep() from None
    if _is_too_deep(parsed):
        raise _too_deep()
    if _HALF_CHARACTER.search(text):
        parsed = json.loads(json.dumps(parsed, ensure_ascii=False).encode(errors="replace"))
    return parsed


def _nothing(_: str) -> None:
    """Stand in for NaN and the infinities."""


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise UnusableJsonError(f"it names the field {twice[:_NAME]!r} twice")
    return found


_LENIENT = json.JSONDecoder(parse_constant=_nothing, parse_float=_finite)
_STRICT = json.JSONDecoder(parse_constant=_nothing, parse_float=_finite, object_pairs_hook=_unique)


def _is_too_deep(parsed: Any) -> bool:
    level = [parsed] if isinstance(parsed, dict | list) else []
    for _ in range(MAX_LEVELS):
        inside = [each.values() if isinstance(each, dict) else each for each in level]
        level = [item for items in inside for item in items if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _too_deep() -> UnusableJsonError:
    return UnusableJsonError(f"it is nested more than {MAX_LEVELS} levels deep")
