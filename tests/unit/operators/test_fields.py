from __future__ import annotations

import pytest

from datarobot_provider.exceptions import InputError
from datarobot_provider.operators import fields
from datarobot_provider.operators.fields import camel_case, converted, payload


@pytest.mark.parametrize(
    ("converter", "value", "result"),
    [
        (fields.text, "x", "x"),
        (fields.text, 5, "5"),
        (fields.integer, 5, 5),
        (fields.integer, "5", 5),
        (fields.integer, " 5 ", 5),
        (fields.integer, 5.0, 5),
        (fields.integer, "15032385536", 15032385536),
        (fields.number, "0.5", 0.5),
        (fields.number, 1, 1.0),
        (fields.boolean, True, True),
        (fields.boolean, False, False),
        (fields.boolean, "True", True),
        (fields.boolean, " false ", False),
        (fields.mapping, {"a": 1}, {"a": 1}),
        (fields.mapping, '{"a": 1}', {"a": 1}),
        (fields.texts, ["a", 1], ["a", "1"]),
        (fields.texts, ("a",), ["a"]),
        (fields.texts, '["a", "b"]', ["a", "b"]),
        (fields.texts, [], []),
        (fields.mappings, [{"a": 1}], [{"a": 1}]),
        (fields.mappings, '[{"a": 1}]', [{"a": 1}]),
        (fields.mappings, [], []),
    ],
)
def test_what_a_template_may_give_becomes_what_the_api_wants(converter, value, result):
    got = converted("x", value, converter)
    assert got == result
    assert type(got) is type(result)


@pytest.mark.parametrize(
    ("converter", "wanted", "values"),
    [
        (fields.text, "a text", [{}, [], ["a"], ()]),
        (fields.integer, "a whole number", ["five", "5.5", 5.5, True, [], {}, float("nan"), float("inf"), "1e3"]),
        (fields.number, "a number", ["half", True, [], "nan", float("inf"), "-Infinity"]),
        (fields.boolean, "true or false", ["yes", "1", 1, 0, [], "{{ x }}", ""]),
        (fields.mapping, "an object", ["x", "[]", [], 5, "{'a'}", "{'a': x}", "null"]),
        (fields.texts, "a list", ["x", "{}", {}, 5, "a, b", {"a"}]),
        (fields.mappings, "a list of objects", ["x", [1], ["a"], {}, '["a"]', '{"a": 1}']),
    ],
)
def test_what_is_of_the_wrong_type_is_named_with_what_is_wanted(converter, wanted, values):
    for value in values:
        with pytest.raises(InputError, match=f"some_name should be {wanted}, but is "):
            converted("some_name", value, converter)


def test_a_payload_holds_what_was_set_in_the_apis_names():
    values = {"name": "n", "target_type": None, "requires_ha": False, "replicas": "0", "class_labels": [], "other": 1}
    converters = {
        "name": fields.text,
        "target_type": fields.text,
        "requires_ha": fields.boolean,
        "replicas": fields.integer,
        "class_labels": fields.texts,
    }
    assert payload(values, converters) == {"name": "n", "requiresHa": False, "replicas": 0, "classLabels": []}


@pytest.mark.parametrize(
    ("name", "result"),
    [("name", "name"), ("target_type", "targetType"), ("is_training_data_for_versions", "isTrainingDataForVersions")],
)
def test_names_are_turned_into_the_apis(name, result):
    assert camel_case(name) == result


def test_converting_leaves_the_argument_as_it_was():
    given = [{"a": 1}]
    result = fields.mappings(given)
    result[0]["a"] = 2
    assert given == [{"a": 1}]
