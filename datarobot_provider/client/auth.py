"""What is secret: the bearer header that carries it, and the texts that must not."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from datarobot_provider.exceptions import ConfigurationError

SECRET_FIELDS = frozenset({"openaiApiKey"})
_MASK = "***"
_SHORTEST_SECRET = 4
#: A short text may stand in base64 or in hexadecimal by chance.
_SHORTEST_ENCODED = 12
#: Values of a signed URL's query that are shorter than this are flags, dates and the like.
_SHORTEST_SIGNATURE = 16


class Token:
    """An API token that does not show itself.

    :param value: the token as stored in the connection.
    :param field: the field of the connection that holds it; default ``password``.
    :param connection: id of the connection; told with a token that is refused.
    :raises ConfigurationError: if it is empty or cannot be put into a header.
    :ivar source: field and connection in words; empty where nobody named the connection.
    """

    __slots__ = ("_forms", "_values", "source")

    def __init__(self, value: str | None, field: str = "password", connection: str | None = None) -> None:
        token = (value or "").strip()
        if not token:
            raise ConfigurationError("The connection has no password. Set it to a DataRobot API token.")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigurationError(
                f"The connection's {field} holds characters that an API token cannot have. Store the token alone, "
                "without 'Bearer' before it."
            )
        self.source = f"the {field} of the Airflow connection {connection!r}" if connection else ""
        self._keep((token,))

    def _keep(self, values: tuple[str, ...]) -> None:
        self._values = values
        forms = [form for value in values for form in encodings(value)]
        self._forms = tuple(forms), tuple(form.encode() for form in forms)

    def become(self, other: Token) -> bool:
        """Take another token's value for all who use this one; what it was before stays secret.

        :returns: whether it is another value at all.
        """
        if other.header() == self.header():
            return False
        self.source = other.source
        self._keep((*self._values, other._values[-1]))
        return True

    def header(self) -> str:
        """Return the value of the ``Authorization`` header."""
        return f"Bearer {self._values[-1]}"

    def echoed(self, text: str, body: bytes) -> bool:
        """Return whether a response holds the token in any form; redaction is skipped for the ones that do not.

        :param text: the headers.
        :param body: the body.
        """
        texts, bodies = self._forms
        return any(map(body.__contains__, bodies)) or any(map(text.__contains__, texts))

    def redact(self, text: str, secrets: Iterable[str] = ()) -> str:
        """Return ``text`` with the token and ``secrets`` replaced by ``***``, however the server has encoded them."""
        return redacted(text, (*self._values, *secrets))

    def redact_bytes(self, body: bytes, secrets: Iterable[str] = ()) -> bytes:
        """Return a response's body without the token and ``secrets``, which some servers echo."""
        for secret in (*self._values, *secrets):
            for form in encodings(secret):
                body = body.replace(form.encode(), _MASK.encode())
        return body

    def __repr__(self) -> str:
        return f"Token({_MASK})"


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` with every secret replaced by ``***``, in all of its :func:`encodings`."""
    for secret in secrets:
        for form in encodings(secret):
            text = text.replace(form, _MASK)
    return text


@lru_cache(maxsize=64)
def encodings(secret: str) -> tuple[str, ...]:
    """Return the forms in which a server may echo a secret.

    :param secret: the secret itself.
    :returns: as it is, and escaped for a URL, JSON, HTML; from twelve characters on also in hexadecimal and in base64,
        inside of a longer text too. The longest first, so that none is cut by another. Nothing for a secret that is too
        short to be told from ordinary text.
    """
    if len(secret) < _SHORTEST_SECRET:
        return ()
    in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), html.escape(secret)}
    forms |= {*in_json, *(text.replace("/", "\\/") for text in in_json), _unicode_escaped(secret)}
    # Some servers write the digits of an escape in lower case.
    forms |= {_lower_escapes(form) for form in forms if "%" in form}
    if len(secret) >= _SHORTEST_ENCODED:
        raw = secret.encode()
        forms |= {raw.hex(), raw.hex().upper()}
        forms |= {form for shift in range(3) for form in _base64_forms(raw, shift)}
    return tuple(sorted(forms, key=len, reverse=True))


def signatures(url: str) -> tuple[str, ...]:
    """Return what makes a signed URL secret.

    :param url: an address that lets in whoever knows it.
    :returns: its query, and each longer value in it, escaped and not.
    """
    query = url.partition("?")[2].partition("#")[0]
    values = [pair.partition("=")[2] for pair in query.split("&")]
    parts = [query, *(text for value in values for text in (value, unquote_plus(value)))]
    return tuple(dict.fromkeys(part for part in parts if len(part) >= _SHORTEST_SIGNATURE))


def _unicode_escaped(secret: str) -> str:
    """Return a JSON text as encoders write it that escape what HTML could misread."""
    return "".join(rf"\u{ord(each):04x}" if each in "<>&='\"+/" else each for each in secret)


def _lower_escapes(text: str) -> str:
    first, *others = text.split("%")
    return "%".join([first, *(other[:2].lower() + other[2:] for other in others)])


def _base64_forms(raw: bytes, shift: int) -> Iterator[str]:
    """Yield the characters that only the secret decides, where it stands ``shift`` bytes after a multiple of three."""
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        encoded = encode(bytes(shift) + raw).decode()
        yield encoded[(0, 2, 3)[shift] : len(encoded) - (0, 3, 2)[(shift + len(raw)) % 3]]


def secret_values(payload: object) -> Iterator[str]:
    """Yield every secret value inside a request body, at any depth."""
    if isinstance(payload, Mapping):
        for key, value in payload.items():
            if key in SECRET_FIELDS and isinstance(value, str):
                yield value
            else:
                yield from secret_values(value)
    elif isinstance(payload, Sequence) and not isinstance(payload, str | bytes):
        for item in payload:
            yield from secret_values(item)


def redact_secrets(response: Any) -> Any:
    """Return an API object with every secret value replaced by ``***``, at any depth."""
    if isinstance(response, dict):
        return {
            key: _MASK if key in SECRET_FIELDS and value else redact_secrets(value) for key, value in response.items()
        }
    if isinstance(response, list):
        return [redact_secrets(item) for item in response]
    return response
