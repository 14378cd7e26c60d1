from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
from functools import cache
from importlib import import_module
from typing import Any

import pytest

from datarobot_provider.exceptions import TransportError
from datarobot_provider.hooks import datarobot
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs import async_wait
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.triggers import job
from datarobot_provider.triggers.job import DataRobotJobTrigger
from tests.unit.jobs.scripted_waits import VERSION, ref_of
from tests.unit.support import ORIGIN, TOKEN, response
from tests.unit.triggers.waits import BUILD, KWARGS, at_once, events, trigger

#: What every released version stored; a trigger of a later version must take it.
RELEASED = {
    "0.1.0": {name: value for name, value in KWARGS.items() if name != "poll_failure_timeout"},
    "0.2.0": KWARGS,
}
DONE = response(body={"buildStatus": "success"})


LOGGER = datarobot._LOG.name
#: Objects that the garbage collector has to visit, for each wait.
MAX_OBJECTS = 38


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the pauses between polls."""
    monkeypatch.setattr(async_wait, "pause", at_once)


def run(made: DataRobotJobTrigger) -> dict[str, Any]:
    """Run a trigger and return its event."""
    (event,) = asyncio.run(events(made))
    return event.payload


def test_a_trigger_is_restored_from_its_serialized_arguments():
    path, kwargs = trigger(cancel_on_kill=False).serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))
    assert type(again) is DataRobotJobTrigger
    assert again.serialize() == (path, kwargs) == (path, KWARGS)


def test_a_subclass_is_restored_as_itself():
    class Special(DataRobotJobTrigger):
        pass

    assert Special(**KWARGS).serialize()[0].endswith("Special")


def test_the_serialized_arguments_contain_ids_only(api):
    path, kwargs = trigger().serialize()
    stored = path + json.dumps(kwargs)
    assert TOKEN not in stored
    assert "://" not in stored
    assert set(kwargs) == {
        *("ref", "datarobot_conn_id", "deadline", "poll_interval"),
        *("cancel_on_kill", "poll_failure_timeout"),
    }
    assert api.requests == []


@pytest.mark.parametrize("kwargs", RELEASED.values(), ids=RELEASED)
def test_arguments_of_released_versions_are_supported(kwargs, api):
    api.on("GET", BUILD, DONE)
    assert run(DataRobotJobTrigger(**kwargs))["outcome"] == "succeeded"


def test_unknown_arguments_are_ignored_and_missing_ones_have_defaults():
    made = DataRobotJobTrigger(ref="r", datarobot_conn_id="c", deadline=1.0, colour="blue")
    assert made.serialize()[1] == {
        "ref": "r",
        "datarobot_conn_id": "c",
        "deadline": 1.0,
        "poll_interval": 10.0,
        "cancel_on_kill": True,
        "poll_failure_timeout": 900.0,
    }


@pytest.mark.parametrize(
    ("scripted", "outcome"),
    [
        (DONE, "succeeded"),
        (response(body={"buildStatus": "failed"}), "failed"),
        (response(422, {}), "cancelled"),
        (response(404), "expired"),
        (response(403, {"message": "no"}), "polling_error"),
        (response(401, {"message": "no"}), "polling_error"),
    ],
)
def test_the_event_contains_the_outcome(api, scripted, outcome, no_pauses):
    api.on("GET", BUILD, scripted)
    payload = run(trigger(poll_failure_timeout=0.0))
    assert json.loads(json.dumps(payload)) == payload
    event = JobEvent.load(payload, "dependency_build")
    assert (event.ref, event.verdict.outcome) == (ref_of("dependency_build"), outcome)
    assert api.closed == 1


def test_the_wait_ends_after_one_poll_if_the_deadline_has_passed(api):
    api.on("GET", BUILD, response(body={"buildStatus": "processing"}))
    assert run(trigger(deadline=1.0))["outcome"] == "timed_out"
    assert len(api.requests) == 1


def test_the_event_contains_ids_from_the_responses(api):
    api.on("GET", "status/s/", response(303, location=f"{ORIGIN}/api/v2/customModelTests/t/"))
    api.on("GET", "customModelTests/t/", response(body={"overallStatus": "succeeded"}))
    payload = run(trigger(ref=JobRef("model_test", {**VERSION, "status_id": "s"}).dumps()))
    assert JobRef.loads(payload["ref"]).ids["custom_model_test_id"] == "t"


def test_a_connection_missing_for_too_long_ends_in_an_event(no_pauses):
    payload = run(trigger(datarobot_conn_id="nowhere", poll_failure_timeout=0.0))
    assert payload["outcome"] == "polling_error"
    assert "no Airflow connection 'nowhere'" in payload["message"]


def test_a_temporarily_missing_connection_does_not_end_the_wait(api, monkeypatch, no_pauses, caplog):
    """For example, a secrets backend starts later than the triggerer, or a token is being replaced."""
    monkeypatch.setattr("datarobot_provider.hooks.shared_clients.PAUSE_AFTER_FAILURE", 0.0)
    stored = os.environ.pop("AIRFLOW_CONN_DATAROBOT_DEFAULT")
    responses = iter([response(401, {}), response(403, {}), response(403, {}), DONE])
    api.on("GET", BUILD, lambda _: next(responses))
    asked = []

    async def reads(hook):
        asked.append(hook)
        if len(asked) > 2:
            monkeypatch.setenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", stored)
        return await make(hook)

    make = DataRobotHook._make_async_client
    monkeypatch.setattr(DataRobotHook, "_make_async_client", reads)
    with caplog.at_level(logging.INFO, logger=LOGGER):
        assert run(trigger())["outcome"] == "succeeded"
    reported = [each.getMessage() for each in caplog.records if each.name == LOGGER]
    assert [line.partition(". ")[0] for line in reported if "cannot be polled" in line] == [
        "The dependency build cannot be polled at present"
    ] * 3, "once for each cause: no connection, 401, 403"
    assert "The dependency build can be polled again." in reported


def test_a_retryable_error_has_its_own_outcome(monkeypatch, api):
    async def broken(*_args):
        raise TransportError("no way through", reason="lost", sent=False)

    monkeypatch.setattr(job, "wait_async", broken)
    payload = run(trigger())
    assert (payload["outcome"], payload["message"]) == ("polling_error", "no way through")
    assert payload["ref"] == KWARGS["ref"]


def test_an_echoed_token_is_not_in_the_event(api, no_pauses):
    api.on("GET", BUILD, response(200, f"<pre>Authorization: Bearer {TOKEN}</pre>".encode()))
    payload = run(trigger(poll_failure_timeout=0.0))
    assert payload["outcome"] == "polling_error"
    assert TOKEN not in json.dumps(payload)


def test_only_polls_are_sent(api):
    api.on("GET", BUILD, DONE)
    run(trigger())
    assert {request.method for request in api.requests} == {"GET"}


def test_triggers_of_one_connection_share_one_client(api, monkeypatch):
    polls = []

    monkeypatch.setattr(job, "pause_before_first_poll", at_once)

    def respond(_request):
        polls.append(1)
        return DONE

    api.on("GET", BUILD, respond)

    async def both() -> None:
        await asyncio.gather(events(trigger()), events(trigger()), events(trigger()))

    asyncio.run(both())
    assert (len(polls), api.closed) == (3, 1)


def test_each_new_state_is_logged_once_and_an_unknown_one_as_a_warning(api, monkeypatch, caplog):
    states = iter(["submitted", "submitted", "pondering", "pondering", "success"])
    api.on("GET", BUILD, lambda _: response(body={"buildStatus": next(states)}))
    monkeypatch.setattr(job, "pause_before_first_poll", at_once)
    monkeypatch.setattr(async_wait, "pause", at_once)
    with caplog.at_level(logging.INFO, logger=LOGGER):
        run(trigger())
    reported = [(each.levelname, each.getMessage()) for each in caplog.records if each.name == LOGGER]
    assert reported == [
        ("INFO", "The dependency build is running (submitted)."),
        (
            "WARNING",
            (
                "The dependency build is in the state 'pondering', which is unknown to this version of the "
                "provider. The wait continues."
            ),
        ),
        ("INFO", "The dependency build succeeded."),
    ]


def test_a_sleeping_wait_keeps_few_objects(api, monkeypatch, caplog):
    """The garbage collector visits every object of the waiting triggers, and blocks the event loop meanwhile."""
    waits, all_polled = 200, asyncio.Event()

    def respond(_request):
        if len(api.requests) > waits:
            all_polled.set()
        return DONE if len(api.requests) == 1 else response(body={"buildStatus": "submitted"})

    async def main() -> float:
        await events(trigger())  # fill the caches
        gc.collect()
        before = len(gc.get_objects())
        tasks = [asyncio.ensure_future(events(trigger(poll_interval=600.0))) for _ in range(waits)]
        await all_polled.wait()
        await asyncio.sleep(0)
        gc.collect()
        kept = len(gc.get_objects()) - before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return kept / waits

    api.on("GET", BUILD, respond)
    monkeypatch.setattr(job, "pause_before_first_poll", at_once)
    caplog.set_level(logging.ERROR, logger=LOGGER)
    assert 10 < asyncio.run(main()) <= MAX_OBJECTS


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace ``gc.freeze``, as in a new process; return its calls. A test may append one by Airflow."""
    calls: list[str] = []
    monkeypatch.setattr(gc, "freeze", lambda: calls.append("trigger"))
    monkeypatch.setattr(gc, "get_freeze_count", lambda: len(calls))
    monkeypatch.setattr(job, "freeze_loaded_modules", cache(async_wait.freeze_loaded_modules.__wrapped__))
    return calls


def test_the_first_trigger_excludes_existing_objects_from_garbage_collection(api, no_pauses, frozen):
    api.on("GET", BUILD, DONE)
    trigger()
    assert frozen == []
    run(trigger())
    run(trigger())
    assert frozen == ["trigger"]


def test_what_airflow_has_excluded_from_garbage_collection_is_left_alone(api, no_pauses, frozen):
    api.on("GET", BUILD, DONE)
    frozen.append("Airflow")
    run(trigger())
    assert frozen == ["Airflow"]


def test_creating_a_trigger_reads_no_connection(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a connection was read")

    monkeypatch.setattr(DataRobotHook, "__init__", refuse)
    assert trigger().serialize()
