"""Submission records across the attempts of a task, clears, and invalid values in the store."""

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
    """Attempts of a task with two retries."""

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
        """Return the state and the result in the only record."""
        (entry,) = self.stored()
        return {name: entry[name] for name in entry if name in ("before", "ref", "done", "lost")}

    def superseded(self) -> list[JobRef]:
        return [job.ref for job in superseded_jobs(self.context())]


def with_record(**outcome: Any) -> Task:
    """Return a task whose first attempt has saved a record."""
    task = Task()
    task.record().save_intent(dict)
    text = json.loads(task.store.values[KEY])
    text["calls"][0] |= outcome
    task.store.values[KEY] = json.dumps(text)
    return task


def fail_if_called() -> Any:
    raise AssertionError("the state before the request is determined only once")


class TestAttempts:
    def test_first_attempt_has_an_empty_record(self):
        task = Task()
        record = task.record()
        assert (record.result, record.state_before, task.superseded()) == (None, None, [])
        assert (record.has_store, record.is_retry) == (True, False)

    def test_intent_is_available_to_the_next_attempt(self):
        task = Task()
        task.record().save_intent(lambda: {"id": "old"})
        assert task.outcome() == {"before": {"id": "old"}}
        task.ti.retry()
        later = task.record()
        assert (later.state_before, later.result, later.is_retry) == ({"id": "old"}, None, True)

    def test_state_before_is_determined_once_for_all_attempts(self):
        task = Task()
        record = task.record()
        record.save_intent(dict)
        record.save_intent(fail_if_called)
        task.ti.retry()
        task.record().save_intent(fail_if_called)
        assert task.outcome() == {"before": {}}

    @pytest.mark.parametrize("result", [REF, DONE, CreatedResource(None), CreatedResource("v", {"a": "b"})], ids=str)
    def test_result_is_available_to_every_later_attempt(self, result):
        task = Task()
        record = task.record()
        record.save_intent(lambda: {"id": "old"})
        record.save_result(result)
        assert record.result == result
        for _ in range(RETRIES):
            task.ti.retry()
            later = task.record()
            assert (later.result, later.state_before, task.superseded()) == (result, {"id": "old"}, [])
        assert set(task.outcome()) == {"before", "ref" if result is REF else "done"}

    def test_result_is_saved_without_an_intent(self):
        task = Task()
        task.record().save_result(REF)
        assert task.outcome() == {"before": {}, "ref": REF.dumps()}

    def test_deleted_record_can_be_written_again(self):
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

    def test_nothing_is_saved_without_a_store(self):
        task = Task(store=False)
        record = task.record()
        record.save_intent(fail_if_called)
        record.save_result(REF)
        assert (record.has_store, record.result) == (False, REF)
        record.delete()
        assert task.record().result is None
        assert SubmissionRecord.load_or_create({"ti": task.ti}, build()).has_store is False


class TestCalls:
    def test_each_call_of_an_attempt_has_its_own_record(self):
        task = Task()
        for number in range(3):
            task.record().save_result(CreatedResource(f"result {number}"))
        assert [entry["done"]["value"] for entry in task.stored()] == ["result 0", "result 1", "result 2"]
        assert [entry["call"] for entry in task.stored()] == [0, 1, 2]

    def test_next_attempt_loads_the_records_in_the_same_order(self):
        task = Task()
        for number in range(3):
            task.record().save_result(CreatedResource(f"result {number}"))
        task.ti.retry()
        assert [task.record().result.value for _ in range(3)] == ["result 0", "result 1", "result 2"]
        assert task.record().result is None

    def test_calls_with_different_requests_find_their_records_in_any_order(self):
        task = Task()
        for version in ("a", "b", "c"):
            task.record(build(version)).save_result(CreatedResource(version))
        task.ti.retry()
        assert [task.record(build(version)).result.value for version in ("c", "a", "b")] == ["c", "a", "b"]
        assert task.record(build("d")).result is None

    def test_record_of_another_operator_class_is_not_used(self):
        class UserBuildOperator(StartDependencyBuildOperator):
            pass

        task = Task()
        task.record().save_result(DONE)
        task.ti.retry()
        other = UserBuildOperator(task_id="t", custom_model_id="m", custom_model_version_id="v")
        assert task.record(other).result is None
        assert task.record().result == DONE

    def test_deleting_a_record_keeps_the_others(self):
        task = Task()
        records = [task.record(build(version)) for version in ("a", "b")]
        for record in records:
            record.save_result(REF)
        records[0].delete()
        task.ti.retry()
        assert (task.record(build("a")).result, task.record(build("b")).result) == (None, REF)

    def test_wait_arguments_are_not_part_of_the_request(self):
        task = Task()
        task.record(build(poll_interval=5, timeout=60)).save_result(REF)
        task.ti.retry()
        assert task.record(build(poll_interval=1, timeout=90, cancel_on_kill=False, deferrable=True)).result == REF

    def test_record_is_found_by_its_job_after_a_deferral(self):
        task = Task()
        task.record(build("a")).save_result(JobRef("model_test", {"status_id": "1"}))
        task.record(build("b")).save_result(JobRef("model_test", {"status_id": "2"}))
        complete = JobRef("model_test", {"status_id": "2", "custom_model_test_id": "t"})
        SubmissionRecord.for_job(task.context(), build("changed meanwhile"), complete).delete()
        assert [json.loads(entry["ref"])["ids"] for entry in task.stored()] == [{"status_id": "1"}]

    def test_deleting_the_record_of_an_unknown_job_changes_nothing(self):
        task = Task()
        task.record().save_result(DONE)
        SubmissionRecord.for_job(task.context(), build(), REF).delete()
        assert task.outcome()["done"]["value"] == DONE.value


