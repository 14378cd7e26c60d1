"""A list of the API that many waits share, and the decision whether it can be used."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.endpoint import api_path
from datarobot_provider.exceptions import AuthenticationError, DataRobotError, MalformedResponseError, RateLimitError
from datarobot_provider.jobs.async_wait import BATCH, in_batches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.client.client import AsyncDataRobotClient
    from datarobot_provider.jobs.model import ListEntry
    from datarobot_provider.jobs.shared_poll import Watch

#: How often in a row a list may fail, may lack a running job, or may show a job as running that has ended.
TOLERATED = 3
#: A list is worth its request if it answers for this many waits.
_FEWEST = 2
#: Maximum number of pages that are read of a list.
_PAGES = 10
#: A list is checked for this number of jobs, by requests of their own, after this number of seconds.
_CHECKS, _CHECK_SECONDS = 2, 10.0
#: A list is read for at most this share of the time.
_LARGEST_SHARE = 0.1
#: Seconds after which a list that has failed repeatedly is requested again.
_FAILED_SECONDS = 600.0

log = logging.getLogger(__name__)


class JobList:
    """One list of the API, and the waits whose jobs it may contain.

    :param client: the client that sends the requests.
    :param first: the entry for which the list is needed.
    """

    def __init__(self, client: AsyncDataRobotClient, first: ListEntry) -> None:
        self._client = client
        self._path = first.list_path
        self._id_field = first.id_field
        self._watches: dict[Watch, None] = {}
        #: Waits whose jobs have ended according to a check, and how often the list has still shown them.
        self._ended: dict[Watch, int] = {}
        self._kinds_found: set[str] = set()
        self._kinds_left_out: set[str] = set()
        self._failures = 0
        self._unused_until = self._read_after = self._checked_at = -math.inf
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.Task[None] | None = None

    def add(self, watch: Watch) -> None:
        """Add a wait."""
        self._watches[watch] = None

    def remove(self, watch: Watch, *, ended: bool) -> None:
        """Remove a wait.

        :param ended: whether its job has ended. If a check has found that, the list must show it soon.
        """
        del self._watches[watch]
        if ended and watch.checked:
            self._ended[watch] = 0
        if len(self._watches) < _FEWEST:
            self._wake(list(self._watches))
        if not self._watches:
            self._stop()

    def is_used_for(self, kind: str) -> bool:
        """Return whether the list is used for jobs of this kind."""
        return (
            len(self._watches) >= _FEWEST
            and kind not in self._kinds_left_out
            and asyncio.get_running_loop().time() >= self._unused_until
        )

    def request_within(self, seconds: float) -> None:
        """Request the list within this many seconds, or as soon as its last reading permits."""
        loop = asyncio.get_running_loop()
        due = max(loop.time() + seconds, self._read_after)
        if self._reading is None and due < self._due:
            self._due = due
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_at(due, self._start)

    def report_missing(self, watch: Watch) -> None:
        """Handle that the list lacks a running job: it may contain no job of this kind."""
        if watch.wanted.kind not in self._kinds_found:
            self._leave_out(watch.wanted.kind, "does not contain running jobs")

    def _stop(self) -> None:
        """Stop reading, because no wait is left. Forget the list, unless it cannot be used."""
        self._ended.clear()
        if not self._kinds_left_out and self._unused_until < 0:
            self._client.job_lists.pop(self._path, None)
        self._due = math.inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._reading is not None:
            self._reading.cancel()

    def _start(self) -> None:
        self._due, self._timer = math.inf, None
        self._reading = asyncio.ensure_future(self._read())
        self._reading.add_done_callback(self._finish)

    def _finish(self, reading: asyncio.Task[None]) -> None:
        self._reading = None
        if not reading.cancelled() and (error := reading.exception()) is not None:
            # No wait may depend on the content of a list.
            self._stop_using(math.inf, f"cannot be used ({type(error).__name__}).")
        # Some waits may still sleep although they have been told to continue, and others may have begun meanwhile.
        seconds = min((watch.pause() for watch in self._watches), default=math.inf)
        if seconds < math.inf and asyncio.get_running_loop().time() >= self._unused_until:
            self.request_within(seconds)

    async def _read(self) -> None:
        """Request the list, and compare its entries with those that the waits know."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            entries = await self._entries()
        except DataRobotError as error:
            self._fail(error)
            return
        self._failures = 0
        checks = self._next_checks(loop.time())
        for number, watch in enumerate(list(self._watches), start=1):
            entry = entries.get(watch.wanted.id)
            if entry is not None:
                self._kinds_found.add(watch.wanted.kind)
            if watch.since < started:
                watch.update(entry, check=watch in checks)
            if number % BATCH == 0:
                await asyncio.sleep(0)
        self._compare_ended(entries)
        self._read_after = loop.time() + (loop.time() - started) * (1 / _LARGEST_SHARE - 1)

    async def _entries(self) -> dict[str, Mapping[str, Any]]:
        """Return the entries by their ids, from all pages until all wanted ones are found."""
        found: dict[str, Mapping[str, Any]] = {}
        path: str | None = self._path
        for _ in range(_PAGES):
            page = await self._client.list_jobs(str(path))
            found |= self._by_id(page.get("data"))
            path = api_path(str(page["next"])) if page.get("next") else None
            if path is None or all(watch.wanted.id in found for watch in self._watches):
                break
        return found

    def _by_id(self, rows: object) -> dict[str, Mapping[str, Any]]:
        if not isinstance(rows, list):
            raise MalformedResponseError(f"The list {self._path} has no field 'data' with its entries.")
        field = self._id_field
        return {str(row.get(field)): row for row in rows if isinstance(row, dict)}

    def _next_checks(self, now: float) -> set[Watch]:
        """Return the waits whose jobs are polled by requests of their own this time: all of them in turn."""
        if now < self._checked_at + _CHECK_SECONDS:
            return set()
        self._checked_at = now
        checks = list(self._watches)[:_CHECKS]
        for watch in checks:
            del self._watches[watch]
            self._watches[watch] = None
        return set(checks)

    def _compare_ended(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Leave out the kinds of jobs that have ended, but that the list still shows as running."""
        for watch, times in list(self._ended.items()):
            self._ended[watch] = times + 1
            if not watch.is_shown_by(entries):
                del self._ended[watch]
            elif times + 1 >= TOLERATED:
                del self._ended[watch]
                self._leave_out(watch.wanted.kind, "shows jobs as running that have ended")

    def _fail(self, error: DataRobotError) -> None:
        if not error.retryable and not isinstance(error, AuthenticationError):
            self._stop_using(math.inf, f"cannot be used. {_first_line(error)}")
            return
        self._failures += 1
        if self._failures >= TOLERATED:
            self._failures = 0
            self._stop_using(_FAILED_SECONDS, f"cannot be used at present. {_first_line(error)}")
        elif not isinstance(error, RateLimitError):
            self._wake(list(self._watches))

    def _stop_using(self, seconds: float, why: str) -> None:
        self._unused_until = asyncio.get_running_loop().time() + seconds
        log.info("The list %s %s Each job is polled by a request of its own.", self._path, why)
        self._wake(list(self._watches))

    def _leave_out(self, kind: str, why: str) -> None:
        if kind not in self._kinds_left_out:
            self._kinds_left_out.add(kind)
            log.info("The list %s %s (%s). Each of them is polled by a request of its own.", self._path, why, kind)
            self._wake([watch for watch in self._watches if watch.wanted.kind == kind])

    @staticmethod
    def _wake(watches: list[Watch]) -> None:
        in_batches(watches, lambda watch: watch.wake(needs_request=True))


def _first_line(error: DataRobotError) -> str:
    return str(error).partition("\n")[0]
