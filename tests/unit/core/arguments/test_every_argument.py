"""What holds for every argument of every operator and sensor: it is understood, or refused by name and nothing sent."""

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
from tests.unit.operators.catalogue import JOB_OPERATORS, SENSORS, TASKS, minimal, own_arguments

#: Arguments that are needed before templates are rendered; they are checked when the task is made.
EARLY = {"deferrable"}
#: Ids that DataRobot does not give out: a slash may stand in them.
OWN_IDS = {"user_provided_id", "openai_deployment_id", "llm_gateway_model_id"}
#: Arguments that are read elsewhere: ids of Airflow connections, and what names a file.
READ_ELSEWHERE = {"datarobot_conn_id", "openai_api_key_conn_id", "folder", "files", "zip_file", "target", "metadata"}
TRUE, FALSE = (True, "true", "True", " TRUE\n", np.True_), (False, "false", "False", "FALSE\n", np.False_)
NO_BOOLEANS = (1, 0, 2.0, "yes", "1", "no", "perhaps", "{{ x }}", [], [True], {}, b"true", float("nan"))
NO_STRINGS = (6.4e25, 1.0, float("inf"), True, ["a"], {"a": 1}, b"id", {"a"}, Decimal("1.0"), object())
NO_IDS = (*NO_STRINGS, "null", "undefined", "nan", "6.4e+25", "a/b", "https://datarobot.example/x", "{{ x }}")
NO_NUMBERS = ("five", "1h", "", True, [5], {}, b"5", float("nan"), float("inf"), "nan", "-inf", "\u0663", "1_0")
NO_LISTS = ("a, b", "{}", {}, 5, {"a"}, b"ab", (item for item in "ab"), "['a', b]", '["a", "a", NaN]', "[" * 100_000)
NO_ELEMENTS = (None, "", "  ", ["a"], {"a": 1}, 1.0, True, b"a", {"a"}, "\ud800")
NO_OBJECTS = ("x", "[]", [], 5, {"a"}, b"{}", "{'a': x}", '{"a": 1, "a": 2}', "{'a': 1, 'a': 2}", '{"a": NaN}')
NO_MEMBERS = (float("nan"), b"a", {"a"}, object(), Decimal("NaN"), {None: 1}, {True: 1}, [{"b": float("inf")}])
SPANS = ("poke_interval", "timeout", "max_wait")
SWITCHES = ("soft_fail", "never_fail", "silent_fail", "exponential_backoff")


class LazySequence(Sequence):
    """Like Airflow's lazy sequences: what the tasks of a mapped task have returned, fetched one by one."""

    def __init__(self, *items):
        self._items = items

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        return self._items[index]


class OldLazySequence:
    """The same, but no ``Sequence`` by name."""

    def __init__(self, *items):
        self._items = items

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return iter(self._items)

    def __getitem__(self, index):
        return self._items[index]


LAZY = (LazySequence, OldLazySequence)


#: What an argument is, by the name of its type.
KINDS = {
    "Boolean": "boolean",
    "Query": "query",
    "StringList": "texts",
    "StringOrStringList": "text_or_texts",
    "StringOrObjectList": "mixed",
    "ObjectList": "objects",
    "ObjectListOf": "objects",
    "ObjectOrObjectList": "objects",
    "Object": "object",
    "ObjectOf": "object",
    "Form": "object",
    "Seconds": "span",
    "Interval": "span",
    "Integer": "number",
    "PositiveInteger": "number",
    "Number": "number",
    "Id": "id",
    "String": "string",
    "SubmitPolicy": "string",
}


def kind_of(name, annotation):
    """Return what an argument is, by its annotation."""
    return "other" if name in READ_ELSEWHERE else KINDS.get(re.match(r"\w+", annotation)[0], "other")


def arguments(*kinds):
    """Return every argument of these kinds, with its task."""
    return pytest.mark.parametrize(
        ("task", "name"),
        [
            (task, name)
            for task in TASKS
            for name, parameter in own_arguments(task).items()
            if kind_of(name, str(parameter.annotation)) in kinds and name in {*task.template_fields, *EARLY}
        ],
        ids=lambda value: value.__name__ if isinstance(value, type) else value,
    )


FITTING = {"texts": ["a"], "mixed": ["a"], "objects": [{"a": 1}], "object": {"a": 1}, "number": 5}


def made(task, **changes):
    """Make a task whose arguments all fit."""
    needed = own_arguments(task)
    given = {
        name: FITTING.get(kind_of(name, str(parameter.annotation)), "some-id")
        for name, parameter in needed.items()
        if parameter.default is parameter.empty
    }
    return minimal(task, **{**given, **changes})


