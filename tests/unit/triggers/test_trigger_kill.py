"""Cancellation of the job when its task is killed."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from datarobot_provider.exceptions import TransportError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.triggers import job
from tests.unit.jobs.scripted_waits import ref_of
from tests.unit.support import response
from tests.unit.triggers.waits import BUILD, events, trigger

DONE = response(body={"buildStatus": "success"})


class TestKill:
    def test_a_kill_cancels_the_job_once(self, api, task_log):
        api.on("DELETE", BUILD, response(204))
        asyncio.run(trigger().on_kill())
        assert api.paths("DELETE") == [BUILD]
        assert "The task was killed. The dependency build was cancelled in DataRobot." in task_log()

    @pytest.mark.parametrize(("state", "deletes"), [("deferred", 0), ("failed", 1), ("restarting", 1), (None, 1)])
    def test_a_task_that_is_still_deferred_was_not_killed(self, api, monkeypatch, task_log, state, deletes):
        """Airflow also calls on_kill in a triggerer whose triggers were moved to another one."""
        api.on("DELETE", BUILD, response(204))
        asked = []

        def states(**what):
            asked.append(what)
            return {"run": {"task_3": state}}

        monkeypatch.setattr("airflow.sdk.execution_time.task_runner.RuntimeTaskInstance.get_task_states", states)
        made = trigger()
        made.task_instance = SimpleNamespace(dag_id="dag", run_id="run", task_id="task", map_index=3)
        asyncio.run(made.on_kill())
        assert len(api.paths("DELETE")) == deletes
        assert asked == [{"dag_id": "dag", "run_ids": ["run"], "task_ids": ["task"], "map_index": 3}]
        assert ("The job is not cancelled" in task_log()) is not bool(deletes)

    @pytest.mark.parametrize(
        ("now", "deletes"),
        [
            (response(body={"buildStatus": "processing", "buildStart": "noon"}), 1),
            (response(body={"buildStatus": "processing", "buildStart": "later"}), 0),
            (response(422, {"message": "not started"}), 0),
            (response(200, b"no JSON"), 0),
        ],
        ids=["its own", "the next one", "none", "unreadable"],
    )
    def test_only_the_build_of_this_wait_is_cancelled(self, api, now, deletes):
        """A new build has the same path as the previous one."""
        api.on("DELETE", BUILD, response(204))

        async def kill() -> None:
            made, looked = trigger(), asyncio.Event()
            mine = response(body={"buildStatus": "processing", "buildStart": "noon"})
            api.on("GET", BUILD, lambda _: looked.set() or mine)
            waiting = asyncio.ensure_future(events(made))
            await looked.wait()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            api.on("GET", BUILD, now)
            await made.on_kill()

        asyncio.run(kill())
        assert len(api.paths("DELETE")) == deletes

    def test_repeated_cancellation_of_the_trigger_does_not_stop_the_request(self, api, monkeypatch):
        """Airflow cancels the trigger again while on_kill waits for the response."""
        api.on("DELETE", BUILD, response(204))

        async def kill() -> None:
            asked, reported = asyncio.Event(), asyncio.Event()

            async def slowly(_: object) -> str:
                asked.set()
                await reported.wait()
                return "failed"

            monkeypatch.setattr(job, "_state_of", slowly)
            killing = asyncio.ensure_future(trigger().on_kill())
            await asked.wait()
            for _ in range(3):
                killing.cancel()
                await asyncio.sleep(0)
            reported.set()
            await killing

        asyncio.run(kill())
        assert api.paths("DELETE") == [BUILD]

    def test_a_kill_while_waiting_cancels_the_job(self, api):
        api.on("GET", BUILD, response(body={"buildStatus": "processing"}))
        api.on("DELETE", BUILD, response(204))

        async def kill() -> None:
            made, looked = trigger(), asyncio.Event()
            api.on("GET", BUILD, lambda _: looked.set() or response(body={"buildStatus": "processing"}))
            waiting = asyncio.ensure_future(events(made))
            await looked.wait()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await made.on_kill()

        asyncio.run(kill())
        assert api.paths("DELETE") == [BUILD]

    def test_a_kill_after_the_event_cancels_nothing(self, api):
        api.on("GET", BUILD, DONE)
        made = trigger()

        async def kill() -> None:
            await anext(made.run())
            await made.on_kill()

        asyncio.run(kill())
        assert api.sent("DELETE") == []

    def test_a_kill_cancels_nothing_without_cancel_on_kill(self, api):
        asyncio.run(trigger(cancel_on_kill=False).on_kill())
        assert api.requests == []

    def test_cleanup_cancels_nothing(self, api):
        asyncio.run(trigger().cleanup())
        assert api.requests == []

    @pytest.mark.parametrize("status", [404, 409, 422])
    def test_a_job_that_has_already_ended_is_not_an_error(self, api, task_log, status):
        api.on("DELETE", BUILD, response(status, {"message": "no"}))
        asyncio.run(trigger().on_kill())
        assert "already ended" in task_log()

    @pytest.mark.parametrize("scripted", [response(403), TransportError("gone", reason="lost", sent=True)])
    def test_a_failed_cancellation_is_logged_and_not_raised(self, api, task_log, scripted):
        api.on("DELETE", BUILD, scripted)
        asyncio.run(trigger().on_kill())
        assert "may still be running in DataRobot" in task_log()

    def test_a_cancellation_has_a_timeout(self, api, task_log, monkeypatch):
        monkeypatch.setattr(job, "_CANCEL_SECONDS", 0.01)

        async def never(*_args):
            await asyncio.Event().wait()

        monkeypatch.setattr("datarobot_provider.client.client.AsyncDataRobotClient.delete", never)
        asyncio.run(trigger().on_kill())
        assert "no response within 0.01 seconds" in task_log()

    def test_a_kill_does_not_cancel_a_joined_job(self, api, task_log):
        ref = ref_of("dependency_build")
        asyncio.run(trigger(ref=JobRef(ref.kind, ref.ids, joined=True).dumps()).on_kill())
        assert "The dependency build is not cancelled, because this task did not start it" in task_log()
        assert api.requests == []

    def test_a_job_that_cannot_be_cancelled_is_said_to_go_on(self, api, task_log):
        asyncio.run(trigger(ref=ref_of("feature_impact").dumps()).on_kill())
        assert "cannot cancel" in task_log()
        assert api.requests == []

    def test_a_missing_connection_is_logged_and_not_raised(self, task_log):
        asyncio.run(trigger(datarobot_conn_id="nowhere").on_kill())
        assert "could not be cancelled" in task_log()
