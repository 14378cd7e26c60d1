"""Parsing of lists and objects from strings."""

from __future__ import annotations

import json
import time

import pytest

from datarobot_provider.core.arguments.literals import MAX_LENGTH, AmbiguousLiteralError, parse, parse_leniently

LABELS = ["a", "it's", 'say "b"', "ä\n", "None"]
CONFIG = {"a": None, "b": True, "c": [1, -2.5, {"d": ("x",)}], "e": {}}


@pytest.mark.parametrize("value", [LABELS, CONFIG, [], {}, [LABELS, [CONFIG]], ("a", "b")])
def test_json_and_python_syntax_are_parsed(value):
    assert json.loads(json.dumps(parse(json.dumps(value)))) == json.loads(json.dumps(value))
    assert parse(str(value)) == value
    assert parse(f" \n{value}\n") == value


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "x",
            "a, b",
            "None",
            "5",
            "'[1]'",
            '"[1]"',
            "[x]",
            "[1",
            "{a: 1}",
            "(a)",
            "('a')",
            "{'a'}",
            "{1, 2}",
        ),
        *(
            "[open('x')]",
            "[1 for x in y]",
            "{**{}}",
            "['a' + 'b']",
            "[f'{x}']",
            "{[]: 1}",
            "[UUID('x')]",
            "[1j*2]",
            "[\0]",
        ),
    ],
)
def test_any_other_string_is_returned_unchanged(text):
    assert parse(text) is text


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', "{'a': 1, 'a': 2}", "[{1: 'x', True: 'y'}]", "[NaN]", '{"a": -Infinity}']
)
def test_ambiguous_literal_is_refused(text):
    with pytest.raises(AmbiguousLiteralError, match=r"twice|which is not valid JSON"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "(" * 90 + "-" * 100_000 + "1",
        "[" + "-" * 100_000 + "1]",
        "[" + "9" * 100_000 + "]",
        "['" + "x" * MAX_LENGTH + "']",
        "{'a':" * 5000 + "1" + "}" * 5000,
        "[" + "lambda:" * 20_000 + "1]",
        "[" + "not " * 40_000 + "1]",
        "[" + "1if 1else " * 15_000 + "1]",
        "[1" + "+1" * 90_000 + "]",
    ],
    ids=lambda text: text[:12],
)
def test_hostile_string_is_returned_quickly(text):
    started = time.process_time()
    assert parse(text) is text
    assert time.process_time() - started < 2


def test_lenient_parser_keeps_duplicate_keys():
    assert parse_leniently('{"a": "one", "a": "two"}') == [{"a": "one"}, {"a": "two"}]
    assert parse_leniently("[{'a': 'one'}]") == [{"a": "one"}]
    assert parse_leniently("x") is None
