"""Failed polls of a poking sensor: they fail the task if they are too many for too long, as in the triggerer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from datarobot_provider.client.retry import POLL_FAILURE_TIMEOUT
from datarobot_provider.core import poll_failures
from datarobot_provider.exceptions import TransportError
from datarobot_provider.jobs.poller import FAILED_POLLS
from datarobot_provider.sensors.dependency_builds import DependencyBuildSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.unit.support import FakeClock, response

BUILD = "customModels/m/versions/v/dependencyBuild/"
RUNNING = response(body={"buildStatus": "processing"})
LOST = TransportError("blip", reason="lost", sent=True)
PAGE = response(200, b"<html>maintenance</html>", content_type="text/html")
FAILURES = [response(502), LOST, PAGE, response(200, b"{"), response(401), response(403), response(407)]


@pytest.fixture
def clock(monkeypatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(poll_failures, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


def sensor(mode: str = "poke") -> DependencyBuildSensor:
    return DependencyBuildSensor(task_id="t", custom_model_id="m", custom_model_version_id="v", mode=mode)


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_task_is_retried_if_polls_fail_for_too_long(api, context, clock, failure):
    api.on("GET", BUILD, RUNNING, failure)
    build = sensor()
    for _ in range(FAILED_POLLS):
        assert not build.poke(context).is_done
        clock.now += POLL_FAILURE_TIMEOUT / 3
    with pytest.raises(AirflowException) as caught:
        build.poke(context)
    assert not isinstance(caught.value, AirflowFailException)


def test_failures_of_several_types_are_counted_together(api, context, clock):
    api.on("GET", BUILD, RUNNING, response(403), response(502), response(403), LOST, response(403))
    build = sensor()
    for _ in range(FAILED_POLLS):
        assert not build.poke(context).is_done
        clock.now += POLL_FAILURE_TIMEOUT / 3
    with pytest.raises(AirflowException):
        build.poke(context)


def test_long_intervals_alone_do_not_reach_the_limit(api, context, clock):
    api.on("GET", BUILD, RUNNING, *[response(403)] * (FAILED_POLLS - 1), RUNNING, response(403))
    build = sensor()
    for _ in range(FAILED_POLLS + 2):
        assert not build.poke(context).is_done
        clock.now += POLL_FAILURE_TIMEOUT


@pytest.mark.parametrize("failure", [response(502), response(403)], ids=str)
def test_rescheduled_sensor_counts_failures_across_processes(api, context, store, clock, failure):
    api.on("GET", BUILD, failure)
    context["ti"].get_first_reschedule_date = lambda _: "2026-11-25"
    for _ in range(FAILED_POLLS - 1):
        assert not sensor("reschedule").poke(context).is_done
        clock.now += POLL_FAILURE_TIMEOUT / 2
    with pytest.raises(AirflowException) as caught:
        sensor("reschedule").poke(context)
    assert not isinstance(caught.value, AirflowFailException)
    api.on("GET", BUILD, RUNNING)
    assert not sensor("reschedule").poke(context).is_done
    assert store.values == {}
