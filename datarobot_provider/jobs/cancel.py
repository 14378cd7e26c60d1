"""Stopping a job: which route to DELETE, and what to tell the reader afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datarobot_provider.exceptions import NOTHING_TO_CANCEL, DataRobotError, MalformedResponseError
from datarobot_provider.jobs.kinds import KINDS

if TYPE_CHECKING:
    from datarobot_provider.client.request import Response
    from datarobot_provider.jobs.model import JobRef

_OK = 200


def cancel_path(ref: JobRef) -> str | None:
    """Return the path to DELETE, or ``None`` if this job is not to be cancelled, or cannot be through the API."""
    template = KINDS[ref.kind].cancel
    if ref.joined or template is None or not ref.has_ids_for(template):
        return None
    return ref.path(template)


def identity(ref: JobRef, response: Response) -> str | None:
    """Return what tells a job from the next one at the same address.

    :param ref: the job.
    :param response: what a look at that address came back with.
    :returns: ``None`` where every job has an address of its own, or where the response does not tell.
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
    """What became of a cancellation.

    :param ended: whether the job has ended.
    :param report: the same in one sentence.
    """

    ended: bool
    report: str


def cancellation(ref: JobRef, path: str | None, error: DataRobotError | None = None) -> Cancellation:
    """Judge a cancellation; see :func:`cancel_report` for the parameters."""
    over = path is not None and (error is None or isinstance(error, NOTHING_TO_CANCEL))
    return Cancellation(over, cancel_report(ref, path, error))


def cancel_report(ref: JobRef, path: str | None, error: DataRobotError | None = None) -> str:
    """Say in one sentence what became of a cancellation.

    :param ref: the job.
    :param path: what :func:`cancel_path` gave.
    :param error: what the DELETE ended in, ``None`` if it worked.
    """
    title = KINDS[ref.kind].title
    if ref.joined:
        return f"This task did not start the {title}, so it is not cancelled: it goes on in DataRobot."
    if path is None:
        return f"DataRobot has no way to cancel a {title}: it goes on there."
    if error is None:
        return f"The {title} was cancelled in DataRobot."
    if isinstance(error, NOTHING_TO_CANCEL):
        return f"The {title} was already over when it was to be cancelled in DataRobot."
    return f"The {title} could not be cancelled and may still run in DataRobot: {error}"
