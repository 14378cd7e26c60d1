"""Shared polls: one request for a list answers for all waits of a connection whose jobs are in the list.

A list saves requests while jobs are running. It never ends a wait: a job whose entry is missing, or shows another
state, is polled by a request of its own. So are the other jobs, a few at a time, in case the list is wrong.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from typing import TYPE_CHECKING, Any

from datarobot_provider.jobs.async_wait import pause
from datarobot_provider.jobs.job_list import TOLERATED, JobList
from datarobot_provider.jobs.model import Outcome
from datarobot_provider.jobs.poller import decide
from datarobot_provider.jobs.wait_steps import ListedResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from datarobot_provider.client.client import AsyncDataRobotClient
    from datarobot_provider.client.request import Response
    from datarobot_provider.jobs.model import ListEntry
    from datarobot_provider.jobs.wait_steps import Get, Sleep

#: Seconds for which the first request of a list waits for more waits.
_FIRST_SECONDS = 0.25


class SharedWait:
    """Executes the requests and pauses of one wait; see :func:`datarobot_provider.jobs.async_wait.wait_async`.

    :param client: the client of the connection, which all its waits share.
    """

    __slots__ = ("_client", "_watch")

    def __init__(self, client: AsyncDataRobotClient) -> None:
        self._client = client
        self._watch: Watch | None = None

    async def get(self, step: Get) -> Response:
        """Return the entry of a list, or the response to a request of its own."""
        if step.entry is not None:
            entry = await self._watch_of(step.entry).newest_entry()
            if entry is not None:
                return _response(entry)
        return await self._client.poll(step.path)

    def sleep(self, step: Sleep) -> Awaitable[None]:
        """Pause until the next poll, or until the entry in the list changes."""
        return pause(step.seconds) if self._watch is None else self._watch.sleep(step)

    def close(self, *, ended: bool) -> None:
        """End the wait.

        :param ended: whether the job has ended.
        """
        if self._watch is not None:
            self._watch.list.remove(self._watch, ended=ended)
            self._watch = None

    def _watch_of(self, entry: ListEntry) -> Watch:
        """Return the watch of an entry."""
        if self._watch is None or self._watch.wanted != entry:
            # A wait continues with another entry after the job of the first one has ended.
            self.close(ended=True)
            lists: dict[str, JobList] = self._client.job_lists
            if entry.list_path not in lists:
                lists[entry.list_path] = JobList(self._client, entry)
            self._watch = Watch(lists[entry.list_path], entry)
        return self._watch


def _response(entry: Mapping[str, Any]) -> ListedResponse:
    return ListedResponse(200, body=json.dumps(entry).encode())


class Watch:
    """What one wait knows about its entry in a list.

    :param job_list: the list.
    :param wanted: the entry.
    """

    __slots__ = (
        "_delivered", "_entry", "_needs_request", "_pause", "_sleeper", "checked", "list", "missing", "since",
        "unchanged_until", "wanted",
    )  # fmt: skip

    def __init__(self, job_list: JobList, wanted: ListEntry) -> None:
        self.list = job_list
        self.wanted = wanted
        self.since = asyncio.get_running_loop().time()
        #: How often in a row the list lacked the job, although it is running.
        self.missing = 0
        #: Whether the last poll is a request of its own although the entry is unchanged, to check the list.
        self.checked = False
        self.unchanged_until = math.inf
        self._pause: Callable[[], float] | None = None
        self._needs_request = False
        self._entry: Mapping[str, Any] | None = None
        self._delivered: Mapping[str, Any] | None = None
        self._sleeper: asyncio.Future[None] | None = None
        job_list.add(self)

    async def newest_entry(self) -> Mapping[str, Any] | None:
        """Return the newest entry; ``None`` if the job needs a request of its own."""
        if self._is_shared() and self._entry is None and not self._needs_request:
            self.list.request_within(_FIRST_SECONDS)
            await self._new_sleeper()
        needs_request, self._needs_request = self._needs_request, False
        if needs_request or not self._is_shared():
            return None
        self._delivered = self._entry
        return self._entry

    def sleep(self, step: Sleep) -> Awaitable[None]:
        """Sleep until the entry changes, or until the time that the step names. Without the list: its pause."""
        if self.missing >= TOLERATED:
            self.list.report_missing(self)
        if not self._is_shared():
            return pause(step.seconds)
        if self._entry is not self._delivered:
            # It has changed during a request of its own.
            return pause(0)
        self._pause, self.unchanged_until = step.pause, step.unchanged_until
        self.list.request_within(min(step.seconds, max(0.0, step.unchanged_until - time.time())))
        return self._new_sleeper()

    def pause(self) -> float:
        """Return the seconds after which the list should be read again for this wait."""
        if not self._is_asleep():
            return math.inf
        if self._pause is None:
            return _FIRST_SECONDS
        return min(self._pause(), max(0.0, self.unchanged_until - time.time()))

    def update(self, entry: Mapping[str, Any] | None, *, check: bool) -> None:
        """Compare a new entry with the known one, and wake the wait if there is something to do.

        :param entry: the new entry; ``None`` if the list lacks it.
        :param check: whether to poll the job by a request of its own, whatever the entry shows.
        """
        self.checked = check and entry is not None
        if entry is None:
            # It sleeps because the request of its own, after the last time, found it running.
            self.missing += self._is_asleep()
            self.wake(needs_request=True)
            return
        self.missing = 0
        changed = entry != self._entry
        if changed:
            self._entry = entry
        # An entry that changes while the job runs, for example its progress, does not prove that its state is current.
        if changed or check or time.time() >= self.unchanged_until:
            self.wake(needs_request=check)

    def wake(self, *, needs_request: bool = False) -> None:
        """Continue the wait, if it sleeps.

        :param needs_request: whether the job needs a request of its own; default ``False``.
        """
        if self._sleeper is not None and not self._sleeper.done():
            self._needs_request = needs_request
            self._sleeper.set_result(None)
            self._sleeper = None

    def is_shown_by(self, entries: Mapping[str, Mapping[str, Any]]) -> bool:
        """Return whether a list shows the job as running."""
        entry = entries.get(self.wanted.id)
        return entry is not None and decide(self.wanted.probe, _response(entry)).outcome is Outcome.PENDING

    def _is_shared(self) -> bool:
        return self.missing < TOLERATED and self.list.is_used_for(self.wanted.kind)

    def _is_asleep(self) -> bool:
        return self._sleeper is not None and not self._sleeper.done()

    def _new_sleeper(self) -> asyncio.Future[None]:
        """Return what the wait waits for. No coroutine, because thousands of waits sleep."""
        self._sleeper = asyncio.get_running_loop().create_future()
        return self._sleeper