class TestClears:
    @pytest.mark.parametrize("attempts", [1, 2, 3])
    def test_clear_supersedes_the_record(self, attempts):
        task = with_record(ref=REF.dumps())
        for _ in range(attempts - 1):
            task.ti.retry()
        assert task.superseded() == []
        task.ti.clear()
        assert task.superseded() == [REF]
        record = task.record()
        assert (record.result, record.state_before, record.is_retry) == (None, None, False)

    def test_clear_without_a_job_supersedes_no_job(self):
        for outcome in ({}, {"done": {"value": 1, "ids": {}}}):
            task = with_record(**outcome)
            task.ti.clear()
            assert task.superseded() == []
            assert (task.record().result, task.record().state_before) == (None, None)

    def test_job_of_another_client_is_not_superseded(self):
        task = with_record(ref=JobRef(REF.kind, REF.ids, joined=True).dumps())
        task.ti.clear()
        assert task.superseded() == []
        assert task.record().result is None

    def test_unreachable_job_is_resumed_after_a_clear(self):
        task = with_record(ref=REF.dumps())
        task.ti.retry()
        task.record().mark_unreachable()
        task.ti.clear()
        assert task.superseded() == []
        assert task.record().result == REF
        task.ti.clear()
        assert task.superseded() == [REF]
        assert task.record().result is None

    def test_job_that_is_reachable_again_is_superseded_by_a_clear(self):
        task = with_record(ref=REF.dumps(), lost=True)
        task.ti.retry()
        assert task.record().result == REF
        task.ti.clear()
        assert task.superseded() == [REF]

    def test_result_after_a_clear_is_kept_until_the_next_clear(self):
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

    def test_intent_from_before_a_clear_is_ignored(self):
        task = with_record()
        task.ti.clear()
        record = task.record()
        assert record.state_before is None
        record.save_intent(lambda: {"id": "x"})
        assert task.outcome() == {"before": {"id": "x"}}

    def test_superseded_job_has_its_connection_and_cancel_on_kill(self):
        task = Task()
        task.record(build("a", datarobot_conn_id="other", cancel_on_kill=False)).save_result(REF)
        task.record(build("b")).save_result(REF)
        task.ti.clear()
        assert superseded_jobs(task.context()) == [(REF, "other", False), (REF, "datarobot_default", True)]


class TestRetries:
    def test_every_attempt_except_the_first_is_a_retry(self):
        task = Task()
        is_retries = []
        for _ in range(1 + RETRIES):
            is_retries.append(task.record().is_retry)
            task.ti.retry()
        assert is_retries == [False, True, True]

    @pytest.mark.parametrize("attempts", [1, 2, 3])
    def test_first_attempt_after_a_clear_is_not_a_retry(self, attempts):
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
    def test_attempt_of_a_task_without_retries_is_not_a_retry(self, retries):
        instance = FakeTaskInstance()
        assert is_retry({"ti": instance}, retries) is False
        instance.clear()
        assert is_retry({"ti": instance}, retries) is False

    def test_task_instance_without_try_number_is_not_a_retry(self):
        assert is_retry({"ti": SimpleNamespace()}, 0) is False


ENTRY = {"asked": "x", "call": 0, "attempt": 1, "datarobot_conn_id": "c", "cancel": True, "before": {}}


def with_entry(**changes: Any) -> str:
    return json.dumps({"max_tries": RETRIES, "calls": [{**ENTRY, **changes}]})


INVALID = [
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


class TestInvalidRecords:
    @pytest.mark.parametrize("stored", [*INVALID, {"kind": "x"}, ["x"], 5, b"x"], ids=lambda value: str(value)[:40])
    def test_invalid_record_is_ignored(self, stored):
        task = Task(stored)
        record = task.record()
        assert (record.result, record.state_before, task.superseded()) == (None, None, [])
        record.save_intent(lambda: {"id": "x"})
        record.save_result(REF)
        task.ti.retry()
        assert task.record().result == REF

    @pytest.mark.parametrize("stored", [None, "", 0, {}, []])
    def test_empty_value_is_ignored_without_a_warning(self, stored, caplog):
        assert Task(stored).record().result is None
        assert caplog.text == ""

    def test_invalid_record_is_logged(self, caplog):
        Task("no JSON").record()
        warning = "The value of 'datarobot_submissions' in the task state store is not a valid submission record."
        assert f"{warning} It is ignored." in caplog.text

    @pytest.mark.parametrize(
        "value", [float("nan"), float("inf"), {1, 2}, object(), b"x"], ids=lambda value: type(value).__name__
    )
    def test_result_that_is_not_json_keeps_the_intent(self, value, caplog):
        task = Task()
        record = task.record()
        record.save_intent(lambda: {"id": "old"})
        record.save_result(CreatedResource(value))
        assert record.result.value is value
        assert "is not valid JSON and was not saved" in caplog.text
        task.ti.retry()
        later = task.record()
        assert (later.result, later.state_before) == (None, {"id": "old"})
