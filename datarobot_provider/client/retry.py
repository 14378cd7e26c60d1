"""The one retry policy: which requests are sent again, after which failures, how often and how much later.

Safe methods are sent again after any passing failure. A request that changes something is sent again only when it
provably never reached the application, or when the server said with ``Retry-After`` that it did not handle it: a POST
that is sent twice starts a job twice.
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
NOT_HANDLED = frozenset({429, 503})
_PASSING = frozenset({408, 429})
_TOO_MANY = 429
_FIRST_SERVER_ERROR = 500
#: How long, in seconds, the polls of a running job may fail in a row: a maintenance window.
POLL_FAILURE_TIMEOUT = 900.0
#: More doublings than this take any pause beyond any cap, and a few hundred more would overflow.
_MAX_DOUBLINGS = 64


@dataclass(frozen=True)
class RetryPolicy:
    """How patient one request is.

    :param attempts: how often it is sent at the most; default 5.
    :param base: upper bound of the first pause, in seconds; it doubles with every further one; default 0.5.
    :param cap: longest pause, in seconds; also caps ``Retry-After``; default 60.
    """

    attempts: int = 5
    base: float = 0.5
    cap: float = 60.0

    def pause(self, tries: int, outcome: Response | TransportError, jitter: Callable[[], float]) -> float:
        """Return how long to wait, in seconds, after ``tries`` tries of which the last ended in ``outcome``."""
        asked = retry_after(outcome) if isinstance(outcome, Response) else None
        if asked is not None:
            return min(asked, self.cap)
        return min(self.cap, self.base * 2.0 ** min(tries - 1, _MAX_DOUBLINGS)) * jitter()


def may_repeat(request: Request, outcome: Response | TransportError) -> bool:
    """Return whether ``request`` may be sent again after ``outcome``."""
    safe = request.method in SAFE_METHODS
    if isinstance(outcome, TransportError):
        return safe or not outcome.sent
    if safe:
        return outcome.status in _PASSING or outcome.status >= _FIRST_SERVER_ERROR
    return _refused_unread(outcome)


def retry_steps(
    request: Request, policy: RetryPolicy, jitter: Callable[[], float] = random.random
) -> Generator[float | None, Response | TransportError, Response]:
    """Drive one request without doing any I/O, for a sync and an async sender alike.

    Yields ``None`` for "send it now" (the outcome is to be sent in) and a number for "sleep so many seconds".

    :param request: what is sent.
    :param policy: how patient to be.
    :param jitter: gives a number from 0 to 1.
    :returns: the last response, whatever its status; its ``repeated`` is set if an earlier try may have been handled.
    :raises TransportError: if the last try got no response.
    """
    count, repeated = 0, False
    while True:
        outcome = yield None
        count += 1
        if count < policy.attempts and may_repeat(request, outcome):
            repeated = repeated or _may_be_handled(outcome)
            yield policy.pause(count, outcome, jitter)
        elif isinstance(outcome, TransportError):
            raise outcome
        else:
            return replace(outcome, repeated=True) if repeated else outcome


def retry_after(response: Response) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (a number or a date), or ``None`` without a usable one."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, (pendulum.instance(moment) - pendulum.now("UTC")).total_seconds())
    except (ValueError, OverflowError, TypeError, IndexError):
        # The standard library's parser of dates ends in each of these, depending on where the text stops making sense.
        return None


def _refused_unread(response: Response) -> bool:
    """Return whether the server says that it did not handle the request and wants it again."""
    return response.status in NOT_HANDLED and retry_after(response) is not None


def _may_be_handled(outcome: Response | TransportError) -> bool:
    if isinstance(outcome, TransportError):
        return outcome.sent
    return outcome.status != _TOO_MANY and not _refused_unread(outcome)
