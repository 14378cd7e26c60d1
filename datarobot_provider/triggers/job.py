"""The one trigger: waits for any job of the table. It only looks and, when the task is killed, cancels."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from datarobot_provider.client.retry import POLL_FAILURE_TIMEOUT
from datarobot_provider.exceptions import DataRobotError
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs.async_wait import pause_before_first_poll, wait_async
from datarobot_provider.jobs.cancel import cancel_path, cancel_report, identity
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from datarobot_provider.jobs.poller import steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from datarobot_provider.client.client import AsyncDataRobotClient
    from datarobot_provider.client.request import Response
    from datarobot_provider.hooks.shared_clients import SharedClient

_CANCEL_SECONDS = 10.0


class DataRobotJobTrigger(BaseTrigger):
    """Waits for a job without blocking the event loop, and yields one event: how it ended.

    The task has looked at the job before it was deferred, so it begins with a pause. Its arguments are stored as plain
    text: ids only, no host, no token.

    :param ref: the job, as :meth:`JobRef.dumps` wrote it.
    :param datarobot_conn_id: id of the Airflow connection.
    :param deadline: when to give up, in seconds since the epoch; a restart of the triggerer does not move it.
    :param poll_interval: longest pause between two looks, in seconds.
    :param cancel_on_kill: whether a user's kill of the task also cancels the job (Airflow 3.3 and up), unless the task
        only joined it.
    :param poll_failure_timeout: how long polls may fail in a row, in seconds; default 900. A connection that cannot be
        read counts as a failed poll: the job runs on.
    """

    def __init__(
        self,
        ref: str,
        datarobot_conn_id: str,
        deadline: float,
        poll_interval: float = 10.0,
        cancel_on_kill: bool = True,
        poll_failure_timeout: float = POLL_FAILURE_TIMEOUT,
        **_: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ref = ref
        self.datarobot_conn_id = datarobot_conn_id
        self.deadline = deadline
        self.poll_interval = poll_interval
        self.cancel_on_kill = cancel_on_kill
        self.poll_failure_timeout = poll_failure_timeout
        self._ended = False
        self._latest: Response | None = None
        self._client: AsyncDataRobotClient | None = None
        self._shared: SharedClient | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "ref": self.ref,
            "datarobot_conn_id": self.datarobot_conn_id,
            "deadline": self.deadline,
            "poll_interval": self.poll_interval,
            "cancel_on_kill": self.cancel_on_kill,
            "poll_failure_timeout": self.poll_failure_timeout,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and yield one event. Errors become events too, so that the task can say what happened."""
        await pause_before_first_poll(self.deadline, self.poll_interval)
        ref = JobRef.loads(self.ref)
        loop = steps(
            ref,
            deadline=self.deadline,
            poll_interval=self.poll_interval,
            failure_timeout=self.poll_failure_timeout,
        )
        try:
            event = JobEvent(*await wait_async(loop, self._poll, DataRobotHook.report))
        except DataRobotError as error:
            outcome = Outcome.POLLING_ERROR if error.retryable else Outcome.POLLING_REFUSED
            event = JobEvent(ref, Verdict(outcome, message=str(error)))
        finally:
            if self._shared is not None:
                await self._shared.__aexit__()
        # Airflow also calls on_kill when the event was already sent.
        self._ended = True
        yield TriggerEvent(event.dump())

    async def _poll(self, path: str) -> Response:
        """Poll with the client that all triggers of the connection share; a connection may be missing for a while."""
        if self._client is None:
            shared = DataRobotHook(self.datarobot_conn_id).async_client()
            self._client, self._shared = await shared.__aenter__(), shared
        response = await self._client.poll(path)
        # As in the poller: of many responses that say the same, the first is kept and the others go at once.
        if self._latest is None or response.body != self._latest.body:
            self._latest = response
        return response

    async def on_kill(self) -> None:
        """Cancel the job when a user kills or clears the waiting task (Airflow 3.3 and up)."""
        # Stored by an operator that has converted it: anything but a boolean is no consent to cancel.
        if self._ended or self.cancel_on_kill is not True:
            return
        work = asyncio.ensure_future(self._cancel())
        while not work.done():
            # A triggerer cancels again and again what does not end at once, in the middle of this, too. The work has
            # its own limits of time, and so an end.
            with suppress(asyncio.CancelledError):
                await asyncio.shield(work)
        work.result()

    async def _cancel(self) -> None:
        if await self._still_waits():
            self.log.info("The task still waits: another triggerer has taken it over. The job is left alone.")
            return
        ref = JobRef.loads(self.ref)
        path, error = cancel_path(ref), None
        if path is not None:
            try:
                async with (
                    asyncio.timeout(_CANCEL_SECONDS),
                    DataRobotHook(self.datarobot_conn_id).async_client() as client,
                ):
                    ours = identity(ref, self._latest) if self._latest else None
                    if ours and identity(ref, await client.poll(path)) != ours:
                        self.log.info("The task was killed. Its job is over already.")
                        return
                    await client.delete(path)
            except (DataRobotError, TimeoutError) as caught:
                error = caught if isinstance(caught, DataRobotError) else DataRobotError("no answer in time")
        self.log.warning("The task was killed. %s", cancel_report(ref, path, error))

    async def _still_waits(self) -> bool:
        """Return whether the task is deferred after all.

        Airflow also calls ``on_kill`` in a triggerer that was silent for too long and lost its triggers to another one.
        """
        asked = asyncio.wait_for(_state_of(self.task_instance), _CANCEL_SECONDS)
        # Whatever fails in Airflow, the kill was meant.
        (state,) = await asyncio.gather(asked, return_exceptions=True)
        if isinstance(state, Exception):
            self.log.info("Airflow does not tell the task's state (%s); it is taken as killed.", type(state).__name__)
        return state == "deferred"


async def _state_of(task_instance: Any) -> str | None:
    """Return the present state of a task, from inside a triggerer of Airflow 3.3 and up.

    :param task_instance: what the triggerer has put on the trigger.
    :raises Exception: whatever Airflow raises where it cannot tell.
    """
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    states = await asyncio.to_thread(
        RuntimeTaskInstance.get_task_states,
        dag_id=task_instance.dag_id,
        run_ids=[task_instance.run_id],
        task_ids=[task_instance.task_id],
        map_index=task_instance.map_index,
    )
    found = [state for tasks in states.values() for state in tasks.values()]
    return str(found[0]) if found and found[0] else None
