"""After which errors a request may have made something all the same."""

from __future__ import annotations

import pytest

from datarobot_provider.core.submission.recovery import _made_nothing
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
    NotFoundError,
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
PERHAPS = [
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
]


def kind(error: Exception) -> str:
    return f"{type(error).__name__}-{getattr(error, 'status', getattr(error, 'reason', ''))}"


@pytest.mark.parametrize("error", NOTHING, ids=kind)
def test_errors_that_prove_that_nothing_was_made(error):
    assert _made_nothing(error) is True


@pytest.mark.parametrize("error", PERHAPS, ids=kind)
def test_errors_after_which_it_may_have_been_made(error):
    assert _made_nothing(error) is False


def test_no_class_of_errors_is_left_out():
    def below(base: type) -> set[type]:
        return {base}.union(*(below(sub) for sub in base.__subclasses__()))

    tried = {type(error) for error in (*NOTHING, *PERHAPS)}
    jobs = {sub for sub in below(DataRobotError) if "Job" in sub.__name__ or "Polling" in sub.__name__}
    package = {sub for sub in below(DataRobotError) if sub.__module__ == "datarobot_provider.exceptions"}
    assert package - tried - jobs == set()
