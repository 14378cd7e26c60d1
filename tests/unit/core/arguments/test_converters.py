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
def test_what_a_template_may_give_becomes_what_the_api_wants(converter, value, result):
    got = converted("x", value, converter)
    assert got == result
    assert type(got) is type(result)


@pytest.mark.parametrize(
    ("converter", "wanted", "values"),
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
def test_what_is_of_the_wrong_type_is_named_with_what_is_wanted(converter, wanted, values):
    for value in values:
        with pytest.raises(InputError, match=f"some_name should be {wanted}, but is "):
            converted("some_name", value, converter)


def test_a_payload_holds_what_was_set_in_the_apis_names():
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
def test_names_are_turned_into_the_apis(name, result):
    assert camel_case(name) == result


def test_converting_leaves_the_argument_as_it_was():
    given = [{"a": 1}]
    result = converters.object_list(given)
    result[0]["a"] = 2
    assert given == [{"a": 1}]
