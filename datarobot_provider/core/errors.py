"""Translation of this package's exceptions into Airflow exceptions, with or without a retry."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from datarobot_provider.exceptions import (
    AccessDeniedError,
    AuthenticationError,
    ConfigurationError,
    DataRobotError,
    NotFoundError,
)
from datarobot_provider.version_compat import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datarobot_provider.core.submission.record import SubmissionRecord


@contextmanager
def airflow_errors(task: Any = None) -> Iterator[None]:
    """Raise Airflow exceptions instead of this package's exceptions.

    :param task: the operator or sensor; default ``None``. Its arguments are named in the message of a 404.
    :raises AirflowException: if a retry may succeed.
    :raises AirflowFailException: if a retry cannot succeed.
    """
    try:
        yield
    except DataRobotError as error:
        if isinstance(error, NotFoundError) and task is not None:
            from datarobot_provider.core.not_found import explain_not_found

            error.explain(explain_not_found(error, task))
        exception_type = AirflowException if error.retryable else AirflowFailException
        raise exception_type(str(error)) from None


@contextmanager
def retry_access_errors(record: SubmissionRecord | None = None) -> Iterator[None]:
    """Let Airflow retry the task if the connection is missing or access is denied while its job may be running.

    The job is marked as unreachable, so that a retry or a clear resumes it.

    :param record: the submission record of the job; default ``None``.
    """
    try:
        yield
    except (ConfigurationError, AuthenticationError, AccessDeniedError) as error:
        error.retryable = True
        if record is not None:
            record.mark_unreachable()
        raise
