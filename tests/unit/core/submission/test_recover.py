"""Recovery after a lost response: from a list, by a conflict, or not at all."""

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
    return {"id": name, "created": (NOON + timedelta(seconds=seconds)).isoformat(), "type": "expected", **more}


OLD, OLDER = row("old", 0), row("older", -60)


class ListOperator(RecoverFromList):
    """Operator that creates a row in a list; ``responses`` are the outcomes of the requests."""

    def __init__(self, *rows: dict[str, Any], policy: str = "fail") -> None:
        self.rows = list(rows)
        self.on_uncertain_submit = policy
        self.api_fields = {}
        self.responses: list[Exception | None] = []
        self.sent = 0
        self.limits: list[int | None] = []
        self.failed: set[str] = set()

    def start(self, context: Any) -> CreatedResource:
        self.sent += 1
        self.rows.insert(0, row(f"new-{self.sent}", self.sent))
        response = self.responses.pop(0) if self.responses else None
        if response:
            raise response
        return CreatedResource(self.rows[0]["id"])

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        self.limits.append(limit)
        return self.rows[:limit]

    def matches(self, row: Any) -> bool:
        return row["type"] == "expected"

    def result_from_row(self, row: Any) -> CreatedResource:
        return CreatedResource(row["id"])

    def is_recoverable(self, result: JobRef | CreatedResource) -> bool:
        return isinstance(result, CreatedResource) and result.value not in self.failed


class UncertainOperator(ListOperator):
    """Operator without a way to find out what a request created."""

    recover = SubmitOnce.recover
    state_before = SubmitOnce.state_before


class ConflictOperator(RecoverByConflict, ListOperator):
    """Operator whose second request is refused."""

    state_before = SubmitOnce.state_before


class Attempts:
    """Attempts of a task; each one loads the submission record."""

    def __init__(self, *, store: bool = True, started: datetime | None = NOON) -> None:
        self.ti = FakeTaskInstance(RETRIES)
        self.context: dict[str, Any] = {"ti": self.ti, "dag_run": SimpleNamespace(start_date=started)}
        if store:
            self.context["task_state_store"] = FakeStore()

    def submit(self, task: SubmitOnce) -> JobRef | CreatedResource:
        return task.submit(self.context, self.record())

    def record(self) -> SubmissionRecord:
        return SubmissionRecord.load_or_create(self.context, SimpleNamespace(datarobot_conn_id="c", retries=RETRIES))

    def lose_response(self, task: ListOperator, response: Exception = LOST) -> None:
        """Run an attempt whose response is lost, and begin the next attempt."""
        task.responses.append(response)
        with pytest.raises(type(response)):
            self.submit(task)
        self.ti.retry()


