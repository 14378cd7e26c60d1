"""Waits that share the requests for a list, with all kinds of lists: none of these ends a wait early, or delays it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random

import pytest

from datarobot_provider.jobs import job_list
from tests.unit.jobs.job_account import LIST, Account, Job, run_account
from tests.unit.jobs.list_behaviours import FAILED, LOGGER, REFUSED, always_running, pages, raising, with_progress


def late(seconds):
    """Return a list as it was some seconds ago, without the jobs that are younger."""
    history = []

    def listed(entries, now):
        history.append((now, entries))
        known = [old for moment, old in history if moment <= now - seconds]
        return known[-1] if known else []

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
    "wrong, with their progress": with_progress(always_running),
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
    longest = {"late": 40.0, "wrong": 75.0, "wrong, with their progress": 75.0}.get(behaviour, 12.0)
    assert max(wait.delay for wait in shared) < longest


@pytest.mark.parametrize("behaviour", [name for name in LISTS if name.startswith("refused")])
def test_a_list_that_is_refused_is_requested_once(monkeypatch, caplog, behaviour):
    caplog.set_level(logging.INFO, logger=LOGGER)

    async def main(_loop):
        account = Account(mixed_jobs(), LISTS[behaviour])
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return account

    assert len(run_account(monkeypatch, main).lists) == 1
    (line,) = caplog.messages
    assert line.startswith(f"The list {LIST} cannot be used.")


def test_a_list_that_is_refused_is_requested_once_for_hundreds_of_waits(monkeypatch, caplog):
    """The waits continue in batches, so that many of them still sleep when the refusal has been handled."""
    caplog.set_level(logging.INFO, logger=LOGGER)

    async def main(_loop):
        account = Account({f"{number}": Job(60) for number in range(1_000)}, raising(REFUSED["403"]))
        await asyncio.gather(*(account.wait(job) for job in account.jobs))
        return account

    assert len(run_account(monkeypatch, main).lists) == 1
    assert len(caplog.messages) == 1


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
