"""Operators that die once, at the point that the run's conf names: the task, and the worker that watches over it."""

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


class Death:
    """What a run's conf says about dying: ``point`` where, ``mark`` the file that is made once it was done.

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
        """Return whether this is the point, and nobody has died there."""
        return point == self._point and self._mark is not None and not self._mark.exists()

    def strike(self, point: str) -> None:
        """Die if this is the point. The mark is made before, so that no later try dies again."""
        if self.due(point) and self._mark is not None:
            self._left -= 1
            if self._left:
                return
            self._mark.touch(exist_ok=False)
            end_worker()


def end_worker() -> None:
    """SIGKILL the worker of the LocalExecutor that this task runs under, and the task: nobody is left to report."""
    worker = os.getppid()
    title = Path(f"/proc/{worker}/cmdline").read_bytes().decode(errors="replace")
    if not title.startswith(WORKER):
        raise RuntimeError(f"the parent is {title!r}, which is no worker")
    os.kill(worker, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


class MortalStore:
    """The task state store, watched. With ``protection`` off it forgets everything at once."""

    def __init__(self, store: Any, death: Death, *, protection: bool) -> None:
        self._store, self._death, self._protection = store, death, protection

    def get(self, key: str, default: Any = None) -> Any:
        """Return what is stored."""
        return self._store.get(key, default) if self._protection else default

    def set(self, key: str, value: Any, **options: Any) -> None:
        """Store; after a response, this is the moment in which its id is known to Airflow."""
        if self._protection:
            self._store.set(key, value, **options)
        if self._death.answered:
            self._death.strike("stored")

    def delete(self, key: str) -> None:
        """Forget."""
        if self._protection:
            self._store.delete(key)


class Mortal:
    """Put before an operator, lets it die. A task has a process of its own, so what is patched here goes with it."""

    def execute(self, context: Any) -> Any:
        """Do what the operator does, and die at the point that was named."""
        death = self._prepare(context)
        value = super().execute(context)  # type: ignore[misc]
        death.strike("on_return")
        return value

    def execute_complete(self, context: Any, event: Any = None, **more: Any) -> Any:
        """Do the same after a deferral."""
        death = self._prepare(context)
        death.strike("on_resume")
        value = super().execute_complete(context, event=event, **more)  # type: ignore[misc]
        death.strike("on_return")
        return value

    def _prepare(self, context: Any) -> Death:
        conf = context["dag_run"].conf or {}
        death = Death(conf)
        _watch_requests(death)
        store = context.get("task_state_store")
        if store is not None:
            context["task_state_store"] = MortalStore(store, death, protection=conf.get("protection", True))
        return death


def _watch_requests(death: Death) -> None:
    send, getresponse = SyncTransport.send, HTTPConnection.getresponse

    def mortal_send(self: SyncTransport, request: Any) -> Any:
        if request.method not in _CREATING:
            return send(self, request)
        death.strike("before_post")
        death.sending = True
        response = send(self, request)
        death.sending = False
        if response.status < _FIRST_ERROR or death.joins:
            death.strike("unstored_response")
            death.answered = True
        return response

    def mortal_getresponse(self: HTTPConnection, *args: Any, **kwargs: Any) -> Any:
        if death.sending and death.due("unread_response"):
            # Bytes that can be read are the beginning of the response: the server has done its part.
            select.select([self.sock], [], [], _PATIENCE)
            death.strike("unread_response")
        return getresponse(self, *args, **kwargs)

    SyncTransport.send = mortal_send  # type: ignore[method-assign]
    HTTPConnection.getresponse = mortal_getresponse  # type: ignore[method-assign]
