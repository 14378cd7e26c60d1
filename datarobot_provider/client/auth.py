"""What is secret: the bearer header that carries it, and the texts that must not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from datarobot_provider.exceptions import ConfigurationError

SECRET_FIELDS = frozenset({"openaiApiKey"})
_MASK = "***"
_SHORTEST_SECRET = 4


class Token:
    """An API token that does not show itself.

    :param value: the token as stored in the connection's password.
    :raises ConfigurationError: if it is empty or cannot be put into a header.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | None) -> None:
        token = (value or "").strip()
        if not token:
            raise ConfigurationError("The connection has no password. Set it to a DataRobot API token.")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigurationError("The connection's password holds characters that an API token cannot have.")
        self._value = token

    def header(self) -> str:
        """Return the value of the ``Authorization`` header."""
        return f"Bearer {self._value}"

    def redact(self, text: str, secrets: Iterable[str] = ()) -> str:
        """Return ``text`` with the token and ``secrets`` replaced by ``***``."""
        for secret in (self._value, *secrets):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, _MASK)
        return text

    def redact_bytes(self, body: bytes) -> bytes:
        """Return a reply's body without the token, which some servers echo."""
        return body.replace(self._value.encode(), _MASK.encode())

    def __repr__(self) -> str:
        return f"Token({_MASK})"


def secrets_in(payload: object) -> Iterator[str]:
    """Yield every secret value inside a request body, at any depth."""
    if isinstance(payload, Mapping):
        for key, value in payload.items():
            if key in SECRET_FIELDS and isinstance(value, str):
                yield value
            else:
                yield from secrets_in(value)
    elif isinstance(payload, Sequence) and not isinstance(payload, str | bytes):
        for item in payload:
            yield from secrets_in(item)


def without_secrets(reply: Any) -> Any:
    """Return an API object with every secret value replaced by ``***``, at any depth."""
    if isinstance(reply, dict):
        return {
            key: _MASK if key in SECRET_FIELDS and value else without_secrets(value) for key, value in reply.items()
        }
    if isinstance(reply, list):
        return [without_secrets(item) for item in reply]
    return reply
