"""Access tokens: who may call the API, and who may only read."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from datarobot_provider.emulator.web.errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

VALID, ABSENT, WRONG = "valid", "absent", "wrong"
_SHORTEST = 8


class TokenError(ValueError):
    """A token that cannot be used; the message says why and does not repeat it."""


def checked(token: str) -> str:
    """Return `token`. Raises TokenError if it looks like any other word in a log, or cannot stand in a header."""
    if len(token) < _SHORTEST or not all("!" <= character <= "~" for character in token):
        msg = f"a token needs at least {_SHORTEST} characters, all of them visible ASCII without spaces"
        raise TokenError(msg)
    return token


class Tokens:
    """The full-access token given at the start and the tokens added through the control API."""

    def __init__(self, token: str) -> None:
        self._first = checked(token)
        self._read_only: dict[str, bool] = {token: False}

    def add(self, token: str, *, read_only: bool) -> None:
        """Accept one more token. Raises TokenError if it cannot be used."""
        self._read_only[checked(token)] = read_only

    def reset(self) -> None:
        """Accept the first token only."""
        self._read_only = {self._first: False}

    @property
    def secrets(self) -> tuple[str, ...]:
        """All tokens, for those who have to keep them out of a text."""
        return tuple(self._read_only)

    def judge(self, request: Request) -> str:
        """Return whether the request's token is ``valid``, ``absent`` or ``wrong``."""
        if not request.headers.get("authorization"):
            return ABSENT
        return WRONG if self._match(request) is None else VALID

    def admit(self, request: Request) -> None:
        """Raise 401 without a valid token, and 403 if a read-only token wants to change something."""
        known = self._match(request)
        if known is None:
            raise ApiError(401, "Invalid Authorization header.", headers={"WWW-Authenticate": "Bearer"})
        if self._read_only[known] and request.method != "GET":
            raise ApiError(403, "You do not have permission to perform this action.")

    def _match(self, request: Request) -> str | None:
        scheme, _, offered = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"}:
            return None
        found = None
        # Every token is compared, so that the time taken does not tell which one came close.
        for token in self._read_only:
            if hmac.compare_digest(token.encode(), offered.strip().encode("utf-8", "surrogateescape")):
                found = token
        return found
