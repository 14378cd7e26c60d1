"""Classification of errors: whether the request may have created something."""

from __future__ import annotations

import pytest

from datarobot_provider.core.submission.recovery import _created_nothing
from datarobot_provider.exceptions import (
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    DataRobotError,
    DownloadError,
    InputError,
    JobFailedError,
    MalformedResponseError,
    MissingMeasurementError,
    NotFoundError,
    QualityGateError,
    RateLimitError,
    ResponseTooLargeError,
    ServerError,
    TransportError,
    UncertainSubmitError,
    UntraceableJobError,
    ValidationError,
)


def api_error(kind: type[ApiError], status: int) -> ApiError:
    return kind(status, "why", method="POST", path="x/")


NOTHING = [
    InputError("x"),
    TransportError("x", reason="refused", sent=False),
    TransportError("x", reason="proxy", sent=False),
    api_error(ApiError, 418),
    api_error(AuthenticationError, 401),
    api_error(AccessDeniedError, 403),
    api_error(NotFoundError, 404),
    api_error(NotFoundError, 410),
    api_error(ConflictError, 409),
    api_error(ValidationError, 400),
    api_error(ValidationError, 413),
    api_error(ValidationError, 422),
    api_error(RateLimitError, 429),
]
UNCERTAIN = [
    TransportError("x", reason="lost", sent=True),
    TransportError("x", reason="timeout", sent=True),
    api_error(ServerError, 500),
    api_error(ServerError, 502),
    api_error(ServerError, 503),
    api_error(ServerError, 504),
    MalformedResponseError("x"),
    ResponseTooLargeError("x"),
    UntraceableJobError("x"),
    DataRobotError("x"),
    ConfigurationError("x"),
    DownloadError("x"),
    UncertainSubmitError("x"),
    JobFailedError("x"),
    MissingMeasurementError("x", "y"),
    QualityGateError("x"),
]


def error_id(error: Exception) -> str:
    return f"{type(error).__name__}-{getattr(error, 'status', getattr(error, 'reason', ''))}"


@pytest.mark.parametrize("error", NOTHING, ids=error_id)
def test_error_proves_that_nothing_was_created(error):
    assert _created_nothing(error) is True


@pytest.mark.parametrize("error", UNCERTAIN, ids=error_id)
def test_error_leaves_the_outcome_uncertain(error):
    assert _created_nothing(error) is False


def test_every_error_class_is_classified():
    def subclasses(base: type) -> set[type]:
        return {base}.union(*(subclasses(sub) for sub in base.__subclasses__()))

    classified = {type(error) for error in (*NOTHING, *UNCERTAIN)}
    jobs = {sub for sub in subclasses(DataRobotError) if "Job" in sub.__name__ or "Polling" in sub.__name__}
    package = {sub for sub in subclasses(DataRobotError) if sub.__module__ == "datarobot_provider.exceptions"}
    assert package - classified - jobs == set()
