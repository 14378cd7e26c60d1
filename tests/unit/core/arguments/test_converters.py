from __future__ import annotations

import pytest

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.arguments.converters import camel_case, converted, payload
from datarobot_provider.exceptions import InputError


@pytest.mark.parametrize(
    ("converter", "value", "result"),
    [
        (converters.string, "x", "x"),
        (converters.string, 5, "5"),
        (converters.integer, 5, 5),
        (converters.integer, "5", 5),
        (converters.integer, " 5 ", 5),
        (converters.integer, 5.0, 5),
        (converters.integer, "15032385536", 15032385536),
        (converters.number, "0.5", 0.5),
        (converters.number, 1, 1.0),
        (converters.boolean, True, True),
        (converters.boolean, False, False),
        (converters.boolean, "True", True),
        (converters.boolean, " false ", False),
        (converters.json_object, {"a": 1}, {"a": 1}),
        (converters.json_object, '{"a": 1}', {"a": 1}),
        (converters.string_list, ["a", 1], ["a", "1"]),
        (converters.string_list, ("a",), ["a"]),
        (converters.string_list, '["a", "b"]', ["a", "b"]),
        (converters.string_list, [], []),
        (converters.object_list, [{"a": 1}], [{"a": 1}]),
        (converters.object_list, '[{"a": 1}]', [{"a": 1}]),
        (converters.object_list, [], []),
    ],
)
def test_rendered_value_is_converted_to_the_expected_type(converter, value, result):
    actual = converted("x", value, converter)
    assert actual == result
    assert type(actual) is type(result)


@pytest.mark.parametrize(
    ("converter", "expected", "values"),
    [
        (converters.string, "a string", [{}, [], ["a"], ()]),
        (converters.integer, "an integer", ["five", "5.5", 5.5, True, [], {}, float("nan"), float("inf"), "1e3"]),
        (converters.number, "a number", ["half", True, [], "nan", float("inf"), "-Infinity"]),
        (converters.boolean, "true or false", ["yes", "1", 1, 0, [], "{{ x }}", ""]),
        (converters.json_object, "an object", ["x", "[]", [], 5, "{'a'}", "{'a': x}", "null"]),
        (converters.string_list, "a list", ["x", "{}", {}, 5, "a, b", {"a"}]),
        (converters.object_list, "a list of objects", ["x", [1], ["a"], {}, '["a"]', '{"a": 1}']),
    ],
)
def test_error_names_the_argument_and_the_expected_type(converter, expected, values):
    for value in values:
        with pytest.raises(InputError, match=f"some_name should be {expected}, but is "):
            converted("some_name", value, converter)


def test_payload_contains_the_fields_that_were_set():
    values = {"name": "n", "target_type": None, "requires_ha": False, "replicas": "0", "class_labels": [], "other": 1}
    declared = {
        "name": converters.string,
        "target_type": converters.string,
        "requires_ha": converters.boolean,
        "replicas": converters.integer,
        "class_labels": converters.string_list,
    }
    assert payload(values, declared) == {"name": "n", "requiresHa": False, "replicas": 0, "classLabels": []}


@pytest.mark.parametrize(
    ("name", "result"),
    [("name", "name"), ("target_type", "targetType"), ("is_training_data_for_versions", "isTrainingDataForVersions")],
)
def test_argument_names_become_api_field_names(name, result):
    assert camel_case(name) == result


def test_conversion_does_not_modify_the_argument():
    given = [{"a": 1}]
    result = converters.object_list(given)
    result[0]["a"] = 2
    assert given == [{"a": 1}]
