"""The ledger: what a task remembers from try to try, and what it makes of what it finds."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from datarobot_provider.exceptions import (
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    DataRobotError,
    DownloadError,
    InputError,
    JobFailedError,
    MalformedReplyError,
    NotFoundError,
    RateLimitError,
    ResponseTooLargeError,
    ServerError,
    TransportError,
    UncertainSubmitError,
    UntraceableJobError,
    ValidationError,
)
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.operators.submission import Done, Ledger, _made_nothing
from tests.unit.support import FakeStore, FakeTaskInstance

KEY = "datarobot_job"
REF = JobRef("model_test", {"custom_model_test_id": "t"})
DONE = Done({"id": "m", "tags": [1, None]}, {"custom_model_id": "m"})
RETRIES = 2


class Task:
    """The tries of one task with two retries."""

    def __init__(self, stored: Any = None, *, store: bool = True) -> None:
        self.ti = FakeTaskInstance(RETRIES)
        self.store = FakeStore(**({} if stored is None else {KEY: stored})) if store else None

    def ledger(self) -> Ledger:
        return Ledger({"ti": self.ti, "task_state_store": self.store}, RETRIES)

    def stored(self) -> Any:
        return json.loads(self.store.values[KEY])


def record(**fields: Any) -> str:
    return json.dumps({"max_tries": RETRIES, "before": {}, **fields})


def nobody_asks() -> Any:
    raise AssertionError("what there was before is asked only once")


class TestRemembering:
    def test_a_first_try_knows_nothing(self):
        ledger = Task().ledger()
        assert (ledger.made, ledger.before, ledger.outdated) == (None, None, None)
        assert (ledger.kept, ledger.is_retry) == (True, False)

    def test_an_intent_is_written_before_anything_is_known(self):
        task = Task()
        task.ledger().intend(lambda: {"id": "old"})
        assert task.stored() == {"max_tries": RETRIES, "before": {"id": "old"}}
        task.ti.retry()
        later = task.ledger()
        assert (later.before, later.made, later.is_retry) == ({"id": "old"}, None, True)

    def test_what_there_was_before_is_asked_once_for_all_tries(self):
        task = Task()
        ledger = task.ledger()
        ledger.intend(dict)
        ledger.intend(nobody_asks)
        task.ti.retry()
        task.ledger().intend(nobody_asks)
        assert task.stored() == {"max_tries": RETRIES, "before": {}}

    @pytest.mark.parametrize("made", [REF, DONE, Done(None), Done("v", {"a": "b"})], ids=str)
    def test_what_was_made_is_known_to_every_later_try(self, made):
        task = Task()
        ledger = task.ledger()
        ledger.intend(lambda: {"id": "old"})
        ledger.keep(made)
        assert ledger.made == made
        for _ in range(RETRIES):
            task.ti.retry()
            later = task.ledger()
            assert (later.made, later.before, later.outdated) == (made, {"id": "old"}, None)
        assert set(task.stored()) == {"max_tries", "before", "ref" if made is REF else "done"}

    def test_what_was_made_without_an_intent_is_written_down_all_the_same(self):
        task = Task()
        task.ledger().keep(REF)
        assert task.stored() == {"max_tries": RETRIES, "before": {}, "ref": REF.dumps()}

    def test_what_is_forgotten_is_gone_for_this_try_and_the_next(self):
        task = Task(record(ref=REF.dumps()))
        ledger = task.ledger()
        assert ledger.made == REF
        ledger.forget()
        assert (ledger.made, ledger.before) == (None, None)
        assert task.store.values == {}
        ledger.forget()
        ledger.intend(lambda: {"id": "new"})
        assert task.stored()["before"] == {"id": "new"}

    def test_an_airflow_without_a_store_remembers_nothing_and_says_so(self):
        task = Task(store=False)
        ledger = task.ledger()
        ledger.intend(nobody_asks)
        ledger.keep(REF)
        assert (ledger.kept, ledger.made) == (False, REF)
        ledger.forget()
        assert task.ledger().made is None
        assert Ledger({"ti": task.ti}, RETRIES).kept is False


class TestClears:
    @pytest.mark.parametrize("tries", [1, 2, 3])
    def test_a_clear_makes_it_history(self, tries):
        task = Task(record(ref=REF.dumps()))
        for _ in range(tries - 1):
            task.ti.retry()
        assert task.ledger().made == REF
        task.ti.clear()
        ledger = task.ledger()
        assert (ledger.made, ledger.before, ledger.outdated) == (None, None, REF)
        assert ledger.is_retry is False

    def test_a_clear_of_a_task_without_a_job_leaves_nothing_to_stop(self):
        for stored, outdated in ((record(), None), (record(done={"value": 1, "ids": {}}), Done(1, {}))):
            task = Task(stored)
            task.ti.clear()
            ledger = task.ledger()
            assert (ledger.made, ledger.before, ledger.outdated) == (None, None, outdated)

    def test_what_is_made_after_a_clear_is_known_until_the_next_one(self):
        task = Task(record(ref=REF.dumps()))
        task.ti.clear()
        task.ledger().intend(lambda: {"id": "newer"})
        task.ledger().keep(DONE)
        assert task.stored()["max_tries"] == 1 + RETRIES
        task.ti.retry()
        assert task.ledger().made == DONE
        task.ti.clear()
        assert (task.ledger().made, task.ledger().outdated) == (None, DONE)

    def test_an_intent_of_before_a_clear_is_no_question_after_it(self):
        task = Task(record())
        task.ti.clear()
        ledger = task.ledger()
        assert ledger.before is None
        ledger.intend(lambda: {"id": "x"})
        assert task.stored() == {"max_tries": 3, "before": {"id": "x"}}


class TestRetries:
    def test_every_try_but_the_first_is_a_retry(self):
        task = Task()
        seen = []
        for _ in range(1 + RETRIES):
            seen.append(task.ledger().is_retry)
            task.ti.retry()
        assert seen == [False, True, True]

    @pytest.mark.parametrize("tries", [1, 2, 3])
    def test_the_count_begins_anew_with_a_clear(self, tries):
        task = Task()
        for _ in range(tries - 1):
            task.ti.retry()
        task.ti.clear()
        assert task.ledger().is_retry is False
        task.ti.retry()
        assert task.ledger().is_retry is True
        task.ti.clear()
        assert task.ledger().is_retry is False

    @pytest.mark.parametrize("retries", [None, 0])
    def test_a_task_without_retries_is_cleared_or_at_its_first_try(self, retries):
        instance = FakeTaskInstance()
        assert Ledger({"ti": instance}, retries).is_retry is False
        instance.clear()
        assert Ledger({"ti": instance}, retries).is_retry is False

    def test_a_task_instance_that_tells_nothing_is_at_its_first_try(self):
        assert Ledger({"ti": SimpleNamespace()}, 0).is_retry is False


CORRUPT = [
    "no JSON",
    "[]",
    '["a"]',
    '"text"',
    "5",
    "true",
    "null",
    "{",
    "[" * 100_000,
    REF.dumps(),
    '{"ref": 5}',
    '{"ref": null}',
    '{"ref": "{}"}',
    '{"ref": {"kind": "model_test", "ids": {}}}',
    '{"ref": "{\\"kind\\": \\"k\\", \\"ids\\": []}"}',
    '{"done": null}',
    '{"done": {}}',
    '{"done": {"value": 1}}',
    '{"done": [1, {}]}',
    '{"before": {}, "done": {"value": 1, "ids": 5}}',
    '{"before": {}, "done": {"value": 1, "ids": "ids"}}',
    '{"before": 5}',
    '{"before": null}',
    '{"before": "x"}',
]


class TestForeignRecords:
    @pytest.mark.parametrize("stored", [*CORRUPT, {"kind": "x"}, ["x"], 5, b"x"], ids=lambda value: str(value)[:40])
    def test_what_is_no_record_is_not_used(self, stored):
        task = Task(stored)
        ledger = task.ledger()
        assert (ledger.made, ledger.before, ledger.outdated) == (None, None, None)
        ledger.intend(lambda: {"id": "x"})
        ledger.keep(REF)
        assert task.ledger().made == REF

    @pytest.mark.parametrize("stored", [None, "", 0, {}, []])
    def test_an_empty_store_is_no_cause_for_a_warning(self, stored, caplog):
        assert Task(stored).ledger().made is None
        assert caplog.text == ""

    def test_what_is_not_used_is_warned_of(self, caplog):
        Task("no JSON").ledger()
        assert "The task state store holds something else under 'datarobot_job'; it is not used." in caplog.text

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), b"x"], ids=str)
    def test_a_value_that_is_no_json_leaves_the_intent(self, value, caplog):
        task = Task()
        ledger = task.ledger()
        ledger.intend(lambda: {"id": "old"})
        ledger.keep(Done(value))
        assert ledger.made == Done(value)
        assert "cannot be remembered as JSON" in caplog.text
        task.ti.retry()
        later = task.ledger()
        assert (later.made, later.before) == (None, {"id": "old"})


def api_error(kind: type[ApiError], status: int) -> ApiError:
    return kind(status, "why", method="POST", path="x/")


NOTHING = [
    InputError("x"),
    TransportError("x", reason="refused", sent=False),
    TransportError("x", reason="proxy", sent=False),
    api_error(ApiError, 418),
    api_error(AuthenticationError, 401),
    api_error(AccessDeniedError, 403),
    api_error(NotFoundError, 404),
    api_error(NotFoundError, 410),
    api_error(ConflictError, 409),
    api_error(ValidationError, 400),
    api_error(ValidationError, 413),
    api_error(ValidationError, 422),
    api_error(RateLimitError, 429),
]
PERHAPS = [
    TransportError("x", reason="lost", sent=True),
    TransportError("x", reason="timeout", sent=True),
    api_error(ServerError, 500),
    api_error(ServerError, 502),
    api_error(ServerError, 503),
    api_error(ServerError, 504),
    MalformedReplyError("x"),
    ResponseTooLargeError("x"),
    UntraceableJobError("x"),
    DataRobotError("x"),
    ConfigurationError("x"),
    DownloadError("x"),
    UncertainSubmitError("x"),
    JobFailedError("x"),
]


def kind(error: Exception) -> str:
    return f"{type(error).__name__}-{getattr(error, 'status', getattr(error, 'reason', ''))}"


@pytest.mark.parametrize("error", NOTHING, ids=kind)
def test_errors_that_prove_that_nothing_was_made(error):
    assert _made_nothing(error) is True


@pytest.mark.parametrize("error", PERHAPS, ids=kind)
def test_errors_after_which_it_may_have_been_made(error):
    assert _made_nothing(error) is False


def test_no_class_of_errors_is_left_out():
    def below(base: type) -> set[type]:
        return {base}.union(*(below(sub) for sub in base.__subclasses__()))

    tried = {type(error) for error in (*NOTHING, *PERHAPS)}
    jobs = {sub for sub in below(DataRobotError) if "Job" in sub.__name__ or "Polling" in sub.__name__}
    package = {sub for sub in below(DataRobotError) if sub.__module__ == "datarobot_provider.exceptions"}
    assert package - tried - jobs == set()