def understood(task, name, value):
    """Return what a task makes of an argument."""
    instance = made(task, **{name: value})
    convert_arguments(instance)
    return getattr(instance, name)


def refused(task, name, value, api, context):
    """Check that a task refuses a value of an argument by name, and sends nothing; return the error."""
    with pytest.raises((AirflowFailException, InputError), match=rf"^{name}\b") as caught:
        made(task, **{name: value}).execute(context)
    assert api.requests == []
    return str(caught.value)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
def test_every_id_of_datarobot_has_the_type_of_an_id(task):
    for name, parameter in own_arguments(task).items():
        expected = name.endswith("_id") and name not in OWN_IDS | READ_ELSEWHERE
        assert (kind_of(name, str(parameter.annotation)) == "id") == expected, name


def test_the_types_are_those_of_the_table():
    table = {name for name, declared in vars(types).items() if hasattr(declared, "__metadata__")}
    others = {"ConnectionId", "FilePath", "FilePaths", "FormFiles", "Json", "ResultFilter"}
    assert table == set(KINDS) | others


def test_every_argument_is_of_a_kind_that_is_tried_here():
    others = {
        name
        for task in TASKS
        for name, parameter in own_arguments(task).items()
        if kind_of(name, str(parameter.annotation)) == "other"
    }
    assert others - READ_ELSEWHERE == {"response_filter", "json"}


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
def test_every_templated_argument_is_converted(task):
    assert set(task.template_fields) - READ_ELSEWHERE <= set(declarations.converters(task))


@arguments("boolean")
def test_a_boolean_is_read_in_every_spelling(task, name):
    for value in TRUE:
        assert understood(task, name, value) is True
    for value in FALSE:
        assert understood(task, name, value) is False


@arguments("boolean")
def test_what_is_no_boolean_is_refused(task, name, api, context):
    for value in NO_BOOLEANS:
        refused(task, name, value, api, context)
    parameter = own_arguments(task)[name]
    if parameter.default is not None:
        with pytest.raises((AirflowFailException, InputError), match=rf"^{name}\b"):
            made(task, **{name: None}).execute(context)
    assert api.requests == []


@arguments("id")
def test_an_id_is_read_without_the_white_space_around_it(task, name):
    assert understood(task, name, " 64e000000000000000000001\n") == "64e000000000000000000001"
    assert understood(task, name, 640000000000000000000001) == "640000000000000000000001"
    assert understood(task, name, UUID(int=1)) == "00000000-0000-0000-0000-000000000001"


@arguments("id")
def test_what_is_no_id_is_refused(task, name, api, context):
    for value in NO_IDS:
        refused(task, name, value, api, context)


@arguments("string")
def test_what_is_no_string_is_refused(task, name, api, context):
    for value in NO_STRINGS:
        refused(task, name, value, api, context)
    assert "render_template_as_native_obj" in refused(task, name, 1.0, api, context)


@arguments("span")
def test_a_span_of_time_is_read_in_every_spelling(task, name):
    for value in (5, 5.0, "5", " 5.0\n", "5e0", timedelta(seconds=5), np.int64(5), Decimal(5)):
        seconds = understood(task, name, value)
        assert (seconds, type(seconds)) == (5.0, float)


@pytest.mark.parametrize("deferrable", [False, True])
@arguments("span")
def test_what_is_no_span_of_time_is_refused_in_both_modes(task, name, deferrable, api, context):
    for value in (*NO_NUMBERS, -1, "-1", timedelta(seconds=-1), 1e308, "1e308", 10**400, converters.MAX_SECONDS + 1):
        with pytest.raises(AirflowFailException, match=rf"^{name}\b"):
            made(task, deferrable=deferrable, **{name: value}).execute(context)
        assert api.requests == []


@pytest.mark.parametrize("task", JOB_OPERATORS, ids=lambda task: task.__name__)
def test_polling_without_a_pause_is_refused(task, api, context):
    for value in (0, "0", 0.0, timedelta()):
        refused(task, "poll_interval", value, api, context)


@arguments("number")
def test_a_number_is_read_in_every_spelling(task, name):
    for value in (5, "5", " 5\n", np.int64(5), Decimal(5)):
        assert understood(task, name, value) == 5


@arguments("number")
def test_what_is_no_number_is_refused(task, name, api, context):
    for value in (*NO_NUMBERS, "9" * 5000):
        refused(task, name, value, api, context)


@arguments("texts", "text_or_texts", "mixed")
def test_a_list_of_strings_is_read_whatever_its_type(task, name):
    spellings = ['["a", "b"]', "['a', 'b']", "('a', 'b')", ("a", "b"), {"a": 1, "b": 2}.keys(), np.array(["a", "b"])]
    for value in (*spellings, *(lazy("a", "b") for lazy in LAZY)):
        assert understood(task, name, value) == ["a", "b"]


