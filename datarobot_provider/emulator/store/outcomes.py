"""Outcomes ordered through the control API: how the next jobs of a kind are to end."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.jobs import Fate


class Outcomes:
    """A queue of ordered fates per kind of job."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Fate]] = defaultdict(deque)
        # What the control API makes the API say, in places where the contract has a closed list.
        self.words: set[str] = set()

    def order(self, kind: str, fate: Fate, times: int) -> None:
        """Let the next `times` jobs of `kind` meet `fate`."""
        self._queues[kind].extend([replace(fate, forced=True)] * times)
        self.words.update(text for text in (fate.state, fate.message) if text)

    def take(self, kind: str, natural: Fate) -> Fate:
        """Return the fate of a new job of `kind`: the ordered one if there is one, else the `natural` one."""
        queue = self._queues[kind]
        return queue.popleft() if queue else natural
