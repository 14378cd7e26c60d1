"""Waits that share the requests for a list, on an event loop with a virtual clock."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import statistics

import pytest

from datarobot_provider.exceptions import (
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
)
from datarobot_provider.jobs import job_list
from tests.unit.jobs.job_account import LIST, Account, Job, run_account
from tests.unit.support import response

LOGGER = "datarobot_provider.jobs.job_list"
REFUSAL = {"method": "GET", "path": LIST}
REFUSED = {
    "403": AccessDeniedError(403, "no", **REFUSAL),
    "404": NotFoundError(404, "no", **REFUSAL),
    "405": ApiError(405, "no", **REFUSAL),
}
FAILED = {
    "503": ServerError(503, "later", **REFUSAL),
    "lost": TransportError("lost", reason="lost", sent=True),
    "429": RateLimitError(429, "busy", **REFUSAL),
    "401": AuthenticationError(401, "who?", **REFUSAL),
}


def raising(error):
    def listed(_entries, _now):
        raise error

    return listed


def late(seconds):
    """Return a list as it was some seconds ago, without the jobs that are younger."""
    history = []

    def listed(entries, now):
        history.append((now, entries))
        known = [old for moment, old in history if moment <= now - seconds]
        return known[-1] if known else []

    return listed


def always_running(entries, _now):
    return [{**entry, "status": "RUNNING", "message": ""} for entry in entries]


def pages(size):
    """Return a list in pages."""

    def listed(entries, where):
        number = int(where.rpartition("=")[2]) if isinstance(where, str) else 0
        rest = entries[(number + 1) * size :]
        following = f"https://datarobot.example/api/v2/status/?page={number + 1}" if rest else None
        return {"data": entries[number * size : (number + 1) * size], "next": following}

    return listed


#: How a list may behave.
LISTS = {
    "complete": lambda entries, _: entries,
    "of running jobs only": lambda entries, _: [entry for entry in entries if entry["status"] == "RUNNING"],
    "empty": lambda *_: [],
    "partial": lambda entries, _: entries[::2],
    "changing": lambda entries, now: entries[:: 1 + int(now) % 2],
    "late": late(25.0),
    "wrong": always_running,
    "in pages": pages(3),
    "with an unknown state": lambda entries, _: [{**entry, "status": "PONDERING"} for entry in entries],
    "with states that end": lambda entries, _: [{**entry, "status": "COMPLETED"} for entry in entries],
    "without ids": lambda entries, _: [{"status": entry["status"]} for entry in entries],
    "of strings": lambda entries, _: ["RUNNING" for _ in entries],
    "of nothing": lambda *_: {"data": None, "next": None},
    "with endless pages": lambda entries, _: {
        "data": entries[:1],
        "next": "https://datarobot.example/api/v2/status/?p=1",
    },
    "with a foreign page": lambda entries, _: {"data": entries[:2], "next": "https://other.example/"},
    **{f"refused with {name}": raising(error) for name, error in REFUSED.items()},
    **{f"failing with {name}": raising(error) for name, error in FAILED.items()},
    "a bug": raising(KeyError("a bug")),
}
ENDINGS = ("succeeded", "failed", "cancelled", "expired", "gone")


def mixed_jobs(count=12):
    """Return jobs that end in all ways, after 2 s to 3 minutes."""
    lengths = random.Random(7)  # noqa: S311 - not used for security
    ends = itertools.cycle(ENDINGS)
    return {f"{number:02}": Job(lengths.uniform(2, 180), next(ends)) for number in range(count)}


async def until(condition):
    """Wait for a condition."""
    while not condition():  # noqa: ASYNC110 - the clock is virtual
        await asyncio.sleep(0.05)


def finished(waits):
    """Return the verdicts and the log lines of waits, without their delays."""
    return [(wait.verdict, wait.messages) for wait in waits]


@pytest.mark.parametrize("behaviour", LISTS)
def test_whatever_the_list_returns_a_wait_ends_as_with_requests_of_its_own(monkeypatch, behaviour):
    async def main(_loop, *, shared):
        account = Account(mixed_jobs(), LISTS[behaviour])
        return await asyncio.gather(*(account.wait(job, shared=shared) for job in account.jobs))

    shared = run_account(monkeypatch, lambda loop: main(loop, shared=True))
    alone = run_account(monkeypatch, lambda loop: main(loop, shared=False))
    assert finished(shared) == finished(alone)
    assert min(wait.delay for wait in shared) >= 0
    longest = {"late": 40.0, "wrong": 75.0}.get(behaviour, 12.0)
    assert max(wait.delay for wait in shared) < longest


def test_one_request_answers_for_all_waits(monkeypatch):
    async def main(_loop):
        account = Account({f"{number:04}": Job(3_600) for number in range(500)})
        waits = [asyncio.ensure_future(account.wait(job)) for job in account.jobs]
        await asyncio.sleep(60)
        polls, lists = len(account.polls), len(account.lists)
        await asyncio.sleep(600)
        polls, lists = len(account.polls) - polls, len(account.lists) - lists
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        return polls, lists

    polls, lists = run_account(monkeypatch, main)
    assert 59 <= lists <= 61
    assert polls <= 61 * job_list._CHECKS


def test_a_single_wait_sends_its_own_requests(monkeypatch):
    async def main(_loop):
        account = Account({"a": Job(60), "b": Job(5)})
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return account

    account = run_account(monkeypatch, main)
    assert max(account.lists) < 7
    assert {"status/a/"} < set(account.polls)


def test_a_wait_that_remains_alone_continues_at_once(monkeypatch):
    async def main(_loop):
        account = Account({"a": Job(60), "b": Job(3_600)})
        other = asyncio.ensure_future(account.wait("b"))
        waiting = asyncio.ensure_future(account.wait("a"))
        await asyncio.sleep(30)
        other.cancel()
        return await waiting

    assert run_account(monkeypatch, main).delay < 10


def test_the_delay_is_not_longer_than_with_requests_of_its_own(monkeypatch):
    lengths = random.Random(3)  # noqa: S311 - not used for security
    jobs = {f"{number:03}": Job(lengths.uniform(60, 1_200)) for number in range(300)}

    async def main(_loop, *, shared):
        account = Account(jobs)
        waits = await asyncio.gather(*(account.wait(job, shared=shared) for job in jobs))
        return statistics.median(wait.delay for wait in waits)

    shared, alone = (run_account(monkeypatch, lambda loop, s=s: main(loop, shared=s)) for s in (True, False))
    assert shared <= alone


@pytest.mark.parametrize("behaviour", [name for name in LISTS if name.startswith("refused")])
def test_a_list_that_is_refused_is_requested_once(monkeypatch, caplog, behaviour):
    caplog.set_level(logging.INFO, logger=LOGGER)

    async def main(_loop):
        account = Account(mixed_jobs(), LISTS[behaviour])
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return account

    assert len(run_account(monkeypatch, main).lists) == 1
    (line,) = caplog.messages
    assert line.startswith(f"The list {LIST} cannot be used.")


def test_a_list_that_fails_repeatedly_is_requested_again_after_ten_minutes(monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger=LOGGER)

    def listed(entries, now):
        if now < 60:
            raise FAILED["503"]
        return entries

    async def main(_loop):
        account = Account({"a": Job(1_000), "b": Job(1_000)}, listed)
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return account.lists

    lists = run_account(monkeypatch, main)
    failed, later = ([each for each in lists if (each < 60) is early] for early in (True, False))
    assert len(failed) == job_list.TOLERATED
    assert 600 < later[0] < 640
    assert len(later) > 30
    assert len(caplog.messages) == 1


def test_a_list_without_the_jobs_of_a_kind_is_not_used_for_it(monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger=LOGGER)

    async def main(_loop):
        jobs = {f"{number}": Job(600, kind=("task_status", "dataset_from_url")[number % 2]) for number in range(10)}
        account = Account(jobs, lambda entries, _: entries[::2])
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return account

    account = run_account(monkeypatch, main)
    (line,) = caplog.messages
    assert line == (
        f"The list {LIST} does not contain running jobs (dataset_from_url). "
        "Each of them is polled by a request of its own."
    )
    assert len(account.lists) > 50
    assert account.polls.count("status/1/") > 50
    assert account.polls.count("status/2/") < 30


def test_a_list_that_shows_ended_jobs_as_running_is_not_used_for_them(monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger=LOGGER)

    async def main(_loop):
        account = Account({**{f"{n:02}": Job(100) for n in range(20)}, "long": Job(400)}, always_running)
        waits = await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return max(wait.delay for wait in waits)

    assert run_account(monkeypatch, main) < 60
    (line,) = caplog.messages
    assert "shows jobs as running that have ended (task_status)" in line


def with_other_records(account):
    """Let the account respond to requests for the dataset or the test of a job; return when these were sent."""
    poll, asked = account.poll, []

    async def respond(path):
        if path.startswith("status/"):
            return await poll(path)
        asked.append(account.now)
        return response(body={"processingState": "COMPLETED", "overallStatus": "succeeded"})

    account.poll = respond
    return asked


def test_a_record_that_is_stuck_leads_to_the_next_one(monkeypatch):
    async def main(_loop):
        stuck = {f"{n}": Job(3_600, kind="dataset_from_url", state="INITIALIZED") for n in range(30)}
        account = Account({**stuck, "long": Job(400), "longer": Job(420)})
        asked = with_other_records(account)
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return asked

    asked = run_account(monkeypatch, main)
    assert len(asked) == 30
    assert 120 <= min(asked) <= max(asked) < 125


def test_a_wrong_list_of_records_before_other_records_is_not_used(monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger=LOGGER)

    async def main(_loop):
        account = Account({f"{n:02}": Job(60, kind="model_test") for n in range(20)}, always_running)
        asked = with_other_records(account)
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return asked

    assert max(run_account(monkeypatch, main)) < 120
    (line,) = caplog.messages
    assert "shows jobs as running that have ended (model_test)" in line


def test_a_job_that_the_list_lacks_among_others_of_its_kind_is_polled_alone(monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger=LOGGER)

    async def main(_loop):
        account = Account({f"{n}": Job(300) for n in range(9)}, lambda entries, _: entries[1:])
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return account

    account = run_account(monkeypatch, main)
    assert account.polls.count("status/0/") > 25
    assert account.polls.count("status/1/") < 15
    assert len(account.lists) > 25
    assert caplog.messages == []


def test_all_pages_are_read_until_every_job_is_found(monkeypatch):
    async def main(_loop):
        account = Account({f"{n:02}": Job(300) for n in range(40)}, pages(5))
        mine = [f"{n:02}" for n in range(12)]
        await asyncio.gather(*(account.wait(job) for job in mine))
        return account

    account = run_account(monkeypatch, main)
    assert len(account.polls) < len(account.lists)
    assert len({round(moment) for moment in account.lists}) * 3 >= len(account.lists) > 60


def test_a_wait_that_begins_while_the_list_is_read_is_not_missing_from_it(monkeypatch):
    async def main(_loop):
        account = Account({f"{n}": Job(100) for n in range(8)})
        fast = account.list_jobs

        async def list_jobs(path):
            listed = await fast(path)
            await asyncio.sleep(2)
            return listed

        account.list_jobs = list_jobs
        first = [asyncio.ensure_future(account.wait(f"{n}")) for n in range(7)]
        await asyncio.sleep(1)
        account.polls.clear()
        last = asyncio.ensure_future(account.wait("7"))
        await asyncio.sleep(5)
        polled = account.polls.count("status/7/")
        await asyncio.gather(*first, last)
        return polled

    assert run_account(monkeypatch, main) == 0


def test_a_change_during_a_request_of_its_own_is_not_lost(monkeypatch):
    """The first wait is the first whose job is checked. The list shows its end before the late response arrives."""

    async def main(_loop):
        account = Account({"first": Job(5), **{f"{n}": Job(300) for n in range(30)}})
        fast = account.poll

        async def poll(path):
            found = await fast(path)
            if path == "status/first/" and found.status == 200:
                await asyncio.sleep(10)
            return found

        account.poll = poll
        first, *_ = await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return first.delay, account.polls.count("status/first/")

    delay, polls = run_account(monkeypatch, main)
    assert polls == 2
    assert 6 < delay < 8


def test_each_job_is_polled_by_its_own_request_when_the_list_fails_once(monkeypatch):
    failing = iter([False] * 12 + [True])

    def listed(entries, _now):
        if next(failing, False):
            raise FAILED["503"]
        return entries

    async def main(_loop):
        account = Account({f"{n}": Job(300) for n in range(20)}, listed)
        waits = [asyncio.ensure_future(account.wait(job)) for job in account.jobs]
        await until(lambda: len(account.lists) == 12)
        account.polls.clear()
        await until(lambda: len(account.lists) == 13)
        await asyncio.sleep(1)
        polled = set(account.polls)
        await asyncio.gather(*waits)
        return polled

    assert len(run_account(monkeypatch, main)) == 20


def test_a_wait_ends_at_its_deadline_with_a_request_of_its_own(monkeypatch):
    async def main(_loop):
        account = Account({**{f"{n:02}": Job(3_600) for n in range(40)}, "short": Job(99.5)}, always_running)
        return await asyncio.gather(*(account.wait(job, seconds=100) for job in account.jobs))

    *late, short = run_account(monkeypatch, main)
    assert {(str(wait.verdict.outcome), wait.verdict.state) for wait in late} == {("timed_out", "RUNNING")}
    assert [wait.delay for wait in late] == pytest.approx([100 - 3_600] * 40, abs=2)
    assert (str(short.verdict.outcome), short.messages[-1]) == ("succeeded", "The job succeeded.")


def test_nothing_is_requested_after_the_last_wait(monkeypatch):
    async def main(_loop):
        account = Account({each: Job(3_600) for each in "abc"})
        waits = [asyncio.ensure_future(account.wait(job)) for job in account.jobs]
        await asyncio.sleep(30.01)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        before = len(account.lists), len(account.polls)
        await asyncio.sleep(100)
        return before == (len(account.lists), len(account.polls)), len(asyncio.all_tasks())

    assert run_account(monkeypatch, main) == (True, 1)


def test_new_waits_do_not_make_the_list_a_permanent_request(monkeypatch):
    """A wait begins every tenth of a second, and each list takes a fifth of a second."""

    async def main(_loop):
        account = Account({f"{number:03}": Job(60) for number in range(300)})
        fast = account.list_jobs

        async def list_jobs(path):
            await asyncio.sleep(0.18)
            return await fast(path)

        account.list_jobs = list_jobs
        waits = []
        for job in account.jobs:
            waits.append(asyncio.ensure_future(account.wait(job)))
            await asyncio.sleep(0.1)
        await asyncio.gather(*waits)
        return account

    account = run_account(monkeypatch, main)
    assert len(account.lists) * 0.2 <= 0.11 * account.now


def test_a_server_that_asks_for_a_pause_gets_no_requests_instead_of_the_list(monkeypatch):
    busy = RateLimitError(429, "busy", **REFUSAL)

    def listed(entries, now):
        if 20 < now < 30:
            raise busy
        return entries

    async def main(_loop):
        account = Account({f"{number:02}": Job(300) for number in range(20)}, listed)
        waits = [asyncio.ensure_future(account.wait(job)) for job in account.jobs]
        await asyncio.sleep(19)
        before = len(account.polls)
        await asyncio.sleep(11)
        sent = len(account.polls) - before
        await asyncio.gather(*waits)
        return sent

    assert run_account(monkeypatch, main) <= 3 * job_list._CHECKS