@arguments("texts", "mixed")
def test_what_is_no_list_is_refused(task, name, api, context):
    for value in NO_LISTS:
        refused(task, name, value, api, context)
    assert "tojson" in refused(task, name, "['a', b]", api, context)


@arguments("texts", "text_or_texts")
def test_the_element_that_is_no_string_is_named(task, name, api, context):
    for item in NO_ELEMENTS:
        for many in (list, tuple, *(lazy for lazy in LAZY)):
            items = ["a", item]
            message = refused(task, name, many(items) if many in (list, tuple) else many(*items), api, context)
            assert message.startswith(f"{name}[1] ")


@arguments("objects")
def test_a_list_of_objects_is_read_whatever_its_type(task, name):
    item = MappingProxyType({"a": LazySequence(1, 2)})
    for value in ([item], (item,), *(lazy(item) for lazy in LAZY), '[{"a": [1, 2]}]', "[{'a': (1, 2)}]"):
        assert understood(task, name, value) == [{"a": [1, 2]}]


@arguments("object")
def test_an_object_is_read_whatever_its_type(task, name):
    for lazy in LAZY:
        assert understood(task, name, MappingProxyType({"a": lazy(1, {"b": lazy(2)})})) == {"a": [1, {"b": [2]}]}
    assert understood(task, name, "{'a': None, 'b': True}") == {"a": None, "b": True}
    assert understood(task, name, {"a": UUID(int=1), "b": np.float32(0.5)}) == {"a": str(UUID(int=1)), "b": 0.5}


@arguments("object")
def test_what_is_no_object_is_refused(task, name, api, context):
    for value in NO_OBJECTS:
        refused(task, name, value, api, context)


@arguments("object", "objects")
def test_the_member_that_json_does_not_know_is_named(task, name, api, context):
    many = kind_of(name, str(own_arguments(task)[name].annotation)) == "objects"
    for member in NO_MEMBERS:
        value = {"a": {"b": member}}
        message = refused(task, name, [value] if many else value, api, context)
        assert message.startswith(f"{name}[0].a.b" if many else f"{name}.a.b")


@arguments("query")
def test_a_query_is_read_or_refused(task, name, api, context):
    for lazy in LAZY:
        assert understood(task, name, MappingProxyType({"a": lazy("x", True), "b": None})) == {
            "a": ["x", True],
            "b": None,
        }
    assert understood(task, name, "{'a': 1}") == {"a": 1}
    for value in (*NO_OBJECTS, {"a": {"b": 1}}, {"a": [None]}, {"a": [["x"]]}, {"a": float("nan")}, {None: 1}):
        refused(task, name, value, api, context)


@pytest.mark.parametrize("task", [*JOB_OPERATORS, *SENSORS], ids=lambda task: task.__name__)
class TestWhatAirflowNeedsEarly:
    @pytest.mark.parametrize("value", ["{{ params.wait }}", "{% if true %}True{% endif %}", "perhaps", 1, None, [True]])
    def test_a_template_in_deferrable_is_refused_when_the_task_is_made(self, task, value):
        with pytest.raises(InputError, match=r"^deferrable "):
            made(task, deferrable=value)

    def test_a_plain_string_in_deferrable_is_converted(self, task):
        assert made(task, deferrable="False").deferrable is False
        assert made(task, deferrable=" true ").deferrable is True


@pytest.mark.parametrize("task", SENSORS, ids=lambda task: task.__name__)
class TestWhatAirflowNeedsEarlyOfASensor:
    @pytest.mark.parametrize("name", SWITCHES)
    def test_a_boolean_of_airflows_sensor_is_converted(self, task, name):
        assert getattr(made(task, **{name: "False"}), name) is False
        assert getattr(made(task, **{name: "true "}), name) is True
        for value in ("{{ params.x }}", "perhaps", 1, None):
            with pytest.raises(InputError, match=f"^{name} "):
                made(task, **{name: value})

    def test_skipping_and_failing_never_exclude_each_other_in_every_spelling(self, task):
        with pytest.raises(InputError, match="soft_fail or never_fail"):
            made(task, soft_fail="True", never_fail="True")

    @pytest.mark.parametrize("name", SPANS)
    def test_a_span_of_airflows_sensor_is_converted(self, task, name):
        for value in (5, "5", " 5 ", timedelta(seconds=5), np.int64(5)):
            got = getattr(made(task, **{name: value}), name)
            assert (got.total_seconds() if isinstance(got, timedelta) else got) == 5
        for value in (*NO_NUMBERS, -1, timedelta(seconds=-1), 1e308, 10**400, "{{ params.x }}"):
            with pytest.raises(InputError, match=f"^{name} "):
                made(task, **{name: value})
