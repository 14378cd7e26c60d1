"""The submission record: what a task remembers from attempt to attempt, and what it makes of what it finds."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from datarobot_provider.core.submission.record import SubmissionRecord, is_retry, superseded_jobs
from datarobot_provider.core.submission.recovery import CreatedResource
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from tests.unit.support import FakeStore, FakeTaskInstance

KEY = "datarobot_submissions"
REF = JobRef("model_test", {"custom_model_test_id": "t"})
DONE = CreatedResource({"id": "m", "tags": [1, None]}, {"custom_model_id": "m"})
RETRIES = 2


def build(version: str = "v", **arguments: Any) -> StartDependencyBuildOperator:
    return StartDependencyBuildOperator(
        task_id="t", custom_model_id="m", custom_model_version_id=version, retries=RETRIES, **arguments
    )


class Task:
    """The attempts of one task with two retries."""

    def __init__(self, stored: Any = None, *, store: bool = True) -> None:
        self.ti = FakeTaskInstance(RETRIES)
        self.store = FakeStore(**({} if stored is None else {KEY: stored})) if store else None

    def context(self) -> dict[str, Any]:
        return {"ti": self.ti, "task_state_store": self.store}

    def record(self, operator: Any = None) -> SubmissionRecord:
        return SubmissionRecord.load_or_create(self.context(), operator or build())

    def stored(self) -> list[dict[str, Any]]:
        return json.loads(self.store.values[KEY])["calls"]

    def outcome(self) -> dict[str, Any]:
        """Return the only record, without what says whose it is."""
        (entry,) = self.stored()
        return {name: entry[name] for name in entry if name in ("before", "ref", "done", "lost")}

    def superseded(self) -> list[JobRef]:
        return [job.ref for job in superseded_jobs(self.context())]


def with_record(**outcome: Any) -> Task:
    """Return a task whose first attempt has left a record."""
    task = Task()
    task.record().save_intent(dict)
    text = json.loads(task.store.values[KEY])
    text["calls"][0] |= outcome
    task.store.values[KEY] = json.dumps(text)
    return task


def nobody_asks() -> Any:
    raise AssertionError("what there was before is asked only once")


class TestRemembering:
    def test_a_first_attempt_knows_nothing(self):
        task = Task()
        record = task.record()
        assert (record.result, record.state_before, task.superseded()) == (None, None, [])
        assert (record.has_store, record.is_retry) == (True, False)

    def test_an_intent_is_written_before_anything_is_known(self):
        task = Task()
        task.record().save_intent(lambda: {"id": "old"})
        assert task.outcome() == {"before": {"id": "old"}}
        task.ti.retry()
        later = task.record()
        assert (later.state_before, later.result, later.is_retry) == ({"id": "old"}, None, True)

    def test_what_there_was_before_is_asked_once_for_all_attempts(self):
        task = Task()
        record = task.record()
        record.save_intent(dict)
        record.save_intent(nobody_asks)
        task.ti.retry()
        task.record().save_intent(nobody_asks)
        assert task.outcome() == {"before": {}}

    @pytest.mark.parametrize("made", [REF, DONE, CreatedResource(None), CreatedResource("v", {"a": "b"})], ids=str)
    def test_what_was_made_is_known_to_every_later_attempt(self, made):
        task = Task()
        record = task.record()
        record.save_intent(lambda: {"id": "old"})
        record.save_result(made)
        assert record.result == made
        for _ in range(RETRIES):
            task.ti.retry()
            later = task.record()
            assert (later.result, later.state_before, task.superseded()) == (made, {"id": "old"}, [])
        assert set(task.outcome()) == {"before", "ref" if made is REF else "done"}

    def test_what_was_made_without_an_intent_is_written_down_all_the_same(self):
        task = Task()
        task.record().save_result(REF)
        assert task.outcome() == {"before": {}, "ref": REF.dumps()}

    def test_what_is_forgotten_is_gone_for_this_attempt_and_the_next(self):
        task = with_record(ref=REF.dumps())
        task.ti.retry()
        record = task.record()
        assert record.result == REF
        record.delete()
        assert (record.result, record.state_before) == (None, None)
        assert task.store.values == {}
        record.delete()
        record.save_intent(lambda: {"id": "new"})
        assert task.outcome()["before"] == {"id": "new"}

    def test_an_airflow_without_a_store_remembers_nothing_and_says_so(self):
        task = Task(store=False)
        record = task.record()
        record.save_intent(nobody_asks)
        record.save_result(REF)
        assert (record.has_store, record.result) == (False, REF)
        record.delete()
        assert task.record().result is None
        assert SubmissionRecord.load_or_create({"ti": task.ti}, build()).has_store is False


class TestCalls:
    def test_each_call_of_an_attempt_has_a_record_of_its_own(self):
        task = Task()
        for number in range(3):
            task.record().save_result(CreatedResource(f"made {number}"))
        assert [entry["done"]["value"] for entry in task.stored()] == ["made 0", "made 1", "made 2"]
        assert [entry["call"] for entry in task.stored()] == [0, 1, 2]

    def test_the_next_attempt_takes_them_up_in_the_same_order(self):
        task = Task()
        for number in range(3):
            task.record().save_result(CreatedResource(f"made {number}"))
        task.ti.retry()
        assert [task.record().result.value for _ in range(3)] == ["made 0", "made 1", "made 2"]
        assert task.record().result is None

    def test_calls_that_ask_for_something_else_find_their_own_whatever_the_order(self):
        task = Task()
        for version in ("a", "b", "c"):
            task.record(build(version)).save_result(CreatedResource(version))
        task.ti.retry()
        assert [task.record(build(version)).result.value for version in ("c", "a", "b")] == ["c", "a", "b"]
        assert task.record(build("d")).result is None

    def test_a_record_of_another_class_is_not_taken_up(self):
        class BuildOfAUser(StartDependencyBuildOperator):
            pass

        task = Task()
        task.record().save_result(DONE)
        task.ti.retry()
        other = BuildOfAUser(task_id="t", custom_model_id="m", custom_model_version_id="v")
        assert task.record(other).result is None
        assert task.record().result == DONE

    def test_one_that_is_forgotten_leaves_the_others(self):
        task = Task()
        records = [task.record(build(version)) for version in ("a", "b")]
        for record in records:
            record.save_result(REF)
        records[0].delete()
        task.ti.retry()
        assert (task.record(build("a")).result, task.record(build("b")).result) == (None, REF)

    def test_how_to_wait_is_no_part_of_what_is_asked(self):
        task = Task()
        task.record(build(poll_interval=5, timeout=60)).save_result(REF)
        task.ti.retry()
        assert task.record(build(poll_interval=1, timeout=90, cancel_on_kill=False, deferrable=True)).result == REF

    def test_a_record_is_found_by_its_job_after_a_deferral(self):
        task = Task()
        task.record(build("a")).save_result(JobRef("model_test", {"status_id": "1"}))
        task.record(build("b")).save_result(JobRef("model_test", {"status_id": "2"}))
        learned = JobRef("model_test", {"status_id": "2", "custom_model_test_id": "t"})
        SubmissionRecord.for_job(task.context(), build("changed meanwhile"), learned).delete()
        assert [json.loads(entry["ref"])["ids"] for entry in task.stored()] == [{"status_id": "1"}]

    def test_a_job_without_a_record_is_forgotten_without_harm(self):
        task = Task()
        task.record().save_result(DONE)
        SubmissionRecord.for_job(task.context(), build(), REF).delete()
        assert task.outcome()["done"]["value"] == DONE.value


class TestClears:
    @pytest.mark.parametrize("attempts", [1, 2, 3])
    def test_a_clear_supersedes_it(self, attempts):
        task = with_record(ref=REF.dumps())
        for _ in range(attempts - 1):
            task.ti.retry()
        assert task.superseded() == []
        task.ti.clear()
        assert task.superseded() == [REF]
        record = task.record()
        assert (record.result, record.state_before, record.is_retry) == (None, None, False)

    def test_a_clear_of_a_task_without_a_job_leaves_nothing_to_stop(self):
        for outcome in ({}, {"done": {"value": 1, "ids": {}}}):
            task = with_record(**outcome)
            task.ti.clear()
            assert task.superseded() == []
            assert (task.record().result, task.record().state_before) == (None, None)

    def test_a_job_that_was_only_joined_is_not_superseded(self):
        task = with_record(ref=JobRef(REF.kind, REF.ids, joined=True).dumps())
        task.ti.clear()
        assert task.superseded() == []
        assert task.record().result is None

    def test_a_job_that_was_only_lost_sight_of_is_taken_up_by_a_clear(self):
        task = with_record(ref=REF.dumps())
        task.ti.retry()
        task.record().mark_unreachable()
        task.ti.clear()
        assert task.superseded() == []
        assert task.record().result == REF
        task.ti.clear()
        assert task.superseded() == [REF]
        assert task.record().result is None

    def test_a_job_that_was_lost_and_found_again_is_superseded_by_a_clear(self):
        task = with_record(ref=REF.dumps(), lost=True)
        task.ti.retry()
        assert task.record().result == REF
        task.ti.clear()
        assert task.superseded() == [REF]

    def test_what_is_made_after_a_clear_is_known_until_the_next_one(self):
        task = with_record(ref=REF.dumps())
        task.ti.clear()
        record = task.record()
        record.save_intent(lambda: {"id": "newer"})
        record.save_result(DONE)
        assert json.loads(task.store.values[KEY])["max_tries"] == 1 + RETRIES
        task.ti.retry()
        assert task.record().result == DONE
        task.ti.clear()
        assert task.record().result is None

    def test_an_intent_of_before_a_clear_is_no_question_after_it(self):
        task = with_record()
        task.ti.clear()
        record = task.record()
        assert record.state_before is None
        record.save_intent(lambda: {"id": "x"})
        assert task.outcome() == {"before": {"id": "x"}}

    def test_a_superseded_job_remembers_its_connection_and_whether_it_may_be_cancelled(self):
        task = Task()
        task.record(build("a", datarobot_conn_id="other", cancel_on_kill=False)).save_result(REF)
        task.record(build("b")).save_result(REF)
        task.ti.clear()
        assert superseded_jobs(task.context()) == [(REF, "other", False), (REF, "datarobot_default", True)]


class TestRetries:
    def test_every_attempt_but_the_first_is_a_retry(self):
        task = Task()
        seen = []
        for _ in range(1 + RETRIES):
            seen.append(task.record().is_retry)
            task.ti.retry()
        assert seen == [False, True, True]

    @pytest.mark.parametrize("attempts", [1, 2, 3])
    def test_the_count_begins_anew_with_a_clear(self, attempts):
        task = Task()
        for _ in range(attempts - 1):
            task.ti.retry()
        task.ti.clear()
        assert task.record().is_retry is False
        task.ti.retry()
        assert task.record().is_retry is True
        task.ti.clear()
        assert task.record().is_retry is False

    @pytest.mark.parametrize("retries", [None, 0])
    def test_a_task_without_retries_is_cleared_or_at_its_first_attempt(self, retries):
        instance = FakeTaskInstance()
        assert is_retry({"ti": instance}, retries) is False
        instance.clear()
        assert is_retry({"ti": instance}, retries) is False

    def test_a_task_instance_that_tells_nothing_is_at_its_first_attempt(self):
        assert is_retry({"ti": SimpleNamespace()}, 0) is False


ENTRY = {"asked": "x", "call": 0, "attempt": 1, "datarobot_conn_id": "c", "cancel": True, "before": {}}


def with_entry(**changes: Any) -> str:
    return json.dumps({"max_tries": RETRIES, "calls": [{**ENTRY, **changes}]})


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
    '{"max_tries": 2}',
    '{"calls": []}',
    '{"max_tries": 2, "calls": 5}',
    '{"max_tries": 2, "calls": [5]}',
    '{"max_tries": 2, "calls": [{}]}',
    '{"max_tries": 2, "calls": {"a": 1}}',
    with_entry(ref=5),
    with_entry(ref=None),
    with_entry(ref="{}"),
    with_entry(ref={"kind": "model_test", "ids": {}}),
    with_entry(ref='{"kind": "k", "ids": []}'),
    with_entry(done=None),
    with_entry(done={}),
    with_entry(done={"value": 1}),
    with_entry(done=[1, {}]),
    with_entry(done={"value": 1, "ids": 5}),
    with_entry(done={"value": 1, "ids": "ids"}),
    with_entry(before=5),
    with_entry(before=None),
    with_entry(before="x"),
    with_entry(asked=5),
    with_entry(call="0"),
]


class TestForeignRecords:
    @pytest.mark.parametrize("stored", [*CORRUPT, {"kind": "x"}, ["x"], 5, b"x"], ids=lambda value: str(value)[:40])
    def test_what_is_no_record_is_not_used(self, stored):
        task = Task(stored)
        record = task.record()
        assert (record.result, record.state_before, task.superseded()) == (None, None, [])
        record.save_intent(lambda: {"id": "x"})
        record.save_result(REF)
        task.ti.retry()
        assert task.record().result == REF

    @pytest.mark.parametrize("stored", [None, "", 0, {}, []])
    def test_an_empty_store_is_no_cause_for_a_warning(self, stored, caplog):
        assert Task(stored).record().result is None
        assert caplog.text == ""

    def test_what_is_not_used_is_warned_of(self, caplog):
        Task("no JSON").record()
        assert "The task state store holds something else under 'datarobot_submissions'; it is not used." in caplog.text

    @pytest.mark.parametrize(
        "value", [float("nan"), float("inf"), {1, 2}, object(), b"x"], ids=lambda value: type(value).__name__
    )
    def test_a_value_that_is_no_json_leaves_the_intent(self, value, caplog):
        task = Task()
        record = task.record()
        record.save_intent(lambda: {"id": "old"})
        record.save_result(CreatedResource(value))
        assert record.result == CreatedResource(value)
        assert "cannot be remembered as JSON" in caplog.text
        task.ti.retry()
        later = task.record()
        assert (later.result, later.state_before) == (None, {"id": "old"})
