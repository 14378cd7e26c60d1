"""Synchronous wait, asynchronous wait and single poll."""

from __future__ import annotations

import asyncio

import pytest

from datarobot_provider.exceptions import AccessDeniedError, TransportError
from datarobot_provider.jobs.async_wait import wait_async
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.jobs.poller import poll_once, steps, wait
from tests.unit.jobs.scripted_waits import MAX_STEPS, VERSION, ref_of
from tests.unit.support import ORIGIN, FakeClock, response

LOST = TransportError("lost", reason="lost", sent=True)
RUNNING = response(body={"status": "RUNNING"})
ENDED = response(303, location=f"{ORIGIN}/api/v2/customModelTests/t/")
UNTOLD = JobRef("model_test", {**VERSION, "status_id": "s"})


def record(word):
    return response(body={"overallStatus": word})


SCRIPTS = {
    "succeeded": (UNTOLD, [RUNNING, ENDED, record("in_progress"), record("succeeded")]),
    "failed": (UNTOLD, [ENDED, record("failed")]),
    "cancelled": (ref_of("model_test"), [response(body={"status": "ABORTED"}), record("aborted")]),
    "expired": (ref_of("task_status"), [RUNNING, response(404)]),
    "unknown": (
        ref_of("task_status"),
        [response(body={"status": "PONDERING"})] * 3 + [response(body={"status": "COMPLETED"})],
    ),
    "timed out": (ref_of("task_status"), [RUNNING]),
    "polling error": (ref_of("task_status"), [RUNNING, LOST]),
    "polling refused": (ref_of("task_status"), [AccessDeniedError(403, "no", method="GET", path="status/s/")]),
    "moved": (ref_of("task_status"), [response(307, location=f"{ORIGIN}/api/v2/status/x/"), response(303)]),
}


class ScriptedPolls:
    """Returns scripted responses and stores all steps."""

    def __init__(self, responses):
        self._responses = list(responses)
        self.polls, self.messages = [], []

    def poll(self, path):
        self.polls.append(path)
        assert len(self.polls) < MAX_STEPS, "the wait did not end"
        scripted = self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]
        if isinstance(scripted, Exception):
            raise scripted
        return scripted

    async def get(self, step):
        return self.poll(step.path)


def loop_of(ref, clock):
    return steps(
        ref,
        deadline=clock() + 300,
        poll_interval=10,
        failure_timeout=120,
        confirmed=False,
        clock=clock,
        jitter=lambda: 1.0,
    )


@pytest.mark.parametrize(("ref", "responses"), SCRIPTS.values(), ids=SCRIPTS)
def test_wait_and_wait_async_are_equivalent(ref, responses):
    here, there = FakeClock(), FakeClock()

    async def sleep(step):
        there.sleep(step.seconds)

    first = ScriptedPolls(responses)
    on_a_thread = wait(loop_of(ref, here), first.poll, first.messages.append, here.sleep)

    second = ScriptedPolls(responses)
    on_a_loop = asyncio.run(wait_async(loop_of(ref, there), second.get, second.messages.append, sleep))

    assert on_a_thread == on_a_loop
    assert first.polls == second.polls
    assert first.messages == second.messages
    assert here.slept == there.slept


def test_the_scripts_end_as_named():
    ends = {}
    for name, (ref, responses) in SCRIPTS.items():
        clock, polls = FakeClock(), ScriptedPolls(responses)
        ends[name] = str(wait(loop_of(ref, clock), polls.poll, polls.messages.append, clock.sleep)[1].outcome)
    assert ends == {
        **{name: name.replace(" ", "_") for name in SCRIPTS},
        "unknown": "succeeded",
        "moved": "succeeded",
    }


def test_other_errors_are_raised():
    def poll(_path):
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        wait(loop_of(ref_of("task_status"), FakeClock()), poll, print)
    with pytest.raises(KeyError):
        asyncio.run(wait_async(loop_of(ref_of("task_status"), FakeClock()), poll, print, print))


@pytest.mark.parametrize(
    ("scripted", "outcome"),
    [
        (RUNNING, "pending"),
        (response(body={"status": "PONDERING"}), "pending"),
        (LOST, "pending"),
        (response(200, b"<html>"), "pending"),
        (response(303), "succeeded"),
        (response(body={"status": "ERROR"}), "failed"),
        (response(404), "expired"),
        (AccessDeniedError(403, "no", method="GET", path="status/s/"), "polling_refused"),
    ],
)
def test_poll_once_sends_one_request(scripted, outcome):
    polls = ScriptedPolls([scripted])
    ref, verdict = poll_once(ref_of("task_status"), polls.poll, polls.messages.append, confirmed=False)
    assert (ref, verdict.outcome, len(polls.polls)) == (ref_of("task_status"), outcome, 1)


def test_a_refused_poll_of_a_confirmed_job_is_pending():
    polls = ScriptedPolls([AccessDeniedError(403, "no", method="GET", path="status/s/")])
    assert poll_once(ref_of("task_status"), polls.poll, polls.messages.append)[1].outcome is Outcome.PENDING


def test_poll_once_also_polls_the_resource_of_an_ended_job():
    polls = ScriptedPolls([ENDED, record("failed")])
    ref, verdict = poll_once(UNTOLD, polls.poll, polls.messages.append)
    assert (verdict.outcome, ref.ids["custom_model_test_id"]) == (Outcome.FAILED, "t")


def test_poll_once_does_not_wait_for_a_lagging_record():
    polls = ScriptedPolls([ENDED, record("in_progress")])
    assert poll_once(UNTOLD, polls.poll, polls.messages.append)[1].outcome is Outcome.PENDING
    assert len(polls.polls) == 2
