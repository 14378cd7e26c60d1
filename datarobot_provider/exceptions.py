"""Exceptions of the provider.

::

    DataRobotError
    ├── ConfigurationError        the Airflow connection is missing or invalid
    ├── InputError                an argument, a file or a folder is invalid
    ├── TransportError            there is no response: host unreachable, timeout, connection lost
    ├── MalformedResponseError    the response is not one of the DataRobot API
    │   ├── ResponseTooLargeError     it exceeds the size limit
    │   └── UntraceableJobError       it accepts a job, but does not name its status record
    ├── UncertainSubmitError      it is unknown whether an earlier attempt was processed
    ├── DownloadError             a downloaded file is not the expected one
    ├── ApiError                  the API responded with an error
    │   ├── AuthenticationError       401
    │   ├── AccessDeniedError         403
    │   ├── NotFoundError             404, 410
    │   ├── ConflictError             409
    │   ├── ValidationError           400, 413, 422
    │   ├── RateLimitError            429
    │   └── ServerError               5xx
    ├── MissingMeasurementError   DataRobot has not measured what a decision requires
    ├── QualityGateError          a quality gate rejects a model
    └── JobError                  a job did not succeed
        ├── JobFailedError            it failed
        ├── JobCancelledError         it was cancelled
        ├── JobExpiredError           it no longer exists in DataRobot
        ├── JobTimeoutError           it did not end before the timeout
        └── PollingError              its state could not be polled
            └── PollingRefusedError       DataRobot refuses to show its state

``retryable`` says whether a retry of the task can succeed. ``core/errors.py`` translates it to an exception of Airflow
that allows a retry, or fails the task at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST_MESSAGE = 2000


class DataRobotError(Exception):
    """Base class of the exceptions of this package.

    :ivar retryable: whether a retry of the task can succeed without a change by the user.
    """

    retryable: bool = True


class ConfigurationError(DataRobotError):
    """The Airflow connection is missing, incomplete or invalid."""

    retryable = False


class InputError(DataRobotError):
    """An argument, a file or a folder is invalid. No request was sent."""

    retryable = False


class TransportError(DataRobotError):
    """There is no response to a request.

    :param message: what failed.
    :param reason: ``dns``, ``refused``, ``proxy``, ``tls``, ``timeout`` or ``lost``.
    :param sent: whether the request may have reached the application. ``False`` only if it certainly did not.
    """

    def __init__(self, message: str, *, reason: str, sent: bool) -> None:
        super().__init__(message)
        self.reason = reason
        self.sent = sent


class MalformedResponseError(DataRobotError):
    """A response is not one of the DataRobot API, for example HTML, incomplete JSON, or an object without a field."""


class ResponseTooLargeError(MalformedResponseError):
    """A response exceeds the size limit and was not read to its end.

    The request is not sent again. During a wait, this error counts as a failed poll.
    """


class UntraceableJobError(MalformedResponseError):
    """A job was accepted, but the response names no status record. A second request would start a second job."""

    retryable = False


class UncertainSubmitError(DataRobotError):
    """An earlier attempt of the task may have been processed, and DataRobot does not show whether it was.

    :param why: why this is unknown.
    """

    retryable = False

    def __init__(self, why: str) -> None:
        self.headline = f"An earlier attempt of this task may have been processed: its response was lost. {why}"
        super().__init__(
            f"{self.headline}\nWhat to do: check in DataRobot whether the request was processed. If not, clear the "
            "task to send it again. on_uncertain_submit='resubmit' always sends it again, which may do the work twice."
        )


class DownloadError(DataRobotError):
    """A downloaded file is not the expected one. No file was left under the final name."""


class MissingMeasurementError(DataRobotError):
    """DataRobot has not measured what a decision requires. A later attempt may find it.

    :param name: what was not measured.
    :param advice: what to do, one or several sentences.
    """

    def __init__(self, name: str, advice: str) -> None:
        super().__init__(f"DataRobot has no value for {name}, so that no decision was made. {advice}")


class QualityGateError(DataRobotError):
    """A quality gate rejects a model."""

    retryable = False


class ApiError(DataRobotError):
    """The API responded with an error.

    :param status: HTTP status code.
    :param message: the message of the server.
    :param method: HTTP method of the request.
    :param path: path of the request below ``/api/v2/``.
    :param errors: error messages of the server by field.
    :param request_id: the id that the server gave to the request, for the support of DataRobot.
    :param job_id: id of the running job that the error names.
    :param repeated: whether an earlier attempt of the request may have been processed. A 404 for a repeated DELETE can
        mean that the first attempt deleted the object.
    :param token_source: where the API token comes from. It is part of the text if the error is about the token.
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
        lines = [f"DataRobot returned {self.status} for {self.method} {self.path}: {self.message}"]
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
    """401: the API token is missing, invalid, expired or revoked."""

    advice = "set a valid API token as the password of the Airflow connection."
    names_token = True


class AccessDeniedError(ApiError):
    """403: the user of the API token has no permission."""

    advice = "request the permission in DataRobot, or use a connection whose user has it."
    names_token = True


class NotFoundError(ApiError):
    """404 or 410: the object does not exist, or the user has no access to it."""

    advice = "check the ids. DataRobot also returns 404 for objects that the user of the API token has no access to."

    def explain(self, explanation: str) -> None:
        """Add an explanation to the text, such as which argument contains the id.

        :param explanation: one line. If it is empty, nothing is added.
        """
        self.explanation = explanation
        self.args = (self._text(),)


class ConflictError(ApiError):
    """409: the state of the object does not allow the request."""


class ValidationError(ApiError):
    """400, 413 or 422: the API does not accept the values, or not in the current state."""

    advice = "correct the arguments named above, then clear the task."


class RateLimitError(ApiError):
    """429: too many requests, for longer than the retry policy allows."""

    retryable = True


class ServerError(ApiError):
    """5xx: DataRobot or a proxy failed, for longer than the retry policy allows."""

    retryable = True


#: Errors of a DELETE that mean that the job has already ended, or that the object no longer exists.
NOTHING_TO_CANCEL = (NotFoundError, ConflictError, ValidationError)


class JobError(DataRobotError):
    """A job did not succeed.

    :param headline: what failed, in one line.
    :param state: last known state of the job, as DataRobot names it.
    :param message: the message of the server about the job.
    :param details: more lines, such as the failed checks of a test.
    :param log_tail: last lines of the log of the job.
    :param url: page of the job in DataRobot.
    :param advice: what to do.
    :param retryable: whether a new job can succeed; ``None`` (the default) for the value of the class.
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
            lines.append(f"Message from DataRobot: {self.message[:_LONGEST_MESSAGE]}")
        lines += self.details
        if self.log_tail:
            lines += [f"Last {len(self.log_tail)} lines of the job's log:", *(f"  | {line}" for line in self.log_tail)]
        if self.url:
            lines.append(f"See: {self.url}")
        if self.advice:
            lines.append(f"What to do: {self.advice}")
        return "\n".join(lines)


class JobFailedError(JobError):
    """The job failed."""


class JobCancelledError(JobError):
    """The job was cancelled. It is not started again without a decision of the user."""

    retryable = False


class JobExpiredError(JobError):
    """The job no longer exists in DataRobot."""


class JobTimeoutError(JobError):
    """The job did not end before the timeout of the task."""


class PollingError(JobError):
    """The job could not be polled for too long. It was not cancelled."""


class PollingRefusedError(PollingError):
    """DataRobot refuses to show the state of the job (401, 403). A longer wait does not help."""

    retryable = False
