"""Middleware that saves the state a moment after a request has changed it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from datarobot_provider.emulator.store.state_file import StateFile, StateFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from datarobot_provider.emulator.store.state import State

#: The seconds between a change and the time at which it is saved, together with all later changes.
SAVE_DELAY = 1.0
_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class StateSaving:
    """Middleware that saves the state.

    :param app: the application to serve.
    :param state: the state.
    :param file: the state file.
    :param report: called with the reason if the state cannot be saved. The next change causes another attempt.
    """

    def __init__(self, app: ASGIApp, state: State, file: StateFile, report: Callable[[str], None]) -> None:
        self._app, self._state, self._file, self._report = app, state, file, report
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        pending = len(self._state.effects)
        try:
            await self._app(scope, receive, send)
        finally:
            # The effects of ended jobs are applied by any request.
            if scope.get("method", "GET") not in _READ_METHODS or len(self._state.effects) != pending:
                self._schedule()

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SAVE_DELAY, self._save)

    def _save(self) -> None:
        self._timer = None
        try:
            self._file.save(self._state)
        except StateFileError as error:
            self._report(str(error))
