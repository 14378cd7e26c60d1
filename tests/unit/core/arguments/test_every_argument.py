"""Every argument of every operator and sensor is converted, or rejected by name before a request is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

import numpy as np
import pytest

from datarobot_provider.core.arguments import converters, declarations, types
from datarobot_provider.core.arguments.declarations import convert_arguments
from datarobot_provider.exceptions import InputError
from datarobot_provider.version_compat import AirflowFailException
from tests.for_each import for_each
from tests.unit.operators.catalogue import JOB_OPERATORS, SENSORS, TASKS, minimal, own_arguments

#: Arguments that Airflow needs before templates are rendered. The constructor checks them.
EARLY = {"deferrable"}
#: Ids that the user chooses; they may contain a slash.
OWN_IDS = {"association_id", "user_provided_id", "openai_deployment_id", "llm_gateway_model_id"}
#: Arguments with other tests: ids of Airflow connections, and paths of files.
WITH_OTHER_TESTS = {
    *("datarobot_conn_id", "openai_api_key_conn_id"),
    *("folder", "files", "zip_file", "target", "metadata", "file", "docker_context", "chunk_size"),
}
TRUE, FALSE = (True, "true", "True", " TRUE\n", np.True_), (False, "false", "False", "FALSE\n", np.False_)
NO_BOOLEANS = (1, 0, 2.0, "yes", "1", "no", "perhaps", "{{ x }}", [], [True], {}, b"true", float("nan"))
NO_STRINGS = (6.4e25, 1.0, float("inf"), True, ["a"], {"a": 1}, b"id", {"a"}, Decimal("1.0"), object())
NO_IDS = (*NO_STRINGS, "null", "undefined", "nan", "6.4e+25", "a/b", "https://datarobot.example/x", "{{ x }}")
NO_NUMBERS = ("five", "1h", "", True, [5], {}, b"5", float("nan"), float("inf"), "nan", "-inf", "\u0663", "1_0")
NO_LISTS = ("a, b", "{}", {}, 5, {"a"}, b"ab", (item for item in "ab"), "['a', b]", '["a", "a", NaN]', "[" * 100_000)
NO_ELEMENTS = (None, "", "  ", ["a"], {"a": 1}, 1.0, True, b"a", {"a"}, "\ud800")
NO_OBJECTS = ("x", "[]", [], 5, {"a"}, b"{}", "{'a': x}", '{"a": 1, "a": 2}', "{'a': 1, 'a': 2}", '{"a": NaN}')
NO_MEMBERS = (float("nan"), b"a", {"a"}, object(), Decimal("NaN"), {None: 1}, {True: 1}, [{"b": float("inf")}])
SENSOR_DURATIONS = ("poke_interval", "timeout", "max_wait")
SENSOR_BOOLEANS = ("soft_fail", "never_fail", "silent_fail", "exponential_backoff")


class LazySequence(Sequence):
    """A sequence like the results of a mapped task, which Airflow fetches one by one."""

    def __init__(self, *items):
        self._items = items

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        return self._items[index]


class OldLazySequence:
    """The same without the base class ``Sequence``."""

    def __init__(self, *items):
        self._items = items

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return iter(self._items)

    def __getitem__(self, index):
        return self._items[index]


LAZY = (LazySequence, OldLazySequence)


#: The kind of an argument by the name of its type.
KINDS = {
    "Boolean": "boolean",
    "Query": "query",
    "StringList": "strings",
    "StringOrStringList": "string_or_strings",
    "StringOrObjectList": "mixed",
    "ObjectList": "objects",
    "ObjectListOf": "objects",
    "ObjectOrObjectList": "objects",
    "Object": "object",
    "ObjectOf": "object",
    "Form": "object",
    "Seconds": "duration",
    "Interval": "duration",
    "Integer": "number",
    "IntegerOrString": "other",
    "PositiveInteger": "number",
    "Number": "number",
    "Id": "id",
    "String": "string",
    "SubmitPolicy": "string",
}


def kind_of(name, annotation):
    """Return the kind of an argument."""
    return "other" if name in WITH_OTHER_TESTS else KINDS.get(re.match(r"\w+", annotation)[0], "other")


def arguments(*kinds):
    """Run a test for every argument of these kinds, and its task."""
    return for_each(
        "task, name",
        [
            (task, name)
            for task in TASKS
            for name, parameter in own_arguments(task).items()
            if kind_of(name, str(parameter.annotation)) in kinds and name in {*task.template_fields, *EARLY}
        ],
    )


VALID = {"strings": ["a"], "mixed": ["a"], "objects": [{"a": 1}], "object": {"a": 1}, "number": 5}


def create(task, **changes):
    """Create a task with valid arguments."""
    needed = own_arguments(task)
    given = {
        name: VALID.get(kind_of(name, str(parameter.annotation)), "some-id")
        for name, parameter in needed.items()
        if parameter.default is parameter.empty
    }
    return minimal(task, **{**given, **changes})


def convert(task, name, value):
    """Return the value of an argument after its conversion."""
    instance = create(task, **{name: value})
    convert_arguments(instance)
    return getattr(instance, name)


def rejection(task, name, value, api, context):
    """Check that a task rejects a value of an argument by name, and sends no request; return the error."""
    with pytest.raises((AirflowFailException, InputError), match=rf"^{name}\b") as caught:
        create(task, **{name: value}).execute(context)
    assert api.requests == []
    return str(caught.value)


@for_each("task", TASKS)
def test_every_id_of_datarobot_has_the_type_of_an_id(task):
    for name, parameter in own_arguments(task).items():
        in_route = f"{{{name}}}" in getattr(task, "route", "")
        expected = in_route or (name.endswith("_id") and name not in OWN_IDS | WITH_OTHER_TESTS)
        assert (kind_of(name, str(parameter.annotation)) == "id") == expected, name


def test_the_table_has_every_type():
    table = {name for name, declared in vars(types).items() if hasattr(declared, "__metadata__")}
    others = {"ConnectionId", "FilePath", "FilePaths", "FormFiles", "Json", "ResultFilter"}
    assert table == set(KINDS) | others


def test_every_argument_is_of_a_kind_with_a_test():
    others = {
        name
        for task in TASKS
        for name, parameter in own_arguments(task).items()
        if kind_of(name, str(parameter.annotation)) == "other"
    }
    assert others - WITH_OTHER_TESTS == {"response_filter", "json"}


@for_each("task", TASKS)
def test_every_templated_argument_is_converted(task):
    assert set(task.template_fields) - WITH_OTHER_TESTS <= set(declarations.converters(task))


@arguments("boolean")
def test_a_boolean_is_converted_from_each_representation(task, name):
    for value in TRUE:
        assert convert(task, name, value) is True
    for value in FALSE:
        assert convert(task, name, value) is False


@arguments("boolean")
def test_another_value_of_a_boolean_is_rejected(task, name, api, context):
    for value in NO_BOOLEANS:
        rejection(task, name, value, api, context)
    parameter = own_arguments(task)[name]
    if parameter.default is not None:
        with pytest.raises((AirflowFailException, InputError), match=rf"^{name}\b"):
            create(task, **{name: None}).execute(context)
    assert api.requests == []


@arguments("id")
def test_white_space_around_an_id_is_removed(task, name):
    assert convert(task, name, " 64e000000000000000000001\n") == "64e000000000000000000001"
    assert convert(task, name, 640000000000000000000001) == "640000000000000000000001"
    assert convert(task, name, UUID(int=1)) == "00000000-0000-0000-0000-000000000001"


@arguments("id")
def test_another_value_of_an_id_is_rejected(task, name, api, context):
    for value in NO_IDS:
        rejection(task, name, value, api, context)


@arguments("string")
def test_another_value_of_a_string_is_rejected(task, name, api, context):
    for value in NO_STRINGS:
        rejection(task, name, value, api, context)
    assert "render_template_as_native_obj" in rejection(task, name, 1.0, api, context)


@arguments("duration")
def test_a_duration_is_converted_from_each_representation(task, name):
    for value in (5, 5.0, "5", " 5.0\n", "5e0", timedelta(seconds=5), np.int64(5), Decimal(5)):
        seconds = convert(task, name, value)
        assert (seconds, type(seconds)) == (5.0, float)


@for_each("deferrable", [False, True])
@arguments("duration")
def test_another_value_of_a_duration_is_rejected_in_both_modes(task, name, deferrable, api, context):
    for value in (*NO_NUMBERS, -1, "-1", timedelta(seconds=-1), 1e308, "1e308", 10**400, converters.MAX_SECONDS + 1):
        with pytest.raises(AirflowFailException, match=rf"^{name}\b"):
            create(task, deferrable=deferrable, **{name: value}).execute(context)
        assert api.requests == []


@for_each("task", JOB_OPERATORS)
def test_a_poll_interval_of_zero_is_rejected(task, api, context):
    for value in (0, "0", 0.0, timedelta()):
        rejection(task, "poll_interval", value, api, context)


@arguments("number")
def test_a_number_is_converted_from_each_representation(task, name):
    for value in (5, "5", " 5\n", np.int64(5), Decimal(5)):
        assert convert(task, name, value) == 5


@arguments("number")
def test_another_value_of_a_number_is_rejected(task, name, api, context):
    for value in (*NO_NUMBERS, "9" * 5000):
        rejection(task, name, value, api, context)


@arguments("strings", "string_or_strings", "mixed")
def test_a_list_of_strings_is_converted_from_each_representation(task, name):
    spellings = ['["a", "b"]', "['a', 'b']", "('a', 'b')", ("a", "b"), {"a": 1, "b": 2}.keys(), np.array(["a", "b"])]
    for value in (*spellings, *(lazy("a", "b") for lazy in LAZY)):
        assert convert(task, name, value) == ["a", "b"]


@arguments("strings", "mixed")
def test_another_value_of_a_list_is_rejected(task, name, api, context):
    for value in NO_LISTS:
        rejection(task, name, value, api, context)
    assert "tojson" in rejection(task, name, "['a', b]", api, context)


@arguments("strings", "string_or_strings")
def test_the_error_names_an_element_that_is_not_a_string(task, name, api, context):
    for item in NO_ELEMENTS:
        for many in (list, tuple, *(lazy for lazy in LAZY)):
            items = ["a", item]
            message = rejection(task, name, many(items) if many in (list, tuple) else many(*items), api, context)
            assert message.startswith(f"{name}[1] ")


@arguments("objects")
def test_a_list_of_objects_is_converted_from_each_representation(task, name):
    item = MappingProxyType({"a": LazySequence(1, 2)})
    for value in ([item], (item,), *(lazy(item) for lazy in LAZY), '[{"a": [1, 2]}]', "[{'a': (1, 2)}]"):
        assert convert(task, name, value) == [{"a": [1, 2]}]


@arguments("object")
def test_an_object_is_converted_from_each_representation(task, name):
    for lazy in LAZY:
        assert convert(task, name, MappingProxyType({"a": lazy(1, {"b": lazy(2)})})) == {"a": [1, {"b": [2]}]}
    assert convert(task, name, "{'a': None, 'b': True}") == {"a": None, "b": True}
    assert convert(task, name, {"a": UUID(int=1), "b": np.float32(0.5)}) == {"a": str(UUID(int=1)), "b": 0.5}


@arguments("object")
def test_another_value_of_an_object_is_rejected(task, name, api, context):
    for value in NO_OBJECTS:
        rejection(task, name, value, api, context)


@arguments("object", "objects")
def test_the_error_names_a_member_that_json_cannot_represent(task, name, api, context):
    many = kind_of(name, str(own_arguments(task)[name].annotation)) == "objects"
    for member in NO_MEMBERS:
        value = {"a": {"b": member}}
        message = rejection(task, name, [value] if many else value, api, context)
        assert message.startswith(f"{name}[0].a.b" if many else f"{name}.a.b")


@arguments("query")
def test_a_query_is_converted_or_rejected(task, name, api, context):
    for lazy in LAZY:
        assert convert(task, name, MappingProxyType({"a": lazy("x", True), "b": None})) == {
            "a": ["x", True],
            "b": None,
        }
    assert convert(task, name, "{'a': 1}") == {"a": 1}
    for value in (*NO_OBJECTS, {"a": {"b": 1}}, {"a": [None]}, {"a": [["x"]]}, {"a": float("nan")}, {None: 1}):
        rejection(task, name, value, api, context)


@for_each("value", ["{{ params.wait }}", "{% if true %}True{% endif %}", "perhaps", 1, None, [True]])
@for_each("task", [*JOB_OPERATORS, *SENSORS])
def test_the_constructor_rejects_a_template_in_deferrable(task, value):
    with pytest.raises(InputError, match=r"^deferrable "):
        create(task, deferrable=value)


@for_each("task", [*JOB_OPERATORS, *SENSORS])
def test_a_string_in_deferrable_is_converted(task):
    assert create(task, deferrable="False").deferrable is False
    assert create(task, deferrable=" true ").deferrable is True


@for_each("name", SENSOR_BOOLEANS)
@for_each("task", SENSORS)
def test_a_boolean_of_an_airflow_sensor_is_converted(task, name):
    assert getattr(create(task, **{name: "False"}), name) is False
    assert getattr(create(task, **{name: "true "}), name) is True
    for value in ("{{ params.x }}", "perhaps", 1, None):
        with pytest.raises(InputError, match=f"^{name} "):
            create(task, **{name: value})


@for_each("task", SENSORS)
def test_soft_fail_and_never_fail_exclude_each_other_as_strings(task):
    with pytest.raises(InputError, match="soft_fail or never_fail"):
        create(task, soft_fail="True", never_fail="True")


@for_each("name", SENSOR_DURATIONS)
@for_each("task", SENSORS)
def test_a_duration_of_an_airflow_sensor_is_converted(task, name):
    for value in (5, "5", " 5 ", timedelta(seconds=5), np.int64(5)):
        converted = getattr(create(task, **{name: value}), name)
        assert (converted.total_seconds() if isinstance(converted, timedelta) else converted) == 5
    for value in (*NO_NUMBERS, -1, timedelta(seconds=-1), 1e308, 10**400, "{{ params.x }}"):
        with pytest.raises(InputError, match=f"^{name} "):
            create(task, **{name: value})
