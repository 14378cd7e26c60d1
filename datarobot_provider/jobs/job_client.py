"""What can be done with a job through a sync client: wait, look, cancel, fetch its result, its log and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.pagination import get_all_pages
from datarobot_provider.client.request import Request
from datarobot_provider.exceptions import DataRobotError
from datarobot_provider.jobs.cancel import Cancellation, cancel_path, cancellation
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.jobs.model import Outcome
from datarobot_provider.jobs.poller import Report, poll_once, steps, wait

if TYPE_CHECKING:
    from datarobot_provider.client.client import DataRobotClient
    from datarobot_provider.jobs.model import JobRef

LOG_TAIL_LINES = 50


class JobClient:
    """Jobs of one DataRobot installation.

    :param client: the client to use.
    :param tell: takes what the reader of the task log should know.
    """

    def __init__(self, client: DataRobotClient, report: Report) -> None:
        self._client = client
        self._tell = report

    def wait(self, ref: JobRef, deadline: float, poll_interval: float) -> JobEvent:
        """Wait for a job on this thread.

        :param ref: the job.
        :param deadline: when to give up, in seconds since the epoch.
        :param poll_interval: longest pause between two looks, in seconds.
        """
        failure_timeout = self._client.poll_failure_timeout
        loop = steps(ref, deadline=deadline, poll_interval=poll_interval, failure_timeout=failure_timeout)
        return JobEvent(*wait(loop, self._client.poll, self._tell))

    def poll_once(self, ref: JobRef, *, confirmed: bool = True) -> JobEvent:
        """Look once, without waiting.

        :param ref: the job.
        :param confirmed: whether DataRobot is known to have the job; otherwise a refusal ends the wait.
        """
        return JobEvent(*poll_once(ref, self._client.poll, self._tell, confirmed=confirmed))

    def is_running(self, ref: JobRef) -> bool:
        """Poll once, and log nothing; return whether the job runs, as far as that can be told."""
        _, verdict = poll_once(ref, self._client.poll, lambda _: None)
        return verdict.outcome is Outcome.PENDING

    def cancel(self, ref: JobRef) -> Cancellation:
        """Stop a job where the API can; return what became of it."""
        path, error = cancel_path(ref), None
        if path is not None:
            try:
                self._client.send(Request("DELETE", path))
            except DataRobotError as caught:
                error = caught
        return cancellation(ref, path, error)

    def result(self, event: JobEvent) -> Any:
        """Return the finished thing: the one that the last look came back with, or else fetch it.

        :param event: the end of a job that succeeded.
        :returns: the API object, the pages of a list of impacts put together; for a bare status record the absolute
            URL that it named, or ``None``.
        """
        kind, found = KINDS[event.ref.kind], event.verdict.found
        if found is not None and not found.get("next"):
            return found
        if kind.result is None:
            return self._client.endpoint.url(event.verdict.result) if event.verdict.result else None
        named = event.ref.has_ids_for(kind.result) or not event.verdict.result
        path = event.ref.path(kind.result) if named else str(event.verdict.result)
        return get_all_pages(self._client.send, path)

    def log_tail(self, ref: JobRef) -> list[str]:
        """Fetch the last lines of a job's log; empty if it has none, or if it cannot be had."""
        template = KINDS[ref.kind].log
        if template is None or not ref.has_ids_for(template):
            return []
        try:
            response = self._client.send(Request("GET", ref.path(template)))
        except DataRobotError as error:
            return [f"(the log could not be fetched: {str(error).splitlines()[0]})"]
        return response.log_text().splitlines()[-LOG_TAIL_LINES:]

    def page(self, ref: JobRef) -> str | None:
        """Return the URL of the page in DataRobot that shows the job."""
        template = KINDS[ref.kind].page
        if template is None or not ref.has_ids_for(template):
            return None
        return self._client.endpoint.page(ref.path(template))
