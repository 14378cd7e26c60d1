"""Operators that are killed once, at the point that the conf of the run names, together with their worker."""

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
_PATIENCE = 60.0


class KillPoint:
    """Where the conf of a run has its task killed: ``point``, and ``mark``, the file that is created when it happens.

    ``occurrence`` says which time counts in a task that gets to the point several times.

    :ivar joins: whether the request is refused because somebody else's job runs, which the task then joins.
    :ivar sending: whether a request that makes something is on its way.
    :ivar answered: whether such a request was answered, and not refused.
    """

    def __init__(self, conf: Mapping[str, Any]) -> None:
        self._point = conf.get("point")
        self._mark = Path(conf["mark"]) if "mark" in conf else None
        self._left = int(conf.get("occurrence", 1))
        self.joins = bool(conf.get("joins"))
        self.sending = self.answered = False

    def due(self, point: str) -> bool:
        """Return whether this is the point, and no attempt was killed there."""
        return point == self._point and self._mark is not None and not self._mark.exists()

    def strike(self, point: str) -> None:
        """Kill the task if this is the point. The mark is created before, so that no later attempt is killed again."""
        if self.due(point) and self._mark is not None:
            self._left -= 1
            if self._left:
                return
            self._mark.touch(exist_ok=False)
            end_worker()


def end_worker() -> None:
    """SIGKILL the worker of the LocalExecutor that this task runs under, and the task, so that nothing is reported."""
    worker = os.getppid()
    title = Path(f"/proc/{worker}/cmdline").read_bytes().decode(errors="replace")
    if not title.startswith(WORKER):
        raise RuntimeError(f"the parent is {title!r}, which is no worker")
    os.kill(worker, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


class WatchedStore:
    """The task state store, watched. With ``protection`` off it forgets everything at once."""

    def __init__(self, store: Any, kill_point: KillPoint, *, protection: bool) -> None:
        self._store, self._kill_point, self._protection = store, kill_point, protection

    def get(self, key: str, default: Any = None) -> Any:
        """Return what is stored."""
        return self._store.get(key, default) if self._protection else default

    def set(self, key: str, value: Any, **options: Any) -> None:
        """Store; after a response, this is the moment in which its id is known to Airflow."""
        if self._protection:
            self._store.set(key, value, **options)
        if self._kill_point.answered:
            self._kill_point.strike("stored")

    def delete(self, key: str) -> None:
        """Forget."""
        if self._protection:
            self._store.delete(key)


class Killed:
    """Base class, put before an operator, that kills it. A task has its own process, which the patches end with."""

    def execute(self, context: Any) -> Any:
        """Run the operator, and kill it at the point that was named."""
        kill_point = self._prepare(context)
        value = super().execute(context)  # type: ignore[misc]
        kill_point.strike("on_return")
        return value

    def execute_complete(self, context: Any, event: Any = None, **more: Any) -> Any:
        """Do the same after a deferral."""
        kill_point = self._prepare(context)
        kill_point.strike("on_resume")
        value = super().execute_complete(context, event=event, **more)  # type: ignore[misc]
        kill_point.strike("on_return")
        return value

    def _prepare(self, context: Any) -> KillPoint:
        conf = context["dag_run"].conf or {}
        kill_point = KillPoint(conf)
        _watch_requests(kill_point)
        store = context.get("task_state_store")
        if store is not None:
            context["task_state_store"] = WatchedStore(store, kill_point, protection=conf.get("protection", True))
        return kill_point


def _watch_requests(kill_point: KillPoint) -> None:
    send, getresponse = SyncTransport.send, HTTPConnection.getresponse

    def watched_send(self: SyncTransport, request: Any) -> Any:
        if request.method not in _CREATING:
            return send(self, request)
        kill_point.strike("before_post")
        kill_point.sending = True
        response = send(self, request)
        kill_point.sending = False
        if response.status < _FIRST_ERROR or kill_point.joins:
            kill_point.strike("unstored_response")
            kill_point.answered = True
        return response

    def watched_getresponse(self: HTTPConnection, *args: Any, **kwargs: Any) -> Any:
        if kill_point.sending and kill_point.due("unread_response"):
            # Bytes that can be read are the beginning of the response: the server has done its part.
            select.select([self.sock], [], [], _PATIENCE)
            kill_point.strike("unread_response")
        return getresponse(self, *args, **kwargs)

    SyncTransport.send = watched_send  # type: ignore[method-assign]
    HTTPConnection.getresponse = watched_getresponse  # type: ignore[method-assign]
