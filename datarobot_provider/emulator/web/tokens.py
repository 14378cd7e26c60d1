"""Access tokens: authentication, and read-only access."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common.errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

VALID, ABSENT, WRONG = "valid", "absent", "wrong"
_MIN_LENGTH = 8


class TokenError(ValueError):
    """An invalid token. The message gives the reason and does not contain the token."""


def validated_token(token: str) -> str:
    """Return a token after checking it.

    :raises TokenError: if the token is so short that it could be confused with another word in a log, or contains
        characters that a header must not contain.
    """
    if len(token) < _MIN_LENGTH or not all("!" <= character <= "~" for character in token):
        msg = f"a token must have at least {_MIN_LENGTH} characters, all of them visible ASCII without spaces"
        raise TokenError(msg)
    return token


class Tokens:
    """The token with full access and the tokens that were added through the control API."""

    def __init__(self, token: str) -> None:
        self._first = validated_token(token)
        self._read_only: dict[str, bool] = {token: False}

    def add(self, token: str, *, read_only: bool) -> None:
        """Add a token.

        :raises TokenError: if the token is invalid.
        """
        self._read_only[validated_token(token)] = read_only

    def reset(self) -> None:
        """Remove all tokens except the first one."""
        self._read_only = {self._first: False}

    @property
    def all(self) -> tuple[str, ...]:
        """All tokens, to be redacted in logs."""
        return tuple(self._read_only)

    def validity(self, request: Request) -> str:
        """Return whether the token of a request is ``valid``, ``absent`` or ``wrong``."""
        if not request.headers.get("authorization"):
            return ABSENT
        return WRONG if self._match(request) is None else VALID

    def authorize(self, request: Request) -> None:
        """Check that the token of a request permits it.

        :raises ApiError: with status 401 without a valid token, and 403 if a read-only token is used for a change.
        """
        known = self._match(request)
        if known is None:
            raise ApiError(401, "Invalid Authorization header.", headers={"WWW-Authenticate": "Bearer"})
        if self._read_only[known] and request.method != "GET":
            raise ApiError(403, "You do not have permission to perform this action.")

    def _match(self, request: Request) -> str | None:
        scheme, _, received = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"}:
            return None
        found = None
        # Compare all tokens, so that the duration does not reveal which one is similar.
        for token in self._read_only:
            if hmac.compare_digest(token.encode(), received.strip().encode("utf-8", "surrogateescape")):
                found = token
        return found
