"""An account with jobs, on an event loop with a virtual clock: status records, and the list of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from datarobot_provider.jobs import shared_poll
from datarobot_provider.jobs.async_wait import pause, wait_async
from datarobot_provider.jobs.model import JobRef, Verdict
from datarobot_provider.jobs.poller import steps
from datarobot_provider.jobs.shared_poll import SharedWait
from tests.unit.jobs.virtual_loop import Loop, result_of
from tests.unit.support import ORIGIN, response

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from datarobot_provider.client.request import Response

LIST = "status/?limit=0"
#: The states of the records of jobs that end in these ways.
ENDS = {"succeeded": "COMPLETED", "failed": "ERROR", "cancelled": "ABORTED", "expired": "EXPIRED"}


@dataclass
class Job:
    """A job.

    :param seconds: how long it runs.
    :param end: a key of ``ENDS``, or ``gone`` if its record is deleted.
    :param kind: its kind.
    :param state: its state while it runs.
    :param starts: seconds until it exists.
    """

    seconds: float
    end: str = "succeeded"
    kind: str = "task_status"
    state: str = "RUNNING"
    starts: float = 0.0


@dataclass
class Wait:
    """The end of a wait.

    :param delay: seconds between the end of the job and the end of the wait.
    """

    verdict: Verdict
    delay: float
    messages: list[str] = field(default_factory=list)


class Account:
    """The jobs of an account; also the client of a connection.

    :param jobs: the jobs, by their ids.
    :param listed: changes what the list returns; gets its entries, and the seconds since the start.
    """

    def __init__(
        self, jobs: dict[str, Job], listed: Callable[[list[dict[str, Any]], float], Any] = lambda entries, _: entries
    ) -> None:
        self.jobs = jobs
        self.listed = listed
        self.job_lists: dict[str, Any] = {}
        self.polls: list[str] = []
        self.lists: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self._loop.time() - self._started

    def record(self, job_id: str, now: float) -> dict[str, Any] | None:
        """Return the status record of a job; ``None`` if it is gone."""
        job = self.jobs[job_id]
        if now < job.starts:
            return None
        if now < job.seconds:
            return {"statusId": job_id, "status": job.state, "message": ""}
        return None if job.end == "gone" else {"statusId": job_id, "status": ENDS[job.end], "message": "why"}

    async def poll(self, path: str) -> Response:
        """Respond to the request for one record."""
        await asyncio.sleep(0.01)
        self.polls.append(path)
        job_id = path.removeprefix("status/").rstrip("/")
        record = self.record(job_id, self.now)
        if record is None:
            return response(404)
        if record["status"] == "COMPLETED":
            return response(303, location=f"{ORIGIN}/api/v2/made/{job_id}/")
        return response(body=record)

    async def list_jobs(self, path: str) -> Any:
        """Respond to the request for the list."""
        await asyncio.sleep(0.02)
        if not path.startswith("status/"):
            return {"data": []}
        self.lists.append(self.now)
        records = [record for job_id in self.jobs if (record := self.record(job_id, self.now))]
        listed = self.listed(records, self.now) if path == LIST else self.listed(records, path)
        return listed if isinstance(listed, dict) else {"data": listed, "next": None}

    async def wait(self, job_id: str, *, shared: bool = True, seconds: float = 7_200.0, interval: float = 10.0) -> Wait:
        """Wait for a job as a trigger does."""
        job, messages = self.jobs[job_id], []
        ref = JobRef(job.kind, {"status_id": job_id, **IDS.get(job.kind, {})})
        deadline = time_of(self._loop) + seconds
        await asyncio.sleep(1)
        loop = steps(
            ref, deadline=deadline, poll_interval=interval, clock=lambda: time_of(self._loop), jitter=lambda: 1.0
        )
        wait = SharedWait(self) if shared else Alone(self)
        ended = False
        try:
            _, verdict = await wait_async(loop, wait.get, lambda each: messages.append(each.text), wait.sleep)
            ended = True
        finally:
            wait.close(ended=ended)
        return Wait(verdict, self.now - job.seconds, messages)


#: More ids of the jobs, by their kinds.
IDS = {
    "dataset_from_url": {"dataset_id": "d", "dataset_version_id": "v"},
    "model_test": {"custom_model_id": "m", "custom_model_test_id": "t"},
}


class Alone:
    """Executes a wait with requests of its own."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def get(self, step: Any) -> Response:
        return await self._account.poll(step.path)

    async def sleep(self, step: Any) -> None:
        await pause(step.seconds)

    def close(self, *, ended: bool) -> None:
        pass


def time_of(loop: Any) -> float:
    """Return the time of a loop as the time of the system."""
    return 1_000_000.0 + loop.time()


def run_account(monkeypatch: pytest.MonkeyPatch, main: Callable[[Loop], Any]) -> Any:
    """Run ``main(loop)`` on a loop with a virtual clock, which is also that of the waits."""

    async def with_clock(loop: Loop) -> Any:
        monkeypatch.setattr(shared_poll, "time", SimpleNamespace(time=lambda: time_of(loop)))
        return await main(loop)

    return result_of(with_clock)[0]
