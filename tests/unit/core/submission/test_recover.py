"""Finding again what a lost response would have told: in a list, by a refusal, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.core.submission.record import SubmissionRecord
from datarobot_provider.core.submission.recovery import (
    CreatedResource,
    RecoverByConflict,
    RecoverFromList,
    SubmitOnce,
    fields_match,
)
from datarobot_provider.exceptions import (
    ConflictError,
    InputError,
    MalformedResponseError,
    RateLimitError,
    ServerError,
    TransportError,
    UncertainSubmitError,
)
from tests.unit.support import FakeStore, FakeTaskInstance

if TYPE_CHECKING:
    from collections.abc import Callable

    from datarobot_provider.jobs.model import JobRef

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LOST = TransportError("no response", reason="lost", sent=True)
RETRIES = 2


def row(name: str, seconds: float = 0, **more: Any) -> dict[str, Any]:
    return {"id": name, "created": (NOON + timedelta(seconds=seconds)).isoformat(), "sort": "ours", **more}


OLD, OLDER = row("old", 0), row("older", -60)


class InList(RecoverFromList):
    """Makes a row of a list that it is given; each answer of ``responses`` is one sending."""

    def __init__(self, *rows: dict[str, Any], policy: str = "fail") -> None:
        self.rows = list(rows)
        self.on_uncertain_submit = policy
        self.api_fields = {}
        self.responses: list[Exception | None] = []
        self.sent = 0
        self.asked: list[int | None] = []
        self.bad: set[str] = set()

    def start(self, context: Any) -> CreatedResource:
        self.sent += 1
        self.rows.insert(0, row(f"new-{self.sent}", self.sent))
        response = self.responses.pop(0) if self.responses else None
        if response:
            raise response
        return CreatedResource(self.rows[0]["id"])

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        self.asked.append(limit)
        return self.rows[:limit]

    def matches(self, row: Any) -> bool:
        return row["sort"] == "ours"

    def result_from_row(self, row: Any) -> CreatedResource:
        return CreatedResource(row["id"])

    def is_recoverable(self, made: JobRef | CreatedResource) -> bool:
        return isinstance(made, CreatedResource) and made.value not in self.bad


class Blind(InList):
    """The same where nobody can tell."""

    recover = SubmitOnce.recover
    state_before = SubmitOnce.state_before


class Refusing(RecoverByConflict, InList):
    """The same where a second request is refused; ``start`` deals with that."""

    state_before = SubmitOnce.state_before


class Tries:
    """The tries of one task; each has a fresh record."""

    def __init__(self, *, store: bool = True, began: datetime | None = NOON) -> None:
        self.ti = FakeTaskInstance(RETRIES)
        self.context: dict[str, Any] = {"ti": self.ti, "dag_run": SimpleNamespace(start_date=began)}
        if store:
            self.context["task_state_store"] = FakeStore()

    def submit(self, task: SubmitOnce) -> JobRef | CreatedResource:
        return task.submit(self.context, self.record())

    def record(self) -> SubmissionRecord:
        return SubmissionRecord.load_or_create(self.context, SimpleNamespace(datarobot_conn_id="c", retries=RETRIES))

    def lose(self, task: InList, response: Exception = LOST) -> None:
        """Make a try whose request came through, and begin the next."""
        task.responses.append(response)
        with pytest.raises(type(response)):
            self.submit(task)
        self.ti.retry()


class TestRecover:
    @pytest.mark.parametrize(
        ("before", "now", "found"),
        [
            pytest.param([], [row("x", 9)], "x", id="nothing was there before"),
            pytest.param([], [], None, id="nothing is there"),
            pytest.param([OLD], [OLD, OLDER], None, id="nothing is new"),
            pytest.param([OLD], [row("x", 9), OLD, OLDER], "x", id="one is new"),
            pytest.param([OLD], [row("x", 0), OLD], "x", id="one is of the same second"),
            pytest.param([OLD], [row("x", 9), OLDER], "x", id="the newest was deleted in between"),
            pytest.param([OLD], [OLDER], None, id="the newest was deleted, and nothing came"),
            pytest.param([OLD], [row("x", 9, sort="theirs"), OLD], None, id="what is new is not ours"),
            pytest.param([OLD], [row("y", 9, sort="theirs"), row("x", 8), OLD], "x", id="one of two is ours"),
            pytest.param([OLD], [row("x", -1), OLD], None, id="an older one that fits"),
            pytest.param([OLD], [{**OLD, "name": "renamed"}], None, id="the newest has changed"),
            pytest.param([{**OLD, "created": None}], [row("x", 9), OLD], "x", id="no time was told before"),
            pytest.param([OLD], [{**row("x"), "created": None}, OLD], "x", id="no time is told now"),
        ],
    )
    def test_what_is_newer_and_the_same_is_it(self, before, now, found):
        task = InList(*before)
        state = task.state_before()
        task.rows = now
        made = task.recover(state)
        assert (made.value if made else None) == found
        assert task.asked == [10, None]

    def test_times_are_compared_whatever_their_zone_and_precision(self):
        task = InList({**OLD, "created": "2026-05-01T12:00:00.500000Z"})
        state = task.state_before()
        for created, newer in [
            ("2026-05-01T12:00:00.6Z", True),
            ("2026-05-01T14:00:00.600000+02:00", True),
            ("2026-05-01T14:00:00.400000+02:00", False),
            ("2026-05-01T12:00:00.5Z", True),
        ]:
            task.rows = [{**row("x"), "created": created}]
            assert bool(task.recover(state)) is newer

    def test_two_that_fit_are_named(self):
        task = InList(OLD)
        state = task.state_before()
        task.rows = [row("y", 9), row("x", 8), OLD]
        with pytest.raises(UncertainSubmitError, match=r"More than one fits: y, x\.") as caught:
            task.recover(state)
        assert "What to do: check in DataRobot whether the request was processed." in str(caught.value)

    def test_an_operator_may_refuse_to_take_it_that_there_is_none(self):
        class Slow(InList):
            def verify_not_created(self) -> None:
                raise UncertainSubmitError("It may still come.")

        task = Slow(OLD)
        with pytest.raises(UncertainSubmitError, match=r"It may still come\."):
            task.recover(task.state_before())

    def test_what_was_there_in_the_second_of_the_newest_is_not_taken_for_it(self):
        task = InList(OLD, row("twin", 0))
        assert task.recover(task.state_before()) is None


@pytest.mark.parametrize(
    "response", [LOST, ServerError(502, "bad", method="POST", path="x/"), MalformedResponseError("x")]
)
class TestLostReplies:
    def test_the_next_try_takes_up_what_is_there(self, response):
        task, tries = InList(OLD), Tries()
        tries.lose(task, response)
        assert tries.submit(task) == CreatedResource("new-1")
        assert task.sent == 1
        tries.ti.retry()
        assert tries.record().result == CreatedResource("new-1")

    def test_the_next_try_sends_it_if_there_is_none(self, response):
        task, tries = InList(OLD), Tries()
        tries.lose(task, response)
        task.rows = [OLD]
        assert tries.submit(task) == CreatedResource("new-2")

    def test_a_clear_sends_it_anew(self, response):
        task, tries = InList(OLD), Tries()
        tries.lose(task, response)
        tries.ti.clear()
        assert tries.submit(task) == CreatedResource("new-2")

    def test_nobody_can_tell_and_so_it_fails(self, response):
        task, tries = Blind(OLD), Tries()
        tries.lose(task, response)
        for _ in range(2):
            with pytest.raises(UncertainSubmitError, match="DataRobot offers no way to find out"):
                tries.submit(task)
            tries.ti.retry()
        assert task.sent == 1

    def test_nobody_can_tell_and_it_is_sent_again_as_told(self, response, caplog):
        task, tries = Blind(OLD, policy="resubmit"), Tries()
        tries.lose(task, response)
        assert tries.submit(task) == CreatedResource("new-2")
        assert "Sending it again, as on_uncertain_submit says." in caplog.text

    def test_two_fit_and_it_is_sent_again_as_told(self, response):
        task, tries = InList(OLD, policy="resubmit"), Tries()
        tries.lose(task, response)
        task.rows.insert(0, row("other", 5))
        assert tries.submit(task) == CreatedResource("new-2")

    def test_what_is_refused_twice_is_sent_again(self, response):
        task, tries = Refusing(OLD), Tries()
        tries.lose(task, response)
        task.responses = [ConflictError(409, "there", method="POST", path="x/")]
        with pytest.raises(ConflictError):
            tries.submit(task)
        assert (task.sent, task.asked) == (2, [])


@pytest.mark.parametrize(
    "error",
    [
        InputError("x"),
        ConflictError(409, "x", method="POST", path="x/"),
        RateLimitError(429, "x", method="POST", path="x/"),
        TransportError("x", reason="refused", sent=False),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_proves_that_nothing_was_made_leaves_no_question(error):
    task, tries = Blind(), Tries()
    task.responses = [error]
    with pytest.raises(type(error)):
        tries.submit(task)
    assert tries.context["task_state_store"].values == {}
    tries.ti.retry()
    assert tries.submit(task) == CreatedResource("new-2")


def test_a_worker_that_dies_leaves_the_question():
    task, tries = InList(OLD), Tries()
    task.responses = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        tries.submit(task)
    tries.ti.retry()
    assert tries.submit(task) == CreatedResource("new-1")


class TestWithoutStore:
    def test_a_first_try_asks_nothing(self):
        task, tries = InList(row("theirs", 5)), Tries(store=False)
        assert tries.submit(task) == CreatedResource("new-1")
        assert task.asked == []

    def test_a_retry_takes_up_what_was_made_since_the_run_began(self):
        task, tries = InList(OLDER), Tries(store=False)
        tries.lose(task)
        assert tries.submit(task) == CreatedResource("new-1")
        assert task.sent == 1

    @pytest.mark.parametrize("bad", [set(), {"new-1"}], ids=["before the run", "ended badly"])
    def test_a_retry_does_not_take_up_what_is_not_its_own(self, bad: set[str]):
        task, tries = InList(), Tries(store=False, began=NOON if bad else NOON + timedelta(hours=1))
        task.bad = bad
        tries.lose(task)
        assert tries.submit(task) == CreatedResource("new-2")

    @pytest.mark.parametrize("began", [None, NOON], ids=["unknown", "known"])
    def test_a_clear_or_a_run_that_does_not_tell_when_it_began_sends_it_anew(self, began: datetime | None):
        task, tries = InList(), Tries(store=False, began=began)
        tries.lose(task)
        if began:
            tries.ti.clear()
        assert tries.submit(task) == CreatedResource("new-2")

    def test_a_context_without_a_run_sends_it_anew(self):
        task, tries = InList(), Tries(store=False)
        del tries.context["dag_run"]
        tries.lose(task)
        assert tries.submit(task) == CreatedResource("new-2")

    @pytest.mark.parametrize("policy", ["fail", "resubmit"])
    def test_where_nobody_can_tell_the_policy_counts_at_every_retry(self, policy: str):
        task, tries = Blind(policy=policy), Tries(store=False)
        tries.lose(task)
        if policy == "fail":
            with pytest.raises(UncertainSubmitError):
                tries.submit(task)
        else:
            assert tries.submit(task) == CreatedResource("new-2")


def test_with_a_store_what_was_found_is_taken_up_however_it_ended():
    task, tries = InList(), Tries()
    tries.lose(task)
    task.bad = {"new-1"}
    assert tries.submit(task) == CreatedResource("new-1")


@pytest.mark.parametrize(
    ("row", "sent", "same"),
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({}, {"a": 1}, False),
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1, "other": 5}, {"a": 1, "other": 6}, True),
        ({"a": None}, {}, True),
        ({"a": {"x": 1, "added": 2}}, {"a": {"x": 1}}, True),
        ({"a": {"x": {"y": 1, "z": 2}}}, {"a": {"x": {"y": 1}}}, True),
        ({"a": {"x": {"y": 1}}}, {"a": {"x": {"y": 2}}}, False),
        ({"a": None}, {"a": {"x": 1}}, False),
        ({"a": {"x": 1}}, {"a": 1}, False),
        ({"a": ["p", "q"]}, {"a": ["p", "q"]}, True),
        ({"a": ["q", "p"]}, {"a": ["p", "q"]}, False),
    ],
)
def test_what_was_sent_has_to_agree_and_what_was_not_does_not_count(row, sent, same):
    assert fields_match(row, sent, ("a", "b")) is same


@pytest.mark.parametrize("policy", ["", "FAIL", "retry", None, True])
def test_there_are_two_policies(policy: Any):
    task = InList(policy=policy)
    with pytest.raises(InputError, match="on_uncertain_submit should be one of fail, resubmit, but is"):
        task.check_submission()


@pytest.mark.parametrize("make", [lambda: InList(policy="fail"), lambda: InList(policy="resubmit")])
def test_either_is_taken(make: Callable[[], InList]):
    make().check_submission()
