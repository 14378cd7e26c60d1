"""Synchronous operations on jobs: wait, poll, cancel, get the result, the log and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.pagination import get_all_pages
from datarobot_provider.client.request import Request
from datarobot_provider.exceptions import DataRobotError
from datarobot_provider.jobs.cancel import Cancellation, cancel_path, cancellation
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.model import Outcome
from datarobot_provider.jobs.poller import poll_once, steps, wait

if TYPE_CHECKING:
    from datarobot_provider.client.client import DataRobotClient
    from datarobot_provider.jobs.model import JobRef
    from datarobot_provider.jobs.wait_steps import Report

LOG_TAIL_LINES = 50


class JobClient:
    """Synchronous client for the jobs of one DataRobot installation.

    :param client: the client that sends the requests.
    :param report: called with messages for the task log.
    """

    def __init__(self, client: DataRobotClient, report: Report) -> None:
        self._client = client
        self._report = report

    def wait(self, ref: JobRef, deadline: float, poll_interval: float) -> JobEvent:
        """Wait for a job, and block the thread.

        :param ref: the job.
        :param deadline: end of the wait, in seconds since the epoch.
        :param poll_interval: longest pause between two polls, in seconds.
        """
        failure_timeout = self._client.poll_failure_timeout
        loop = steps(ref, deadline=deadline, poll_interval=poll_interval, failure_timeout=failure_timeout)
        return JobEvent(*wait(loop, self._client.poll, self._report))

    def poll_once(self, ref: JobRef, *, confirmed: bool = True) -> JobEvent:
        """Poll a job once, without waiting.

        :param ref: the job.
        :param confirmed: whether it is certain that the job exists. If not, a non-retryable error ends the wait.
        """
        return JobEvent(*poll_once(ref, self._client.poll, self._report, confirmed=confirmed))

    def is_running(self, ref: JobRef) -> bool:
        """Return whether a job is running, according to one poll. Nothing is logged."""
        _, verdict = poll_once(ref, self._client.poll, lambda _: None)
        return verdict.outcome is Outcome.PENDING

    def cancel(self, ref: JobRef) -> Cancellation:
        """Cancel a job if the API supports it, and return the result of the cancellation."""
        path, error = cancel_path(ref), None
        if path is not None:
            try:
                self._client.send(Request("DELETE", path))
            except DataRobotError as caught:
                error = caught
        return cancellation(ref, path, error)

    def result(self, event: JobEvent) -> Any:
        """Return the result of a job: that of the last poll, or else the response to a GET request.

        :param event: the event of a job that succeeded.
        :returns: an object of the API, with all pages of its lists. If there is only a status record, the absolute URL
            that it names, or ``None``.
        """
        kind, found = KINDS[event.ref.kind], event.verdict.found
        if found is not None and not found.get("next"):
            return found
        if kind.result is None:
            return self._client.endpoint.url(event.verdict.result) if event.verdict.result else None
        has_ids = event.ref.has_ids_for(kind.result) or not event.verdict.result
        path = event.ref.path(kind.result) if has_ids else str(event.verdict.result)
        return get_all_pages(self._client.send, path)

    def log_tail(self, ref: JobRef) -> list[str]:
        """Return the last lines of the log of a job. Empty if there is no log."""
        template = KINDS[ref.kind].log
        if template is None or not ref.has_ids_for(template):
            return []
        try:
            response = self._client.send(Request("GET", ref.path(template)))
        except DataRobotError as error:
            return [f"(the log could not be read: {str(error).splitlines()[0]})"]
        return response.log_text().splitlines()[-LOG_TAIL_LINES:]

    def page(self, ref: JobRef) -> str | None:
        """Return the URL of the page of a job in DataRobot."""
        template = KINDS[ref.kind].page
        if template is None or not ref.has_ids_for(template):
            return None
        return self._client.endpoint.page(ref.path(template))
