"""Serialization of requests."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections import ChainMap, OrderedDict, UserDict, deque, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from uuid import UUID

import numpy as np
import pandas as pd
import pendulum
import pytest

from datarobot_provider.client.json_values import NotSerializableError, dump, form_text, is_list, plain, query_values
from datarobot_provider.exceptions import InputError
from datarobot_provider.version_compat import ObjectStoragePath

ID = UUID("12345678-1234-5678-1234-567812345678")
PARIS = dt.timezone(dt.timedelta(hours=1))
Pair = namedtuple("Pair", "a b")  # noqa: PYI024


class Color(StrEnum):
    RED = "red"


class OldColor(str, Enum):  # noqa: UP042 - what older code has
    RED = "red"


class Size(IntEnum):
    BIG = 3


class Text(str):
    __slots__ = ()


@dataclass
class Point:
    x: int = 1


@pytest.mark.parametrize(
    ("value", "result"),
    [
        *((value, value) for value in (None, True, False, 0, 10**30, 1.5, "ä😀", "", [], {}, {"": None})),
        *((kind([1, "a"]), [1, "a"]) for kind in (list, tuple, deque)),
        (range(2), [0, 1]),
        (Pair(1, 2), [1, 2]),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.values(), [1]),
        ({"a": 1}.items(), [["a", 1]]),
        *((kind({"a": (1,)}), {"a": [1]}) for kind in (dict, OrderedDict, UserDict, ChainMap, MappingProxyType)),
        ({1: "a", Color.RED: "b", Size.BIG: "c"}, {"1": "a", "red": "b", "3": "c"}),
        (ID, str(ID)),
        (Color.RED, "red"),
        (OldColor.RED, "red"),
        (Size.BIG, 3),
        (Text("x"), "x"),
        (Path("/a/b"), "/a/b"),
        (PurePosixPath("a"), "a"),
        (ObjectStoragePath("file:///tmp/x"), "file:///tmp/x"),
        (dt.datetime(2026, 11, 25, 10, 0, 0, 5, tzinfo=PARIS), "2026-11-25T10:00:00.000005+01:00"),
        (pendulum.datetime(2026, 11, 25, tz="UTC"), "2026-11-25T00:00:00+00:00"),
        (pd.Timestamp("2026-11-25T10:00:00Z"), "2026-11-25T10:00:00+00:00"),
        (dt.date(2026, 11, 25), "2026-11-25"),
        (dt.time(10, 30), "10:30:00"),
        (Decimal(5), 5),
        (Decimal("1e3"), 1000),
        (Decimal("0.1"), 0.1),
        (Decimal("1.0"), 1.0),
        (np.int64(5), 5),
        (np.uint8(5), 5),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(["a"]), ["a"]),
        (np.array(5), 5),
        (np.array([ID, None], dtype=object), [str(ID), None]),
        (pd.Series(["a", "b"]), ["a", "b"]),
    ],
)
def test_values_are_converted_without_loss(value, result):
    got = plain({"nested": [value]})["nested"][0]
    assert got == result
    assert type(got) is type(result)
    assert json.loads(dump(value)) == json.loads(json.dumps(result))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (math.nan, "nan, which JSON does not support"),
        (-math.inf, "-inf, which JSON does not support"),
        (np.float64("nan"), "nan"),
        (np.array([math.inf]), r"\[0\] is inf"),
        (Decimal("NaN"), "NaN"),
        (Decimal("sNaN"), "NaN"),
        (Decimal("Infinity"), "Infinity"),
        (Decimal("0.1234567890123456789"), "more digits than a float can represent"),
        (Decimal("1e400"), "more digits"),
        (Decimal("1e999999999"), "more digits"),
        (Decimal("1e-400"), "more digits"),
        (b"a", "decode it"),
        (bytearray(b"a"), "decode it"),
        (memoryview(b"a"), "decode it"),
        (np.bytes_(b"a"), "decode it"),
        ({"a"}, "no order"),
        (frozenset("a"), "no order"),
        (iter([1]), "read only once"),
        ((item for item in [1]), "read only once"),
        (dt.datetime(2026, 11, 25), "without a time zone"),  # noqa: DTZ001
        (pd.NaT, "not a point in time"),
        (dt.timedelta(seconds=1), "a timedelta, which JSON does not support"),
        (np.datetime64("2026-11-25"), "datetime64"),
        (np.timedelta64(1, "s"), "timedelta64"),
        (np.longdouble(1), "numpy type"),
        (1j, "a complex"),
        (Fraction(1, 2), "a Fraction"),
        (Point(), "a Point"),
        (Point, "a type"),
        (Color, "JSON does not support"),
        (object(), "a object"),
        (pd.DataFrame({"a": [1]}), "a DataFrame"),
        ("\ud800", "lone surrogate"),
        ({"\ud800": 1}, "lone surrogate"),
        ({None: 1}, r"has the key None \(NoneType\)"),
        ({True: 1}, r"has the key True \(bool\)"),
        ({1.5: 1}, r"has the key 1.5 \(float\)"),
        ({ID: 1}, r"\(UUID\)"),
        ({("a",): 1}, r"\(tuple\)"),
        ({1: "a", "1": "b"}, "repeats the key '1'"),
    ],
)
def test_a_value_that_cannot_be_converted_is_refused_with_its_path(value, words):
    with pytest.raises(NotSerializableError, match=words) as caught:
        dump({"a": [{"b c": value}]})
    assert str(caught.value).startswith(".a[0].b c")


def test_circular_and_very_deep_values_are_refused():
    circle: list = []
    circle.append({"again": circle})
    with pytest.raises(NotSerializableError, match="nested more than 100 levels") as caught:
        plain(circle)
    assert len(str(caught.value)) < 300


def test_the_given_value_is_not_changed():
    given = {"a": [{"b": (1, 2)}]}
    plain(given)["a"][0]["b"].append(3)
    assert given == {"a": [{"b": (1, 2)}]}


@pytest.mark.parametrize("value", ["ab", b"ab", {}, {"a"}, iter("ab"), 5, None, Color, Path("a"), ID, pd.DataFrame()])
def test_is_list_is_false(value):
    assert not is_list(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("ä", "ä"), (True, "true"), (5, "5"), ({"a": ID}, f'{{"a": "{ID}"}}'), ((1,), "[1]"), (ID, str(ID))],
)
def test_a_form_field_is_a_string_or_json(value, text):
    assert form_text(value) == text


def test_a_query_contains_strings_and_a_list_repeats_its_parameter():
    params = {"a": ["x", 1, True], "b": None, "c": Decimal(5), "d": ID, "e": (), "f": dt.date(2026, 1, 1), "g": False}
    assert query_values(params) == {
        "a": ["x", "1", "true"],
        "c": "5",
        "d": str(ID),
        "e": [],
        "f": "2026-01-01",
        "g": "false",
    }


@pytest.mark.parametrize("value", [{"a": 1}, [None], [["x"]], math.nan, b"x", {"x"}])
def test_the_error_names_an_invalid_query_parameter(value):
    with pytest.raises(InputError, match="The query parameter wanted"):
        query_values({"wanted": value})
