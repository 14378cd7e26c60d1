"""Trigger that waits for a job of any kind."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from datarobot_provider.client.retry import POLL_FAILURE_TIMEOUT
from datarobot_provider.exceptions import DataRobotError
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs.async_wait import freeze_loaded_modules, pause, pause_before_first_poll, wait_async
from datarobot_provider.jobs.cancel import cancel_path, cancel_report, identity
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from datarobot_provider.jobs.poller import steps
from datarobot_provider.jobs.shared_poll import SharedWait
from datarobot_provider.jobs.wait_steps import ListedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from datarobot_provider.client.request import Response
    from datarobot_provider.hooks.shared_clients import SharedClient
    from datarobot_provider.jobs.wait_steps import Get, Sleep

_CANCEL_SECONDS = 10.0


class DataRobotJobTrigger(BaseTrigger):
    """Waits for a job and yields one event with the result.

    It only polls the job, and cancels it when the task is killed. The task has polled the job before it was deferred,
    so the wait begins with a pause. The arguments are stored as plain text. They contain ids, but no host and no token.

    :param ref: the job, as returned by :meth:`JobRef.dumps`.
    :param datarobot_conn_id: id of the Airflow connection.
    :param deadline: end of the wait, in seconds since the epoch. A restart of the triggerer does not change it.
    :param poll_interval: longest pause between two polls, in seconds; default 10.
    :param cancel_on_kill: whether to cancel the job when a user kills the task (Airflow 3.3 and later), default
        ``True``. A job that the task has only joined is never cancelled.
    :param poll_failure_timeout: seconds for which polls may fail in a row, default 900. An unreadable connection counts
        as a failed poll.
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
        self._wait: SharedWait | None = None
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
        """Wait and yield one event. Errors are also reported as an event, so that the task can raise them."""
        freeze_loaded_modules()
        await pause_before_first_poll(self.deadline, self.poll_interval)
        ref = JobRef.loads(self.ref)
        loop = steps(
            ref,
            deadline=self.deadline,
            poll_interval=self.poll_interval,
            failure_timeout=self.poll_failure_timeout,
        )
        ended = False
        try:
            event = JobEvent(*await wait_async(loop, self._get, DataRobotHook.report, self._sleep))
            ended = True
        except DataRobotError as error:
            outcome = Outcome.POLLING_ERROR if error.retryable else Outcome.POLLING_REFUSED
            event = JobEvent(ref, Verdict(outcome, message=str(error)))
        finally:
            if self._wait is not None:
                self._wait.close(ended=ended)
            if self._shared is not None:
                await self._shared.__aexit__()
        # Airflow also calls on_kill after the event was sent.
        self._ended = True
        yield TriggerEvent(event.dump())

    async def _get(self, step: Get) -> Response:
        """Poll with the shared client. It is created here, because a missing connection counts as a failed poll."""
        if self._wait is None:
            shared = DataRobotHook(self.datarobot_conn_id).async_client()
            client, self._shared = await shared.__aenter__(), shared
            self._wait = SharedWait(client)
        response = await self._wait.get(step)
        if not isinstance(response, ListedResponse):
            self._latest = response
        return response

    def _sleep(self, step: Sleep) -> Awaitable[None]:
        """Pause until the next poll, even without a connection."""
        return pause(step.seconds) if self._wait is None else self._wait.sleep(step)

    async def on_kill(self) -> None:
        """Cancel the job when a user kills or clears the deferred task (Airflow 3.3 and later)."""
        # The operator stores a boolean. Any other value is not a permission to cancel.
        if self._ended or self.cancel_on_kill is not True:
            return
        work = asyncio.ensure_future(self._cancel())
        while not work.done():
            # The triggerer cancels this coroutine repeatedly until it ends. The work has its own time limits.
            with suppress(asyncio.CancelledError):
                await asyncio.shield(work)
        work.result()

    async def _cancel(self) -> None:
        if await self._is_still_deferred():
            self.log.info(
                "The task is still deferred: its trigger was moved to another triggerer. The job is not cancelled."
            )
            return
        ref = JobRef.loads(self.ref)
        path, error = cancel_path(ref), None
        if path is not None:
            try:
                async with (
                    asyncio.timeout(_CANCEL_SECONDS),
                    DataRobotHook(self.datarobot_conn_id).async_client() as client,
                ):
                    own_identity = identity(ref, self._latest) if self._latest else None
                    if own_identity and identity(ref, await client.poll(path, is_limited=False)) != own_identity:
                        self.log.info("The task was killed. Its job has already ended.")
                        return
                    await client.delete(path)
            except (DataRobotError, TimeoutError) as caught:
                error = (
                    caught
                    if isinstance(caught, DataRobotError)
                    else DataRobotError(f"no response within {_CANCEL_SECONDS:g} seconds")
                )
        self.log.warning("The task was killed. %s", cancel_report(ref, path, error))

    async def _is_still_deferred(self) -> bool:
        """Return whether the task is still deferred.

        Airflow also calls ``on_kill`` in an unresponsive triggerer whose triggers were moved to another one.
        """
        request = asyncio.wait_for(_state_of(self.task_instance), _CANCEL_SECONDS)
        # If the state cannot be read, the task is treated as killed.
        (state,) = await asyncio.gather(request, return_exceptions=True)
        if isinstance(state, Exception):
            self.log.info(
                "The state of the task could not be read (%s). The task is treated as killed.", type(state).__name__
            )
        return state == "deferred"


async def _state_of(task_instance: Any) -> str | None:
    """Return the current state of a task, in a triggerer of Airflow 3.3 and later.

    :param task_instance: the task instance that the triggerer has set on the trigger.
    :raises Exception: if Airflow cannot read the state.
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