class TestRecover:
    @pytest.mark.parametrize(
        ("before", "now", "found"),
        [
            pytest.param([], [row("x", 9)], "x", id="nothing before"),
            pytest.param([], [], None, id="nothing now"),
            pytest.param([OLD], [OLD, OLDER], None, id="nothing is new"),
            pytest.param([OLD], [row("x", 9), OLD, OLDER], "x", id="one is new"),
            pytest.param([OLD], [row("x", 0), OLD], "x", id="one is of the same second"),
            pytest.param([OLD], [row("x", 9), OLDER], "x", id="newest deleted, one created"),
            pytest.param([OLD], [OLDER], None, id="newest deleted, nothing created"),
            pytest.param([OLD], [row("x", 9, type="other"), OLD], None, id="the new one does not match"),
            pytest.param([OLD], [row("y", 9, type="other"), row("x", 8), OLD], "x", id="one of two matches"),
            pytest.param([OLD], [row("x", -1), OLD], None, id="an older one matches"),
            pytest.param([OLD], [{**OLD, "name": "renamed"}], None, id="the newest was changed"),
            pytest.param([{**OLD, "created": None}], [row("x", 9), OLD], "x", id="no time before"),
            pytest.param([OLD], [{**row("x"), "created": None}, OLD], "x", id="no time now"),
        ],
    )
    def test_newer_and_matching_row_is_found(self, before, now, found):
        task = ListOperator(*before)
        state = task.state_before()
        task.rows = now
        result = task.recover(state)
        assert (result.value if result else None) == found
        assert task.limits == [10, None]

    def test_times_with_any_time_zone_and_precision_are_compared(self):
        task = ListOperator({**OLD, "created": "2026-05-01T12:00:00.500000Z"})
        state = task.state_before()
        for created, newer in [
            ("2026-05-01T12:00:00.6Z", True),
            ("2026-05-01T14:00:00.600000+02:00", True),
            ("2026-05-01T14:00:00.400000+02:00", False),
            ("2026-05-01T12:00:00.5Z", True),
        ]:
            task.rows = [{**row("x"), "created": created}]
            assert bool(task.recover(state)) is newer

    def test_error_names_the_rows_if_several_match(self):
        task = ListOperator(OLD)
        state = task.state_before()
        task.rows = [row("y", 9), row("x", 8), OLD]
        with pytest.raises(UncertainSubmitError, match=r"Several resources match: y, x\.") as caught:
            task.recover(state)
        assert "What to do: check in DataRobot whether the request was processed." in str(caught.value)

    def test_operator_may_distrust_an_empty_result(self):
        class SlowOperator(ListOperator):
            def verify_not_created(self) -> None:
                raise UncertainSubmitError("It may still appear.")

        task = SlowOperator(OLD)
        with pytest.raises(UncertainSubmitError, match=r"It may still appear\."):
            task.recover(task.state_before())

    def test_existing_row_from_the_same_second_is_not_found(self):
        task = ListOperator(OLD, row("twin", 0))
        assert task.recover(task.state_before()) is None


@pytest.mark.parametrize(
    "response", [LOST, ServerError(502, "bad", method="POST", path="x/"), MalformedResponseError("x")]
)
class TestLostResponse:
    def test_retry_reuses_the_created_row(self, response):
        task, attempts = ListOperator(OLD), Attempts()
        attempts.lose_response(task, response)
        assert attempts.submit(task) == CreatedResource("new-1")
        assert task.sent == 1
        attempts.ti.retry()
        assert attempts.record().result == CreatedResource("new-1")

    def test_retry_sends_the_request_if_nothing_was_created(self, response):
        task, attempts = ListOperator(OLD), Attempts()
        attempts.lose_response(task, response)
        task.rows = [OLD]
        assert attempts.submit(task) == CreatedResource("new-2")

    def test_cleared_task_sends_the_request_again(self, response):
        task, attempts = ListOperator(OLD), Attempts()
        attempts.lose_response(task, response)
        attempts.ti.clear()
        assert attempts.submit(task) == CreatedResource("new-2")

    def test_retry_fails_if_the_outcome_is_uncertain(self, response):
        task, attempts = UncertainOperator(OLD), Attempts()
        attempts.lose_response(task, response)
        for _ in range(2):
            with pytest.raises(UncertainSubmitError, match="The DataRobot API has no way to find out"):
                attempts.submit(task)
            attempts.ti.retry()
        assert task.sent == 1

    def test_retry_resubmits_an_uncertain_request(self, response, caplog):
        task, attempts = UncertainOperator(OLD, policy="resubmit"), Attempts()
        attempts.lose_response(task, response)
        assert attempts.submit(task) == CreatedResource("new-2")
        assert "Sending the request again because on_uncertain_submit is 'resubmit'." in caplog.text

    def test_retry_resubmits_if_several_rows_match(self, response):
        task, attempts = ListOperator(OLD, policy="resubmit"), Attempts()
        attempts.lose_response(task, response)
        task.rows.insert(0, row("other", 5))
        assert attempts.submit(task) == CreatedResource("new-2")

    def test_conflict_of_the_second_request_is_raised(self, response):
        task, attempts = ConflictOperator(OLD), Attempts()
        attempts.lose_response(task, response)
        task.responses = [ConflictError(409, "there", method="POST", path="x/")]
        with pytest.raises(ConflictError):
            attempts.submit(task)
        assert (task.sent, task.limits) == (2, [])


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
def test_record_is_deleted_if_the_request_created_nothing(error):
    task, attempts = UncertainOperator(), Attempts()
    task.responses = [error]
    with pytest.raises(type(error)):
        attempts.submit(task)
    assert attempts.context["task_state_store"].values == {}
    attempts.ti.retry()
    assert attempts.submit(task) == CreatedResource("new-2")


