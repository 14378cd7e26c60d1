"""Operators that are killed once together with their worker, at the point that the run's conf names."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection

from datarobot_provider.client.sync_transport import SyncTransport

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKER = "airflow worker -- LocalExecutor"
_CREATING = frozenset({"POST", "PATCH"})
_FIRST_ERROR = 400
_TIMEOUT = 60.0


class KillPoint:
    """The kill point in the conf of a run: ``point``, and ``marker``, a file that is created before the kill.

    ``occurrence`` is the number of times that the task reaches the point until it is killed.

    :ivar joins: whether DataRobot rejects the request because a job of another run exists, which the task then joins.
    :ivar sending: whether a request that creates a resource is being sent.
    :ivar response_received: whether the response to such a request was received and is not an error.
    """

    def __init__(self, conf: Mapping[str, Any]) -> None:
        self._point = conf.get("point")
        self._marker = Path(conf["marker"]) if "marker" in conf else None
        self._left = int(conf.get("occurrence", 1))
        self.joins = bool(conf.get("joins"))
        self.sending = self.response_received = False

    def due(self, point: str) -> bool:
        """Return whether the task must be killed at this point, and no attempt was."""
        return point == self._point and self._marker is not None and not self._marker.exists()

    def kill_if_due(self, point: str) -> None:
        """Kill the task if this is the point. The marker is created first, so that later attempts are not killed."""
        if self.due(point) and self._marker is not None:
            self._left -= 1
            if self._left:
                return
            self._marker.touch(exist_ok=False)
            kill_worker()


def kill_worker() -> None:
    """SIGKILL the worker of the LocalExecutor that runs this task, and the task, so that nobody reports its end."""
    worker = os.getppid()
    title = Path(f"/proc/{worker}/cmdline").read_bytes().decode(errors="replace")
    if not title.startswith(WORKER):
        raise RuntimeError(f"the parent is {title!r}, not a worker of the LocalExecutor")
    os.kill(worker, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


class ObservedStore:
    """A task state store that reports writes to the kill point. Without ``protection``, it stores nothing."""

    def __init__(self, store: Any, kill_point: KillPoint, *, protection: bool) -> None:
        self._store, self._kill_point, self._protection = store, kill_point, protection

    def get(self, key: str, default: Any = None) -> Any:
        """Return a stored value."""
        return self._store.get(key, default) if self._protection else default

    def set(self, key: str, value: Any, **options: Any) -> None:
        """Store a value; the first value after a response contains the id of the resource."""
        if self._protection:
            self._store.set(key, value, **options)
        if self._kill_point.response_received:
            self._kill_point.kill_if_due("stored")

    def delete(self, key: str) -> None:
        """Delete a value."""
        if self._protection:
            self._store.delete(key)


class Killed:
    """Mixin that kills an operator. Its patches are not undone: a task has its own process."""

    def execute(self, context: Any) -> Any:
        """Run the operator, and kill it at the kill point."""
        kill_point = self._prepare(context)
        value = super().execute(context)  # type: ignore[misc]
        kill_point.kill_if_due("on_return")
        return value

    def execute_complete(self, context: Any, event: Any = None, **more: Any) -> Any:
        """Resume the operator after a deferral, and kill it at the kill point."""
        kill_point = self._prepare(context)
        kill_point.kill_if_due("on_resume")
        value = super().execute_complete(context, event=event, **more)  # type: ignore[misc]
        kill_point.kill_if_due("on_return")
        return value

    def _prepare(self, context: Any) -> KillPoint:
        conf = context["dag_run"].conf or {}
        kill_point = KillPoint(conf)
        _observe_requests(kill_point)
        store = context.get("task_state_store")
        if store is not None:
            context["task_state_store"] = ObservedStore(store, kill_point, protection=conf.get("protection", True))
        return kill_point


def _observe_requests(kill_point: KillPoint) -> None:
    send, getresponse = SyncTransport.send, HTTPConnection.getresponse

    def observed_send(self: SyncTransport, request: Any) -> Any:
        if request.method not in _CREATING:
            return send(self, request)
        kill_point.kill_if_due("before_post")
        kill_point.sending = True
        response = send(self, request)
        kill_point.sending = False
        if response.status < _FIRST_ERROR or kill_point.joins:
            kill_point.kill_if_due("unstored_response")
            kill_point.response_received = True
        return response

    def observed_getresponse(self: HTTPConnection, *args: Any, **kwargs: Any) -> Any:
        if kill_point.sending and kill_point.due("unread_response"):
            # When the response can be read, the server has processed the request.
            select.select([self.sock], [], [], _TIMEOUT)
            kill_point.kill_if_due("unread_response")
        return getresponse(self, *args, **kwargs)

    SyncTransport.send = observed_send  # type: ignore[method-assign]
    HTTPConnection.getresponse = observed_getresponse  # type: ignore[method-assign]
