"""One operator that creates something in DataRobot, and the number of the resources that exist.

The emulator counts twice, without code of the package: the requests, and the resources.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.parity.runs import Store, TaskInstance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.parity.prepare import Arguments
    from tests.support.emulator import EmulatorClient

#: The result of sending the same request again after the first one was processed.
CREATED_AGAIN, REUSED, REJECTED = "created again", "reused", "rejected"
#: There is nothing left to do, so that no request is sent.
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Submitter:
    """One operator with one set of arguments.

    :param name: the name in test ids.
    :param prepare: creates the resources that the operator requires; returns its arguments.
    :param send: method and path of the request that creates the resource.
    :param kind: the emulator's name of its job; ``None`` if there is no job.
    :param listing: path and query of the list that contains the resource; ``None`` if there is none.
    :param cancel: path of the DELETE that cancels its job; ``None`` if the API has none.
    :param again: the result of a second such request.
    :param decidable: whether the API shows that the request was processed, while the job runs and after its end.
    :param fixed: further arguments of the operator.
    """

    name: str
    operator: type[Any]
    prepare: Callable[[EmulatorClient], Arguments]
    send: tuple[str, str]
    kind: str | None = None
    listing: tuple[str, Mapping[str, str]] | None = None
    cancel: str | None = None
    again: str = CREATED_AGAIN
    decidable: tuple[bool, bool] = (True, True)
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def count_resources(self, datarobot: EmulatorClient, arguments: Arguments) -> int:
        """Return the number of such resources in the emulator."""
        counts = {len(datarobot.jobs(self.kind))} if self.kind else set()
        if self.listing and not self.kind:
            path, query = self.listing
            filled = {name: value.format(**arguments) for name, value in query.items()}
            counts.add(len(datarobot.entries(path.format(**arguments), **filled)))
        (count,) = counts
        return count


def send_again(submitter: Submitter, arguments: Arguments) -> None:
    """Send the request of a task again, like another user."""
    waiting = ("deferrable", "poll_interval", "timeout")
    others = {name: value for name, value in arguments.items() if name not in waiting}
    context = {"ti": TaskInstance(), "task_state_store": Store()}
    submitter.operator(**{**others, "task_id": "another-task"}).execute(context)
