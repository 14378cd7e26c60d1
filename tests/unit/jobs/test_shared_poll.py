"""Waits that share the requests for a list, on an event loop with a virtual clock."""

from __future__ import annotations

import asyncio
import logging
import random
import statistics

import pytest

from datarobot_provider.exceptions import (
    RateLimitError,
)
from datarobot_provider.jobs import job_list
from tests.unit.jobs.job_account import LIST, Account, Job, run_account
from tests.unit.jobs.list_behaviours import FAILED, LOGGER, REFUSAL, always_running, pages, with_progress
from tests.unit.support import response


async def until(condition):
    """Wait for a condition."""
    while not condition():  # noqa: ASYNC110 - the clock is virtual
        await asyncio.sleep(0.05)


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
    assert 65 <= lists <= 68
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


@pytest.mark.parametrize("listed", [always_running, with_progress(always_running)], ids=["unchanged", "with_progress"])
def test_a_list_that_shows_ended_jobs_as_running_is_not_used_for_them(monkeypatch, caplog, listed):
    caplog.set_level(logging.INFO, logger=LOGGER)

    async def main(_loop):
        account = Account({**{f"{n:02}": Job(100) for n in range(20)}, "long": Job(400)}, listed)
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
        account.jobs["7"] = Job(100, starts=1.5)
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
        return before == (len(account.lists), len(account.polls)), len(asyncio.all_tasks()), account.job_lists

    assert run_account(monkeypatch, main) == (True, 1, {})


def test_waits_that_begin_while_the_reading_for_the_last_ones_is_cancelled_are_not_forgotten(monkeypatch):
    """The list is kept, because it lacks the jobs of another kind."""

    async def main(_loop):
        jobs = {each: Job(3_600) for each in "abcd"}
        account = Account({**jobs, **{each: Job(60, kind="dataset_from_url") for each in "xyz"}}, without_xyz)
        first = [asyncio.ensure_future(account.wait(each)) for each in "ab"]
        await asyncio.gather(*(account.wait(each) for each in "xyz"))
        fast = account.list_jobs

        async def list_jobs(path):
            reading.set()
            try:
                await asyncio.sleep(3)
            except asyncio.CancelledError:
                # The connection takes a while to close.
                await asyncio.sleep(5)
                raise
            return await fast(path)

        reading = asyncio.Event()
        account.list_jobs = list_jobs
        await reading.wait()
        account.jobs["c"] = account.jobs["d"] = Job(account.now + 30)
        last = [asyncio.ensure_future(account.wait(each)) for each in "cd"]
        for wait in first:
            wait.cancel()
        return await asyncio.wait_for(asyncio.gather(*last), 200)

    def without_xyz(entries, _now):
        return [entry for entry in entries if entry["statusId"] not in set("xyz")]

    assert max(wait.delay for wait in run_account(monkeypatch, main)) < 40


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
