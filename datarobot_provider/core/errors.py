"""How the errors of this package become Airflow's: with a retry, or without."""

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
    """Turn our errors into Airflow's: a retry where one can help, an immediate failure where none can.

    :param task: the operator or sensor, if there is one; a 404 names those of its arguments that it is about.
    """
    try:
        yield
    except DataRobotError as error:
        if isinstance(error, NotFoundError) and task is not None:
            from datarobot_provider.core.not_found import explanation

            error.explain(explanation(error, task))
        kind = AirflowException if error.retryable else AirflowFailException
        raise kind(str(error)) from None


@contextmanager
def retry_access_errors(record: SubmissionRecord | None = None) -> Iterator[None]:
    """Let Airflow retry a task that lost its connection while its job runs; a retry or a clear takes the job up again.

    :param record: the record of the job, if the task has one.
    """
    try:
        yield
    except (ConfigurationError, AuthenticationError, AccessDeniedError) as error:
        error.retryable = True
        if record is not None:
            record.mark_unreachable()
        raise
