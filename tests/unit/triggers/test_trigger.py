from __future__ import annotations

import asyncio
import gc
import json
import logging
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.exceptions import TransportError
from datarobot_provider.hooks import datarobot
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs import async_wait
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.triggers import job
from datarobot_provider.triggers.job import DataRobotJobTrigger
from tests.unit.jobs.walks import VERSION, ref_of
from tests.unit.support import ORIGIN, TOKEN, reply

if TYPE_CHECKING:
    from airflow.triggers.base import TriggerEvent

BUILD = "customModels/m/versions/v/dependencyBuild/"
LATER = 4_000_000_000.0
KWARGS = {
    "ref": ref_of("dependency_build").dumps(),
    "datarobot_conn_id": "datarobot_default",
    "deadline": LATER,
    "poll_interval": 5.0,
    "cancel_on_kill": False,
}
#: What every released version stored; a trigger of a later version must take it.
RELEASED = {"0.1.0": KWARGS}
DONE = reply(body={"buildStatus": "success"})


LOGGER = datarobot._LOG.name
#: Objects that the garbage collector has to visit, for each wait.
MOST_OBJECTS = 38


async def at_once(*_: float) -> None:
    await asyncio.sleep(0)


def trigger(**changes: Any) -> DataRobotJobTrigger:
    return DataRobotJobTrigger(**{**KWARGS, "cancel_on_kill": True, **changes})


async def events(made: DataRobotJobTrigger) -> list[TriggerEvent]:
    return [event async for event in made.run()]


def run(made: DataRobotJobTrigger) -> dict[str, Any]:
    """Run a trigger to its end; return its one event."""
    (event,) = asyncio.run(events(made))
    return event.payload


def test_a_trigger_is_made_again_from_what_was_stored():
    path, kwargs = trigger(cancel_on_kill=False).serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))
    assert type(again) is DataRobotJobTrigger
    assert again.serialize() == (path, kwargs) == (path, KWARGS)


def test_a_subclass_is_made_again_as_itself():
    class Special(DataRobotJobTrigger):
        pass

    assert Special(**KWARGS).serialize()[0].endswith("Special")


def test_what_is_stored_holds_ids_only(api):
    path, kwargs = trigger().serialize()
    stored = path + json.dumps(kwargs)
    assert TOKEN not in stored
    assert "://" not in stored
    assert set(kwargs) == {"ref", "datarobot_conn_id", "deadline", "poll_interval", "cancel_on_kill"}
    assert api.requests == []


@pytest.mark.parametrize("kwargs", RELEASED.values(), ids=RELEASED)
def test_what_released_versions_stored_is_still_understood(kwargs, api):
    api.on("GET", BUILD, DONE)
    assert run(DataRobotJobTrigger(**kwargs))["outcome"] == "succeeded"


def test_what_a_later_version_may_add_is_ignored_and_what_it_may_leave_out_has_a_default():
    made = DataRobotJobTrigger(ref="r", datarobot_conn_id="c", deadline=1.0, colour="blue")
    assert made.serialize()[1] == {
        "ref": "r",
        "datarobot_conn_id": "c",
        "deadline": 1.0,
        "poll_interval": 10.0,
        "cancel_on_kill": True,
    }


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (DONE, "succeeded"),
        (reply(body={"buildStatus": "failed"}), "failed"),
        (reply(422, {}), "cancelled"),
        (reply(404), "expired"),
        (reply(403, {"message": "no"}), "polling_refused"),
        (reply(401, {"message": "no"}), "polling_refused"),
    ],
)
def test_one_event_says_how_the_job_ended(api, answer, outcome):
    api.on("GET", BUILD, answer)
    payload = run(trigger())
    assert json.loads(json.dumps(payload)) == payload
    event = JobEvent.load(payload, "dependency_build")
    assert (event.ref, event.verdict.outcome) == (ref_of("dependency_build"), outcome)
    assert api.closed == 1


def test_a_deadline_in_the_past_ends_the_wait_after_one_look(api):
    api.on("GET", BUILD, reply(body={"buildStatus": "processing"}))
    assert run(trigger(deadline=1.0))["outcome"] == "timed_out"
    assert len(api.requests) == 1


def test_what_was_learnt_on_the_way_is_in_the_event(api):
    api.on("GET", "status/s/", reply(303, location=f"{ORIGIN}/api/v2/customModelTests/t/"))
    api.on("GET", "customModelTests/t/", reply(body={"overallStatus": "succeeded"}))
    payload = run(trigger(ref=JobRef("model_test", {**VERSION, "status_id": "s"}).dumps()))
    assert JobRef.loads(payload["ref"]).ids["custom_model_test_id"] == "t"


