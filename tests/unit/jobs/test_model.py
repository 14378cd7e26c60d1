from __future__ import annotations

import json

import pytest

from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef, placeholders

REF = JobRef("model_test", {"custom_model_id": "m", "status_id": "s"})


def test_a_reference_survives_json():
    assert JobRef.loads(REF.dumps()) == REF
    assert json.loads(REF.dumps()) == {"kind": "model_test", "ids": {"custom_model_id": "m", "status_id": "s"}}


def test_the_json_of_a_reference_does_not_depend_on_the_order_of_ids():
    assert JobRef("k", {"a": "1", "b": "2"}).dumps() == JobRef("k", {"b": "2", "a": "1"}).dumps()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "null",
        "[]",
        "5",
        "{}",
        '{"kind": "k"}',
        '{"kind": "k", "ids": null}',
        '{"kind": "k", "ids": [1]}',
        '{"ids": {}}',
    ],
)
def test_an_invalid_reference_is_refused(text):
    with pytest.raises(InputError, match="not a reference"):
        JobRef.loads(text)


def test_ids_are_escaped_in_routes():
    assert JobRef("k", {"a": "x/y"}).path("models/{a}/") == "models/x%2Fy/"


def test_the_error_names_a_missing_id():
    with pytest.raises(InputError, match="custom_model_version_id"):
        REF.path("models/{custom_model_id}/versions/{custom_model_version_id}/")


def test_has_ids_for_tells_whether_a_route_can_be_filled():
    assert REF.has_ids_for("models/{custom_model_id}/status/{status_id}/")
    assert REF.has_ids_for("plain/")
    assert not REF.has_ids_for("tests/{custom_model_test_id}/")


@pytest.mark.parametrize(
    ("path", "learnt"),
    [
        ("customModelTests/t9/", "t9"),
        ("customModelTests/", None),
        ("customModelTests/a/b/", None),
        ("other/t9/", None),
        (None, None),
        ("", None),
    ],
)
def test_ids_are_added_from_a_path_that_matches_the_template(path, learnt):
    ref = REF.with_ids_from("customModelTests/{custom_model_test_id}/", path)
    assert ref.ids.get("custom_model_test_id") == learnt
    assert ref.ids["custom_model_id"] == "m"


def test_a_dot_in_a_template_is_literal():
    assert REF.with_ids_from("a.b/{x}/", "aXb/1/") == REF


def test_placeholders_are_the_names_in_braces():
    assert placeholders("a/{one}/b/{two_2}/?x=1") == ["one", "two_2"]
