"""Digest of a request, by which a retry attempt finds its submission record."""

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


def model_digest(**changes: Any) -> str:
    return request_digest(CreateCustomModelOperator(**{"task_id": "t", "name": "m", **changes}))


def guards_digest(guards: Any) -> str:
    return request_digest(ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=guards))


def json_digest(body: Any) -> str:
    return request_digest(DataRobotRequestOperator(task_id="t", path="x/", method="POST", json=body))


def test_digest_is_independent_of_the_task_id():
    assert model_digest(class_labels=["a", "b"]) == model_digest(class_labels=["a", "b"], task_id="other")


@pytest.mark.parametrize("change", [{"name": "n"}, {"class_labels": ["b", "a"]}, {"datarobot_conn_id": "other"}])
def test_digest_changes_with_the_request(change):
    assert model_digest(class_labels=["a", "b"]) != model_digest(**{"class_labels": ["a", "b"], **change})


def test_digest_ignores_arguments_that_are_not_part_of_the_request():
    assert model_digest(on_uncertain_submit="resubmit", retries=5) == model_digest()


class WithNote(CreateCustomModelOperator):
    """Operator of a user with an additional template field."""

    template_fields = (*CreateCustomModelOperator.template_fields, "note")

    def __init__(self, *, note: Any, **given: Any) -> None:
        super().__init__(name="m", task_id="t", **given)
        self.note = note


def test_digest_ignores_the_memory_address_of_a_function():
    def note():
        return lambda: None

    one, other = note(), note()
    assert repr(one) != repr(other)
    assert request_digest(WithNote(note=one)) == request_digest(WithNote(note=other))


def test_digest_does_not_consume_an_iterator():
    note = iter([1, 2])
    request_digest(WithNote(note=note))
    assert list(note) == [1, 2]


def test_digest_depends_on_the_value_of_a_zero_dimensional_array():
    numpy = pytest.importorskip("numpy")
    assert request_digest(WithNote(note=numpy.array(5))) != request_digest(WithNote(note=numpy.array(6)))


@pytest.mark.parametrize(
    "other",
    [[{**GUARD, "openaiApiKey": "sk-second"}], '[{"name": "g", "openaiApiKey": "sk-third"}]', "[{'name': 'g'}]"],
)
def test_digest_ignores_the_secrets_of_guards(other):
    assert guards_digest([GUARD]) == guards_digest(other)


def test_digest_ignores_the_secrets_of_any_request():
    assert json_digest({"user": "u", "password": "a", "nested": [{"apiKey": "b"}]}) == json_digest(
        {"user": "u", "password": "x", "nested": [{"apiKey": "y"}]}
    )
    assert json_digest({"maxTokens": 5}) != json_digest({"maxTokens": 6})


def test_digest_accepts_values_of_any_type():
    identity = uuid.UUID(int=1)
    assert json_digest({"a": identity, "b": {3, 1, 2}, "c": Path("x"), "d": object(), 5: None}) == json_digest(
        {"a": identity, "b": {2, 3, 1}, "c": Path("x"), "d": object(), 5: None}
    )


def test_digest_includes_arguments_that_a_subclass_does_not_render():
    class Plain(CreateVersionOperator):
        template_fields = ()

    def digest(folder: str) -> str:
        return request_digest(Plain(task_id="t", custom_model_id="m", folder=folder))

    assert digest("a") != digest("b")
