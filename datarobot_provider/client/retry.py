"""Retry policy of requests, for both transports.

A request with a safe method is sent again after any transient failure. A request that changes something is sent again
only if it certainly did not reach the application, or if the server responded with ``Retry-After`` that it did not
process the request. Otherwise a POST that is sent twice could start two jobs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pendulum

from datarobot_provider.client.request import Request, Response
from datarobot_provider.exceptions import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

SAFE_METHODS = frozenset({"GET", "HEAD", "DELETE"})
NOT_PROCESSED = frozenset({429, 503})
_TRANSIENT = frozenset({408, 429})
_TOO_MANY_REQUESTS = 429
_FIRST_SERVER_ERROR = 500
#: Seconds for which the polls of a running job may fail in a row, for example during maintenance.
POLL_FAILURE_TIMEOUT = 900.0
#: Limit of the exponent. The pause exceeds any cap long before, and a float overflows at a few hundred more.
_MAX_DOUBLINGS = 64


@dataclass(frozen=True)
class RetryPolicy:
    """Policy for the attempts of one request.

    :param attempts: maximum number of attempts, default 5.
    :param base: upper bound of the first pause, in seconds; default 0.5. It doubles with every further pause.
    :param cap: longest pause, in seconds; default 60. It also limits ``Retry-After``.
    """

    attempts: int = 5
    base: float = 0.5
    cap: float = 60.0

    def pause(self, attempt: int, outcome: Response | TransportError, jitter: Callable[[], float]) -> float:
        """Return the pause before the next attempt, in seconds.

        :param attempt: number of attempts so far.
        :param outcome: outcome of the last attempt.
        :param jitter: returns a number from 0 to 1.
        """
        requested = retry_after(outcome) if isinstance(outcome, Response) else None
        if requested is not None:
            return min(requested, self.cap)
        return min(self.cap, self.base * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS)) * jitter()


def may_repeat(request: Request, outcome: Response | TransportError) -> bool:
    """Return whether ``request`` may be sent again after ``outcome``."""
    safe = request.method in SAFE_METHODS
    if isinstance(outcome, TransportError):
        return safe or not outcome.sent
    if safe:
        return outcome.status in _TRANSIENT or outcome.status >= _FIRST_SERVER_ERROR
    return _was_not_processed(outcome)


def retry_steps(
    request: Request, policy: RetryPolicy, jitter: Callable[[], float] = random.random
) -> Generator[float | None, Response | TransportError, Response]:
    """Decide step by step how one request is sent. No I/O, so that both transports can use it.

    Yields ``None`` to have the request sent; the outcome is passed to ``send()``. Yields a number to sleep that many
    seconds.

    :param request: the request.
    :param policy: the retry policy.
    :param jitter: returns a number from 0 to 1.
    :returns: the last response, whatever its status. Its ``repeated`` is set if an earlier attempt may have been
        processed.
    :raises TransportError: if the last attempt got no response.
    """
    count, repeated = 0, False
    while True:
        outcome = yield None
        count += 1
        if count < policy.attempts and may_repeat(request, outcome):
            repeated = repeated or _may_be_processed(outcome)
            yield policy.pause(count, outcome, jitter)
        elif isinstance(outcome, TransportError):
            raise outcome
        else:
            return replace(outcome, repeated=True) if repeated else outcome


def retry_after(response: Response) -> float | None:
    """Return the value of ``Retry-After`` (a number or a date) in seconds, or ``None`` if there is no valid one."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, (pendulum.instance(moment) - pendulum.now("UTC")).total_seconds())
    except (ValueError, OverflowError, TypeError, IndexError):
        # The date parser of the standard library raises any of these for an invalid date.
        return None


def _was_not_processed(response: Response) -> bool:
    """Return whether the server reports that it did not process the request, which may be sent again."""
    return response.status in NOT_PROCESSED and retry_after(response) is not None


def _may_be_processed(outcome: Response | TransportError) -> bool:
    if isinstance(outcome, TransportError):
        return outcome.sent
    return outcome.status != _TOO_MANY_REQUESTS and not _was_not_processed(outcome)
