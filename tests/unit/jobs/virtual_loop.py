"""An event loop whose clock jumps to the next timer."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_T = TypeVar("_T")


class Jump(selectors.DefaultSelector):
    """Selector that does not wait, but advances the clock."""

    now = 1_000.07

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """Event loop that counts its timers.

    :ivar timers: how many were set.
    """

    timers = 0

    def __init__(self) -> None:
        self.jump = Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        return self.jump.now

    def call_at(self, *args: Any, **given: Any) -> asyncio.TimerHandle:
        self.timers += 1
        return super().call_at(*args, **given)


def result_of(main: Callable[[Loop], Awaitable[_T]]) -> tuple[_T, Loop]:
    """Run ``main(loop)``. Return its result, and the loop."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        return runner.run(main(loop)), loop
