"""Cancellation of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datarobot_provider.exceptions import NOTHING_TO_CANCEL, DataRobotError, MalformedResponseError
from datarobot_provider.jobs.kinds import KINDS

if TYPE_CHECKING:
    from datarobot_provider.client.request import Response
    from datarobot_provider.jobs.model import JobRef

_OK = 200


def cancel_path(ref: JobRef) -> str | None:
    """Return the path for the DELETE request, or ``None`` if the job must not or cannot be cancelled."""
    template = KINDS[ref.kind].cancel
    if ref.joined or template is None or not ref.has_ids_for(template):
        return None
    return ref.path(template)


def identity(ref: JobRef, response: Response) -> str | None:
    """Return a value that distinguishes a job from the next job at the same path.

    :param ref: the job.
    :param response: response to a poll.
    :returns: the value; ``None`` if every job of this kind has its own path, or if the response does not contain it.
    """
    name = KINDS[ref.kind].identity
    if name is None or response.status != _OK:
        return None
    try:
        value = response.object().get(name)
    except MalformedResponseError:
        return None
    return value if isinstance(value, str) else None


class Cancellation(NamedTuple):
    """Result of a cancellation.

    :param ended: whether the job has ended.
    :param report: the result in one sentence.
    """

    ended: bool
    report: str


def cancellation(ref: JobRef, path: str | None, error: DataRobotError | None = None) -> Cancellation:
    """Return the result of a cancellation. See :func:`cancel_report` for the parameters."""
    ended = path is not None and (error is None or isinstance(error, NOTHING_TO_CANCEL))
    return Cancellation(ended, cancel_report(ref, path, error))


def cancel_report(ref: JobRef, path: str | None, error: DataRobotError | None = None) -> str:
    """Return a sentence with the result of a cancellation.

    :param ref: the job.
    :param path: return value of :func:`cancel_path`.
    :param error: error of the DELETE request, or ``None``.
    """
    title = KINDS[ref.kind].title
    if ref.joined:
        return f"The {title} is not cancelled, because this task did not start it. It is still running in DataRobot."
    if path is None:
        return f"DataRobot cannot cancel a {title}. It is still running."
    if error is None:
        return f"The {title} was cancelled in DataRobot."
    if isinstance(error, NOTHING_TO_CANCEL):
        return f"The {title} had already ended when DataRobot received the cancellation."
    return f"The {title} could not be cancelled and may still be running in DataRobot: {error}"