def test_retry_recovers_after_the_worker_was_killed():
    task, attempts = ListOperator(OLD), Attempts()
    task.responses = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        attempts.submit(task)
    attempts.ti.retry()
    assert attempts.submit(task) == CreatedResource("new-1")


class TestWithoutStore:
    def test_first_attempt_sends_the_request_at_once(self):
        task, attempts = ListOperator(row("other", 5)), Attempts(store=False)
        assert attempts.submit(task) == CreatedResource("new-1")
        assert task.limits == []

    def test_retry_reuses_a_row_created_since_the_run_started(self):
        task, attempts = ListOperator(OLDER), Attempts(store=False)
        attempts.lose_response(task)
        assert attempts.submit(task) == CreatedResource("new-1")
        assert task.sent == 1

    @pytest.mark.parametrize("failed", [set(), {"new-1"}], ids=["before the run", "ended badly"])
    def test_retry_ignores_rows_that_are_not_recoverable(self, failed: set[str]):
        task, attempts = ListOperator(), Attempts(store=False, started=NOON if failed else NOON + timedelta(hours=1))
        task.failed = failed
        attempts.lose_response(task)
        assert attempts.submit(task) == CreatedResource("new-2")

    @pytest.mark.parametrize("started", [None, NOON], ids=["unknown", "known"])
    def test_request_is_sent_again_after_a_clear_or_without_a_start_time(self, started: datetime | None):
        task, attempts = ListOperator(), Attempts(store=False, started=started)
        attempts.lose_response(task)
        if started:
            attempts.ti.clear()
        assert attempts.submit(task) == CreatedResource("new-2")

    def test_request_is_sent_again_without_a_dag_run(self):
        task, attempts = ListOperator(), Attempts(store=False)
        del attempts.context["dag_run"]
        attempts.lose_response(task)
        assert attempts.submit(task) == CreatedResource("new-2")

    @pytest.mark.parametrize("policy", ["fail", "resubmit"])
    def test_policy_applies_to_every_retry_if_the_outcome_is_uncertain(self, policy: str):
        task, attempts = UncertainOperator(policy=policy), Attempts(store=False)
        attempts.lose_response(task)
        if policy == "fail":
            with pytest.raises(UncertainSubmitError):
                attempts.submit(task)
        else:
            assert attempts.submit(task) == CreatedResource("new-2")


def test_result_is_reused_with_a_store_even_if_it_failed():
    task, attempts = ListOperator(), Attempts()
    attempts.lose_response(task)
    task.failed = {"new-1"}
    assert attempts.submit(task) == CreatedResource("new-1")


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
def test_fields_match_compares_only_fields_that_were_sent(row, sent, same):
    assert fields_match(row, sent, ("a", "b")) is same


@pytest.mark.parametrize("policy", ["", "FAIL", "retry", None, True])
def test_unknown_policy_is_refused(policy: Any):
    task = ListOperator(policy=policy)
    with pytest.raises(InputError, match="on_uncertain_submit should be one of fail, resubmit, but is"):
        task.check_submission()


@pytest.mark.parametrize("make", [lambda: ListOperator(policy="fail"), lambda: ListOperator(policy="resubmit")])
def test_known_policy_is_accepted(make: Callable[[], ListOperator]):
    make().check_submission()
