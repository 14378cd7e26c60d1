"""Steps of a wait: what :func:`datarobot_provider.jobs.poller.steps` yields to the code that executes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from datarobot_provider.client.request import Response
from datarobot_provider.exceptions import DataRobotError
from datarobot_provider.jobs.model import JobRef, ListEntry, Verdict

FIRST_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Get:
    """Step: send a GET request. The response or the error is passed to ``send()``.

    :param path: path of the request.
    :param entry: where a list contains the same object. A :class:`ListedResponse` may replace the response.
    """

    path: str
    entry: ListEntry | None = None


@dataclass(frozen=True, slots=True)
class ListedResponse(Response):
    """An entry of a list, instead of the response to a request for it alone."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Step: sleep.

    :param seconds: seconds until the next poll.
    :param pause: returns the seconds between two polls later, if the response does not change.
    :param unchanged_until: the time, in seconds since the epoch, until which only a changed response matters.
    """

    seconds: float
    pause: Callable[[], float] = field(default=lambda: FIRST_PAUSE, compare=False)
    unchanged_until: float = field(default=math.inf, compare=False)


@dataclass(frozen=True)
class LogMessage:
    """Step: write a message to the task log.

    :param text: the message.
    :param warning: whether it is a warning, default ``False``.
    """

    text: str
    warning: bool = False


@dataclass(frozen=True)
class FailedPoll(LogMessage):
    """Step: log that a poll failed."""


Step = Get | Sleep | LogMessage
WaitResult = tuple[JobRef, Verdict]
WaitSteps = Generator[Step, Response | DataRobotError | None, WaitResult]
Report = Callable[[LogMessage], None]
