"""Everything that can go wrong, as one tree of plain Python exceptions.

::

    DataRobotError
    ├── ConfigurationError        the Airflow connection cannot be used
    ├── InputError                an argument, a file or a folder is not what the API needs
    ├── TransportError            no usable response: unreachable, timed out, cut off
    ├── MalformedResponseError       a response came, but not one of the DataRobot API
    │   ├── ResponseTooLargeError     more than any JSON or log of DataRobot has
    │   └── UntraceableJobError       a job was accepted, but not where to follow it
    ├── UncertainSubmitError      an earlier try may have made it, and nobody can tell
    ├── DownloadError             what was downloaded is not what was announced
    ├── ApiError                  the API refused a request
    │   ├── AuthenticationError       401
    │   ├── AccessDeniedError         403
    │   ├── NotFoundError             404, 410
    │   ├── ConflictError             409
    │   ├── ValidationError           400, 413, 422
    │   ├── RateLimitError            429
    │   └── ServerError               5xx
    └── JobError                  a job on DataRobot did not end well
        ├── JobFailedError            it failed
        ├── JobCancelledError         somebody stopped it
        ├── JobExpiredError           DataRobot no longer knows it
        ├── JobTimeoutError           it did not end in time
        └── PollingError              its state could not be read; it may be fine
            └── PollingRefusedError       the API refuses to show it

``retryable`` says whether the same task may end differently when it is tried again; ``operators/base.py`` turns it into
Airflow's choice between a retry and an immediate failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST_MESSAGE = 2000


class DataRobotError(Exception):
    """Base of every error this package raises on purpose.

    :ivar retryable: whether another try of the same task may succeed without anybody changing anything.
    """

    retryable: bool = True


class ConfigurationError(DataRobotError):
    """The Airflow connection is missing, incomplete or of the wrong form."""

    retryable = False


class InputError(DataRobotError):
    """An argument, a file or a folder is not what the API needs; nothing was sent."""

    retryable = False


class TransportError(DataRobotError):
    """A request got no usable response.

    :param message: what happened, in plain words.
    :param reason: ``dns``, ``refused``, ``proxy``, ``tls``, ``timeout`` or ``lost``.
    :param sent: whether the request may have reached the application; ``False`` only where it provably did not.
    """

    def __init__(self, message: str, *, reason: str, sent: bool) -> None:
        super().__init__(message)
        self.reason = reason
        self.sent = sent


class MalformedResponseError(DataRobotError):
    """A response arrived that is not one of the DataRobot API (HTML, cut JSON, a missing field)."""


class ResponseTooLargeError(MalformedResponseError):
    """A response has more bytes than any JSON or log of the DataRobot API has; it was not read to its end.

    The request is not sent again on its own. While a job is waited for, it counts as a failed poll.
    """


class UntraceableJobError(MalformedResponseError):
    """A job was accepted, but the response has no address to poll. Sending it again would start a second job."""

    retryable = False


class UncertainSubmitError(DataRobotError):
    """An earlier try of the task may have made what this try is to make, and DataRobot cannot tell.

    :param why: why it cannot.
    """

    retryable = False

    def __init__(self, why: str) -> None:
        self.headline = f"An earlier try of this task may have come through, its response was lost. {why}"
        super().__init__(
            f"{self.headline}\nWhat to do: look in DataRobot. If nothing was made, clear the task: it is then done "
            "anew. on_uncertain_submit='resubmit' takes the risk of doing it twice."
        )


class DownloadError(DataRobotError):
    """What was downloaded is not what was announced; nothing was left under the final name."""


class ApiError(DataRobotError):
    """The API answered a request with an error.

    :param status: HTTP status code.
    :param message: the server's own words.
    :param method: HTTP method of the request.
    :param path: path of the request below ``/api/v2/``.
    :param errors: the server's field errors, field name to text.
    :param request_id: the server's id of the request, for DataRobot's support.
    :param job_id: id of the running job the refusal names, where it names one.
    :param repeated: whether the request had been sent before in vain and may have been handled then: a "not found" that
        answers a DELETE may be the work of its first try.
    :param token_source: where the API token comes from, such as a field of an Airflow connection; part of the text of
        an error about the token.
    """

    retryable = False
    advice: ClassVar[str] = ""
    explanation = ""
    names_token: ClassVar[bool] = False

    def __init__(
        self,
        status: int,
        message: str,
        *,
        method: str,
        path: str,
        errors: Mapping[str, str] | None = None,
        request_id: str | None = None,
        job_id: str | None = None,
        repeated: bool = False,
        token_source: str = "",
    ) -> None:
        self.status = status
        self.message = message[:_LONGEST_MESSAGE]
        self.method = method
        self.path = path
        self.errors = dict(errors or {})
        self.request_id = request_id
        self.job_id = job_id
        self.repeated = repeated
        self.token_source = token_source
        super().__init__(self._text())

    def _text(self) -> str:
        lines = [f"DataRobot answered {self.status} to {self.method} {self.path}: {self.message}"]
        lines += [f"  {field}: {text}"[:_LONGEST_MESSAGE] for field, text in self.errors.items()]
        if self.explanation:
            lines.append(self.explanation[:_LONGEST_MESSAGE])
        if self.request_id:
            lines.append(f"Request id: {self.request_id}")
        if self.names_token and self.token_source:
            lines.append(f"API token: {self.token_source}")
        if self.advice:
            lines.append(f"What to do: {self.advice}")
        return "\n".join(lines)


class AuthenticationError(ApiError):
    """401: the token is missing, wrong, expired or revoked."""

    advice = "put a valid API token into the password of the Airflow connection."
    names_token = True


class AccessDeniedError(ApiError):
    """403: the token is good, but its user may not do this."""

    advice = "ask for the permission in DataRobot, or use a connection whose user has it."
    names_token = True


class NotFoundError(ApiError):
    """404 or 410: no such thing, or the user may not see it."""

    advice = "check the ids; DataRobot also answers 404 for things that the token's user may not see."

    def explain(self, explanation: str) -> None:
        """Add which argument and which id the error is about.

        :param explanation: one line; nothing is added if it is empty.
        """
        self.explanation = explanation
        self.args = (self._text(),)


class ConflictError(ApiError):
    """409: the thing is in a state that does not allow this."""


class ValidationError(ApiError):
    """400, 413 or 422: the API does not take these values, or not in the present state."""

    advice = "correct the arguments named above, then clear the task."


class RateLimitError(ApiError):
    """429: too many requests, for longer than the retry policy waits."""

    retryable = True


class ServerError(ApiError):
    """5xx: DataRobot or a proxy in front of it failed, for longer than the retry policy waits."""

    retryable = True


#: How the API says that there is nothing left to cancel or to delete.
NOTHING_TO_CANCEL = (NotFoundError, ConflictError, ValidationError)


class JobError(DataRobotError):
    """A job on DataRobot did not end well.

    :param headline: what failed, in one line.
    :param state: DataRobot's own word for the state the job was last seen in.
    :param message: DataRobot's own explanation.
    :param details: more lines for the reader, such as the failed checks of a test.
    :param log_tail: the last lines of the remote job's log.
    :param url: the page in DataRobot that shows it.
    :param advice: what to do now.
    :param retryable: whether starting the job again may end differently; the class's answer where it is ``None``.
    """

    def __init__(
        self,
        headline: str,
        *,
        state: str | None = None,
        message: str | None = None,
        details: Sequence[str] = (),
        log_tail: Sequence[str] = (),
        url: str | None = None,
        advice: str = "",
        retryable: bool | None = None,
    ) -> None:
        if retryable is not None:
            self.retryable = retryable
        self.headline = headline
        self.state = state
        self.message = message
        self.details = list(details)
        self.log_tail = list(log_tail)
        self.url = url
        self.advice = advice
        super().__init__(self._text())

    def _text(self) -> str:
        lines = [self.headline]
        if self.message:
            lines.append(f"DataRobot says: {self.message[:_LONGEST_MESSAGE]}")
        lines += self.details
        if self.log_tail:
            lines += [f"Last {len(self.log_tail)} lines of the remote log:", *(f"  | {line}" for line in self.log_tail)]
        if self.url:
            lines.append(f"See: {self.url}")
        if self.advice:
            lines.append(f"What to do: {self.advice}")
        return "\n".join(lines)


class JobFailedError(JobError):
    """The job ended in failure."""


class JobCancelledError(JobError):
    """Somebody stopped the job; it is not started again without being asked."""

    retryable = False


class JobExpiredError(JobError):
    """DataRobot gave the job up or no longer knows it."""


class JobTimeoutError(JobError):
    """The job did not end before the task's deadline."""


class PollingError(JobError):
    """The job's state could not be read for too long; the job itself was left alone."""


class PollingRefusedError(PollingError):
    """The API refuses to show the job's state (401, 403): waiting longer does not help."""

    retryable = False