def test_a_connection_that_is_missing_becomes_an_event_too():
    payload = run(trigger(datarobot_conn_id="nowhere"))
    assert payload["outcome"] == "polling_refused"
    assert "no Airflow connection 'nowhere'" in payload["message"]


def test_an_error_that_may_heal_is_told_apart(monkeypatch, api):
    async def broken(*_args):
        raise TransportError("no way through", reason="lost", sent=False)

    monkeypatch.setattr(job, "wait_async", broken)
    payload = run(trigger())
    assert (payload["outcome"], payload["message"]) == ("polling_error", "no way through")
    assert payload["ref"] == KWARGS["ref"]


def test_a_server_that_echoes_the_token_does_not_bring_it_into_the_event(monkeypatch, api):
    monkeypatch.setattr("datarobot_provider.jobs.poller.FAILED_LOOKS_SECONDS", 0.0)
    monkeypatch.setattr("datarobot_provider.jobs.poller.FAILED_LOOKS", 1)
    api.on("GET", BUILD, reply(200, f"<pre>Authorization: Bearer {TOKEN}</pre>".encode()))
    payload = run(trigger())
    assert payload["outcome"] == "polling_error"
    assert TOKEN not in json.dumps(payload)


def test_nothing_but_looks_is_sent(api):
    api.on("GET", BUILD, DONE)
    run(trigger())
    assert {request.method for request in api.requests} == {"GET"}


def test_triggers_of_one_connection_share_one_client(api, monkeypatch):
    looks = []

    monkeypatch.setattr(job, "pause_before_first_look", at_once)

    def answer(_request):
        looks.append(1)
        return DONE

    api.on("GET", BUILD, answer)

    async def both() -> None:
        await asyncio.gather(events(trigger()), events(trigger()), events(trigger()))

    asyncio.run(both())
    assert (len(looks), api.closed) == (3, 1)


def test_each_new_state_is_told_once_and_an_unknown_one_loudly(api, monkeypatch, caplog):
    states = iter(["submitted", "submitted", "pondering", "pondering", "success"])
    api.on("GET", BUILD, lambda _: reply(body={"buildStatus": next(states)}))
    monkeypatch.setattr(job, "pause_before_first_look", at_once)
    monkeypatch.setattr(async_wait, "pause", at_once)
    with caplog.at_level(logging.INFO, logger=LOGGER):
        run(trigger())
    told = [(each.levelname, each.getMessage()) for each in caplog.records if each.name == LOGGER]
    assert told == [
        ("INFO", "The dependency build is running (submitted)."),
        (
            "WARNING",
            "The dependency build is in the state 'pondering', which this release does not know: waiting on.",
        ),
        ("INFO", "The dependency build succeeded."),
    ]


def test_a_wait_that_sleeps_keeps_little(api, monkeypatch, caplog):
    """Every object of a waiting trigger is one more for the garbage collector, for which all waits stand still."""
    waits, all_looked = 200, asyncio.Event()

    def answer(_request):
        if len(api.requests) > waits:
            all_looked.set()
        return DONE if len(api.requests) == 1 else reply(body={"buildStatus": "submitted"})

    async def main() -> float:
        await events(trigger())  # so that what is imported and cached once is there
        gc.collect()
        before = len(gc.get_objects())
        tasks = [asyncio.ensure_future(events(trigger(poll_interval=600.0))) for _ in range(waits)]
        await all_looked.wait()
        await asyncio.sleep(0)
        gc.collect()
        kept = len(gc.get_objects()) - before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return kept / waits

    api.on("GET", BUILD, answer)
    monkeypatch.setattr(job, "pause_before_first_look", at_once)
    caplog.set_level(logging.ERROR, logger=LOGGER)
    assert 10 < asyncio.run(main()) <= MOST_OBJECTS


