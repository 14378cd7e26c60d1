"""API token, and redaction of secrets."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from datarobot_provider.exceptions import ConfigurationError

SECRET_FIELDS = frozenset({"openaiApiKey", "datarobot-key", "datarobotKey"})
_MASK = "***"
_SHORTEST_SECRET = 4
#: A shorter string may occur in base64 or hexadecimal data by chance.
_SHORTEST_ENCODED = 12
#: Shorter values in the query of a signed URL are flags, dates and the like.
_SHORTEST_SIGNATURE = 16


class Token:
    """API token. Its representation does not contain its value.

    :param value: the token as stored in the connection.
    :param field: the field of the connection that contains the token, default ``password``.
    :param connection: id of the connection, which is part of the error if DataRobot refuses the token.
    :raises ConfigurationError: if the token is empty or cannot be sent in a header.
    :ivar source: field and connection in words; empty if ``connection`` is not given.
    """

    __slots__ = ("_forms", "_values", "source")

    def __init__(self, value: str | None, field: str = "password", connection: str | None = None) -> None:
        token = (value or "").strip()
        if not token:
            raise ConfigurationError("the password is empty. Set it to a DataRobot API token.")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigurationError(
                f"the {field} contains characters that are not allowed in an API token. Store only the token, without "
                "'Bearer' before it."
            )
        self.source = f"the {field} of the Airflow connection {connection!r}" if connection else ""
        self._set_values((token,))

    def _set_values(self, values: tuple[str, ...]) -> None:
        self._values = values
        forms = [form for value in values for form in encodings(value)]
        self._forms = tuple(forms), tuple(form.encode() for form in forms)

    def replace_value(self, other: Token) -> bool:
        """Replace the value by that of ``other``. The previous values are still redacted.

        :returns: whether the value has changed.
        """
        if other.header() == self.header():
            return False
        self.source = other.source
        self._set_values((*self._values, other._values[-1]))
        return True

    def header(self) -> str:
        """Return the value of the ``Authorization`` header."""
        return f"Bearer {self._values[-1]}"

    def occurs_in(self, headers: str, body: bytes) -> bool:
        """Return whether a response contains the token in any encoded form.

        :param headers: the values of the headers.
        :param body: the body.
        """
        strings, byte_strings = self._forms
        return any(map(body.__contains__, byte_strings)) or any(map(headers.__contains__, strings))

    def redact(self, text: str, secrets: Iterable[str] = ()) -> str:
        """Replace the token and ``secrets`` in ``text`` by ``***``, in all of their :func:`encodings`."""
        return redact_text(text, (*self._values, *secrets))

    def redact_bytes(self, body: bytes, secrets: Iterable[str] = ()) -> bytes:
        """Replace the token and ``secrets`` in the body of a response by ``***``; see :meth:`redact`."""
        for secret in (*self._values, *secrets):
            for form in encodings(secret):
                body = body.replace(form.encode(), _MASK.encode())
        return body

    def __repr__(self) -> str:
        return f"Token({_MASK})"


def redact_text(text: str, secrets: Iterable[str]) -> str:
    """Replace every secret in ``text`` by ``***``, in all of its :func:`encodings`."""
    for secret in secrets:
        for form in encodings(secret):
            text = text.replace(form, _MASK)
    return text


@lru_cache(maxsize=64)
def encodings(secret: str) -> tuple[str, ...]:
    """Return the encoded forms in which a server may echo a secret.

    :param secret: the secret.
    :returns: the secret unchanged and escaped for a URL, JSON and HTML; from twelve characters on also in hexadecimal
        and in base64, at any offset. The longest form comes first, so that no form is replaced only in part. Empty if
        the secret is too short to be distinguished from ordinary text.
    """
    if len(secret) < _SHORTEST_SECRET:
        return ()
    in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), html.escape(secret)}
    forms |= {*in_json, *(text.replace("/", "\\/") for text in in_json), _unicode_escaped(secret)}
    # Some servers write percent-encoding in lower case.
    forms |= {_lower_escapes(form) for form in forms if "%" in form}
    if len(secret) >= _SHORTEST_ENCODED:
        raw = secret.encode()
        forms |= {raw.hex(), raw.hex().upper()}
        forms |= {form for shift in range(3) for form in _base64_forms(raw, shift)}
    return tuple(sorted(forms, key=len, reverse=True))


def url_signatures(url: str) -> tuple[str, ...]:
    """Return the secret parts of a signed URL.

    :param url: a URL whose query grants access.
    :returns: the query, and each longer value in it, escaped and unescaped.
    """
    query = url.partition("?")[2].partition("#")[0]
    values = [pair.partition("=")[2] for pair in query.split("&")]
    parts = [query, *(text for value in values for text in (value, unquote_plus(value)))]
    return tuple(dict.fromkeys(part for part in parts if len(part) >= _SHORTEST_SIGNATURE))


def _unicode_escaped(secret: str) -> str:
    """Return ``secret`` as JSON encoders write it that escape the special characters of HTML."""
    return "".join(rf"\u{ord(each):04x}" if each in "<>&='\"+/" else each for each in secret)


def _lower_escapes(text: str) -> str:
    first, *others = text.split("%")
    return "%".join([first, *(other[:2].lower() + other[2:] for other in others)])


def _base64_forms(raw: bytes, shift: int) -> Iterator[str]:
    """Yield the base64 characters that depend on the secret only.

    :param shift: the number of bytes before the secret, modulo three.
    """
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        encoded = encode(bytes(shift) + raw).decode()
        yield encoded[(0, 2, 3)[shift] : len(encoded) - (0, 3, 2)[(shift + len(raw)) % 3]]


def secret_values(payload: object) -> Iterator[str]:
    """Yield every secret value in a request body, at any depth."""
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
    """Replace every secret value in an API object by ``***``, at any depth."""
    if isinstance(response, dict):
        return {
            key: _MASK if key in SECRET_FIELDS and value else redact_secrets(value) for key, value in response.items()
        }
    if isinstance(response, list):
        return [redact_secrets(item) for item in response]
    return response
