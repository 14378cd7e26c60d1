"""The digest by which a retry attempt recognizes its own request."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from datarobot_provider.core.submission.digest import request_digest
from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.operators.versions import CreateVersionOperator

GUARD = {"name": "g", "openaiApiKey": "sk-first"}


def model(**changes: Any) -> str:
    return request_digest(CreateCustomModelOperator(**{"task_id": "t", "name": "m", **changes}))


def guards(given: Any) -> str:
    return request_digest(ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=given))


def sent(body: Any) -> str:
    return request_digest(DataRobotRequestOperator(task_id="t", path="x/", method="POST", json=body))


def test_the_same_request_has_the_same_digest_whatever_the_task_is_called():
    assert model(class_labels=["a", "b"]) == model(class_labels=["a", "b"], task_id="other")


@pytest.mark.parametrize("change", [{"name": "n"}, {"class_labels": ["b", "a"]}, {"datarobot_conn_id": "other"}])
def test_another_request_has_another_digest(change):
    assert model(class_labels=["a", "b"]) != model(**{"class_labels": ["a", "b"], **change})


def test_what_does_not_change_the_request_does_not_change_the_digest():
    assert model(on_uncertain_submit="resubmit", retries=5) == model()


class WithNote(CreateCustomModelOperator):
    """What a user writes who templates an argument of her own."""

    template_fields = (*CreateCustomModelOperator.template_fields, "note")

    def __init__(self, *, note: Any, **given: Any) -> None:
        super().__init__(name="m", task_id="t", **given)
        self.note = note


def test_a_function_in_an_argument_of_a_users_own_has_the_same_digest_in_every_process():
    def note():
        return lambda: None

    one, other = note(), note()
    assert repr(one) != repr(other)
    assert request_digest(WithNote(note=one)) == request_digest(WithNote(note=other))


def test_what_can_be_read_only_once_is_not_read_for_the_digest():
    note = iter([1, 2])
    request_digest(WithNote(note=note))
    assert list(note) == [1, 2]


def test_an_array_without_a_dimension_has_a_digest():
    numpy = pytest.importorskip("numpy")
    assert request_digest(WithNote(note=numpy.array(5))) != request_digest(WithNote(note=numpy.array(6)))


@pytest.mark.parametrize(
    "other",
    [[{**GUARD, "openaiApiKey": "sk-second"}], '[{"name": "g", "openaiApiKey": "sk-third"}]', "[{'name': 'g'}]"],
)
def test_a_secret_has_no_part_in_it(other):
    assert guards([GUARD]) == guards(other)


def test_secrets_of_any_request_have_no_part_in_it():
    assert sent({"user": "u", "password": "a", "nested": [{"apiKey": "b"}]}) == sent(
        {"user": "u", "password": "x", "nested": [{"apiKey": "y"}]}
    )
    assert sent({"maxTokens": 5}) != sent({"maxTokens": 6})


def test_any_value_has_a_digest_that_is_the_same_in_every_process():
    identity = uuid.UUID(int=1)
    assert sent({"a": identity, "b": {3, 1, 2}, "c": Path("x"), "d": object(), 5: None}) == sent(
        {"a": identity, "b": {2, 3, 1}, "c": Path("x"), "d": object(), 5: None}
    )


def test_a_subclass_that_does_not_render_an_argument_still_asks_for_it():
    class Plain(CreateVersionOperator):
        template_fields = ()

    def digest(folder: str) -> str:
        return request_digest(Plain(task_id="t", custom_model_id="m", folder=folder))

    assert digest("a") != digest("b")