class TestKill:
    def test_a_kill_cancels_the_job_once(self, api, task_log):
        api.on("DELETE", BUILD, reply(204))
        asyncio.run(trigger().on_kill())
        assert api.paths("DELETE") == [BUILD]
        assert "The task was killed. The dependency build was cancelled in DataRobot." in task_log()

    @pytest.mark.parametrize(("state", "deletes"), [("deferred", 0), ("failed", 1), ("restarting", 1), (None, 1)])
    def test_only_a_task_that_no_longer_waits_was_killed(self, api, monkeypatch, task_log, state, deletes):
        """Airflow also calls on_kill in a triggerer that lost its tasks to another one."""
        api.on("DELETE", BUILD, reply(204))
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
        assert ("left alone" in task_log()) is not bool(deletes)

    @pytest.mark.parametrize(
        ("now", "deletes"),
        [
            (reply(body={"buildStatus": "processing", "buildStart": "noon"}), 1),
            (reply(body={"buildStatus": "processing", "buildStart": "later"}), 0),
            (reply(422, {"message": "not started"}), 0),
            (reply(200, b"no JSON"), 0),
        ],
        ids=["its own", "the next one", "none", "unreadable"],
    )
    def test_only_the_build_that_was_waited_for_is_cancelled(self, api, now, deletes):
        """A build that is started again has the address of the one before."""
        api.on("DELETE", BUILD, reply(204))

        async def kill() -> None:
            made, looked = trigger(), asyncio.Event()
            mine = reply(body={"buildStatus": "processing", "buildStart": "noon"})
            api.on("GET", BUILD, lambda _: looked.set() or mine)
            waiting = asyncio.ensure_future(events(made))
            await looked.wait()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            api.on("GET", BUILD, now)
            await made.on_kill()

        asyncio.run(kill())
        assert len(api.paths("DELETE")) == deletes

    def test_a_triggerer_that_is_impatient_does_not_stop_the_cancellation(self, api, monkeypatch):
        """Airflow cancels a trigger again while its on_kill still asks."""
        api.on("DELETE", BUILD, reply(204))

        async def kill() -> None:
            asked, told = asyncio.Event(), asyncio.Event()

            async def slowly(_: object) -> str:
                asked.set()
                await told.wait()
                return "failed"

            monkeypatch.setattr(job, "_state_of", slowly)
            killing = asyncio.ensure_future(trigger().on_kill())
            await asked.wait()
            for _ in range(3):
                killing.cancel()
                await asyncio.sleep(0)
            told.set()
            await killing

        asyncio.run(kill())
        assert api.paths("DELETE") == [BUILD]

    def test_a_kill_while_waiting_cancels_the_job(self, api):
        api.on("GET", BUILD, reply(body={"buildStatus": "processing"}))
        api.on("DELETE", BUILD, reply(204))

        async def kill() -> None:
            made, looked = trigger(), asyncio.Event()
            api.on("GET", BUILD, lambda _: looked.set() or reply(body={"buildStatus": "processing"}))
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

    def test_a_kill_cancels_nothing_if_so_told(self, api):
        asyncio.run(trigger(cancel_on_kill=False).on_kill())
        assert api.requests == []

    def test_a_cleanup_cancels_nothing(self, api):
        asyncio.run(trigger().cleanup())
        assert api.requests == []

    @pytest.mark.parametrize("status", [404, 409, 422])
    def test_a_job_that_is_over_already_is_no_trouble(self, api, task_log, status):
        api.on("DELETE", BUILD, reply(status, {"message": "no"}))
        asyncio.run(trigger().on_kill())
        assert "already over" in task_log()

    @pytest.mark.parametrize("answer", [reply(403), TransportError("gone", reason="lost", sent=True)])
    def test_a_cancellation_that_fails_is_told_not_raised(self, api, task_log, answer):
        api.on("DELETE", BUILD, answer)
        asyncio.run(trigger().on_kill())
        assert "may still run in DataRobot" in task_log()

    def test_a_cancellation_that_takes_too_long_is_given_up(self, api, task_log, monkeypatch):
        monkeypatch.setattr(job, "_CANCEL_SECONDS", 0.01)

        async def never(*_args):
            await asyncio.Event().wait()

        monkeypatch.setattr("datarobot_provider.client.client.AsyncDataRobotClient.delete", never)
        asyncio.run(trigger().on_kill())
        assert "no answer in time" in task_log()

    def test_a_job_that_cannot_be_cancelled_is_said_to_go_on(self, api, task_log):
        asyncio.run(trigger(ref=ref_of("feature_impact").dumps()).on_kill())
        assert "no way to cancel" in task_log()
        assert api.requests == []

    def test_a_connection_that_is_missing_is_told_not_raised(self, task_log):
        asyncio.run(trigger(datarobot_conn_id="nowhere").on_kill())
        assert "could not be cancelled" in task_log()


def test_making_a_trigger_reads_no_connection(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a connection was read")

    monkeypatch.setattr(DataRobotHook, "__init__", refuse)
    assert trigger().serialize()
