"""The trigger that watches a custom model for new versions."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from typing import Any

import pytest
from airflow.triggers.base import BaseEventTrigger

from datarobot_provider.exceptions import InputError, TransportError
from datarobot_provider.triggers import new_version
from datarobot_provider.triggers.new_version import NewVersionTrigger
from tests.unit.support import TOKEN, FakeApi, response

VERSIONS = "customModels/m/versions/"
FIRST = f"{VERSIONS}?offset=0&limit=1"
PAGE = f"{VERSIONS}?offset=0&limit=10"
KWARGS = {"custom_model_id": "m", "datarobot_conn_id": "datarobot_default", "poll_interval": 60}


def listing(*ids: str, following: str | None = None) -> Any:
    """Return the response with these versions, the newest first."""
    return response(body={"data": [{"id": each, "label": f"label of {each}"} for each in ids], "next": following})


class FakeStateStore:
    """State store of an asset in Airflow 3.3."""

    def __init__(self, **values: Any) -> None:
        self.values = dict(values)
        self.failures: list[Exception] = []

    async def aget(self, key: str) -> Any:
        self._fail()
        return self.values.get(key)

    async def aset(self, key: str, value: Any) -> None:
        self._fail()
        self.values[key] = value

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


class Watch:
    """Runs a trigger until it pauses for the n-th time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pauses: list[float] = []
        self._left = 0
        monkeypatch.setattr(new_version, "pause", self._pause)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._left -= 1
        if self._left == 0:
            raise asyncio.CancelledError
        await asyncio.sleep(0)

    def run(self, trigger: NewVersionTrigger, pauses: int) -> list[str]:
        """Return the ids of the versions in the events."""
        self._left = pauses
        return asyncio.run(self._events(trigger))

    async def _events(self, trigger: NewVersionTrigger) -> list[str]:
        found = []
        try:
            async for event in trigger.run():
                assert json.loads(json.dumps(event.payload)) == event.payload
                found.append(event.payload["custom_model_version_id"])
        except asyncio.CancelledError:
            return found
        raise AssertionError("the trigger ended")


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def trigger(store: FakeStateStore | None = None, **changes: Any) -> NewVersionTrigger:
    made = NewVersionTrigger(**{**KWARGS, **changes})
    made.asset_state_store = store
    return made


def test_a_trigger_is_restored_from_its_serialized_arguments():
    path, kwargs = trigger().serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))
    assert isinstance(again, BaseEventTrigger)
    assert again.serialize() == (path, kwargs) == (path, KWARGS)
    assert BaseEventTrigger.hash(path, kwargs) == BaseEventTrigger.hash(*again.serialize())
    assert TOKEN not in path + json.dumps(kwargs)


@pytest.mark.parametrize("value", [0, 0.5, -1, float("nan"), "60", None])
def test_an_invalid_interval_is_refused(value):
    with pytest.raises(InputError, match="poll_interval"):
        trigger(poll_interval=value)


@pytest.mark.parametrize("value", ["", "..", None])
def test_an_invalid_model_is_refused(value):
    with pytest.raises(InputError, match="custom_model_id"):
        trigger(custom_model_id=value)


def test_existing_versions_yield_no_event_and_new_ones_one_each(api, watch):
    api.on("GET", FIRST, listing("a"))
    api.on("GET", PAGE, listing("a", "0"), listing("c", "b", "a", "0"), listing("c", "b", "a", "0"))
    assert watch.run(trigger(), 3) == ["b", "c"]
    assert watch.pauses == [60, 60, 60]


def test_the_event_contains_the_ids_and_the_label(api, watch):
    async def first_event() -> Any:
        return (await anext(trigger(FakeStateStore(latest_version_of_m="a")).run())).payload

    api.on("GET", PAGE, listing("b", "a"))
    assert asyncio.run(first_event()) == {
        "custom_model_id": "m",
        "custom_model_version_id": "b",
        "label": "label of b",
    }


def test_the_first_version_of_a_model_is_new(api, watch):
    api.on("GET", FIRST, listing())
    api.on("GET", PAGE, listing(), listing("a"), listing("b", "a"))
    assert watch.run(trigger(), 3) == ["a", "b"]


def test_many_new_versions_are_listed_page_by_page(api, watch):
    following = f"https://datarobot.example/api/v2/{VERSIONS}?offset=2&limit=2"
    api.on("GET", PAGE, listing("e", "d", following=following))
    api.on("GET", f"{VERSIONS}?offset=2&limit=2", listing("c", "b"))
    assert watch.run(trigger(FakeStateStore(latest_version_of_m="b")), 1) == ["c", "d", "e"]


def test_only_the_newest_version_is_new_if_the_latest_known_one_is_missing(api, watch):
    api.on("GET", PAGE, listing("c", "b"))
    assert watch.run(trigger(FakeStateStore(latest_version_of_m="gone")), 2) == ["c"]


def test_a_restarted_triggerer_continues_with_the_stored_version(api, watch):
    store = FakeStateStore()
    api.on("GET", FIRST, listing("a"))
    api.on("GET", PAGE, listing("b", "a"))
    assert watch.run(trigger(store), 2) == ["b"]
    assert store.values == {"latest_version_of_m": "b"}
    assert watch.run(trigger(store), 2) == []
    api.on("GET", PAGE, listing("d", "c", "b", "a"))
    assert watch.run(trigger(store), 1) == ["c", "d"]


def test_before_airflow_3_3_a_restart_begins_with_the_existing_versions(api, watch):
    made = trigger()
    del made.asset_state_store
    api.on("GET", FIRST, listing("b"))
    api.on("GET", PAGE, listing("b", "a"), listing("c", "b", "a"))
    assert watch.run(made, 2) == ["c"]


def test_a_trigger_of_several_assets_stores_nothing(api, watch, caplog):
    store = FakeStateStore()
    store.failures = [ValueError("Task has 2 concrete inlets and outlets")]
    api.on("GET", FIRST, listing("a"))
    api.on("GET", PAGE, listing("b", "a"))
    assert watch.run(trigger(store), 2) == ["b"]
    assert store.values == {}


def test_a_version_that_cannot_be_stored_yields_one_event(api, watch):
    store = FakeStateStore(latest_version_of_m="a")
    api.on("GET", PAGE, listing("b", "a"))
    made = trigger(store)

    async def refuse(key: str, value: str) -> None:
        raise OSError("the API server does not respond")

    store.aset = refuse
    assert watch.run(made, 3) == ["b"]


def test_nothing_is_listed_until_the_stored_version_can_be_read(api, watch):
    store = FakeStateStore(latest_version_of_m="a")
    store.failures = [OSError("no response"), OSError("no response")]
    api.on("GET", PAGE, listing("b", "a"))
    assert watch.run(trigger(store), 3) == ["b"]
    assert watch.pauses == [120, 240, 60]


@pytest.mark.parametrize(
    "failure",
    [
        response(401, {"message": "no"}),
        response(403, {"message": "no"}),
        response(404, {"message": "no such model"}),
        response(429, {"message": "slow down"}),
        response(503, {"message": "maintenance"}),
        response(body={"data": "nothing"}),
        response(body={"data": [{"label": "1.0"}]}),
        response(body=b"<html>", content_type="text/html"),
        TransportError("lost", reason="lost", sent=True),
    ],
    ids=str,
)
def test_no_failure_ends_the_watch(api: FakeApi, watch, failure):
    api.on("GET", PAGE, failure, failure, listing("b", "a"))
    assert watch.run(trigger(FakeStateStore(latest_version_of_m="a")), 3) == ["b"]
    assert watch.pauses == [120, 240, 60]


def test_a_missing_connection_does_not_end_the_watch(watch, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", raising=False)
    assert watch.run(trigger(), 8) == []
    assert watch.pauses == [120, 240, 480, 900, 900, 900, 900, 900]


def test_a_repeated_failure_is_logged_once(api, watch, task_log):
    api.on("GET", PAGE, *[response(403, {"message": "no"})] * 3, listing("a"))
    watch.run(trigger(FakeStateStore(latest_version_of_m="a")), 4)
    log = task_log()
    assert log.count("cannot be listed: DataRobot returned 403") == 1
    assert log.count("can be listed again") == 1
    assert TOKEN not in log


def test_the_client_is_released_between_two_requests(api, watch):
    api.on("GET", PAGE, listing("a"))
    watch.run(trigger(FakeStateStore(latest_version_of_m="a")), 3)
    assert api.closed == 3
