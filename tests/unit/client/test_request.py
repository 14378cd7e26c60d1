from __future__ import annotations

import pytest

from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.routes import required, route
from datarobot_provider.exceptions import InputError, MalformedResponseError
from tests.unit.support import response


def test_ids_are_filled_into_a_route():
    assert route("customModels/{a}/versions/{b}/", a="1", b=2) == "customModels/1/versions/2/"


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("a/b", "a%2Fb"),
        ("..x/a..", "..x%2Fa.."),
        ("a b", "a%20b"),
        ("a?b=c", "a%3Fb%3Dc"),
        ("a#b", "a%23b"),
        ("a%2Fb", "a%252Fb"),
        ("ä", "%C3%A4"),
    ],
)
def test_no_id_can_reach_another_route(value, escaped):
    assert route("models/{a}/", a=value) == f"models/{escaped}/"


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "  ", ".", "..", "None", " .. ", "../x", "a/../b", "a/.", "..\\x", "..;a/b"),
        *("a\r\nX-Injected: 1", "\x00", "\ud800", "a\u2028b"),
    ],
)
def test_the_error_names_an_invalid_id(value):
    with pytest.raises(InputError, match="custom_model_id"):
        route("models/{custom_model_id}/", custom_model_id=value)


def test_a_query_contains_the_set_values_with_booleans_in_lower_case():
    request = Request("GET", "x/", params={"a": True, "b": False, "c": None, "d": 0, "e": "T"})
    assert request.query() == {"a": "true", "b": "false", "d": "0", "e": "T"}


def test_a_list_in_a_query_repeats_its_parameter():
    request = Request("GET", "x/", params={"tagKeys": ("a", "b"), "limit": 5})
    assert request.query() == {"tagKeys": ["a", "b"], "limit": "5"}


@pytest.mark.parametrize("value", [6.4e25, True, ["a"], {"a": 1}, b"a"])
def test_a_value_that_is_not_a_string_is_not_an_id(value):
    with pytest.raises(InputError, match="custom_model_id"):
        route("models/{custom_model_id}/", custom_model_id=value)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_nan_and_infinity_become_none(literal):
    body = f'{{"a": {literal}, "b": [{literal}, 1.5]}}'.encode()
    assert Response(200, {}, body).json() == {"a": None, "b": [None, 1.5]}


def test_secrets_in_a_response_are_redacted_by_the_parser():
    assert response(body=[{"openaiApiKey": "sk-secret"}]).json() == [{"openaiApiKey": "***"}]


def test_a_response_that_is_not_json_is_described_in_one_short_line():
    page = b"<html>\n<title>Sign in</title>" + b"x" * 5_000_000
    with pytest.raises(MalformedResponseError, match="Sign in") as caught:
        Response(200, {"content-type": "text/html"}, page).json()
    message = str(caught.value)
    assert "text/html" in message
    assert "5000029 bytes" in message
    assert len(message) < 600
    assert "\n" not in message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"{'a': 1}",
        b'{"a": "caf\xe9"}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_incomplete_or_invalid_json_is_a_malformed_response(body):
    with pytest.raises(MalformedResponseError):
        Response(200, {}, body).json()


@pytest.mark.parametrize(("body", "kind"), [(b"[]", "list"), (b'"x"', "str"), (b"null", "NoneType")])
def test_a_response_that_is_not_the_expected_object_is_malformed(body, kind):
    with pytest.raises(MalformedResponseError, match=kind):
        Response(200, {}, body).object()


@pytest.mark.parametrize("name", ["x-request-id", "x-datarobot-request-id"])
def test_the_request_id_is_found_in_either_header(name):
    assert Response(500, {name: "abc"}).request_id == "abc"
    assert Response(500).request_id is None


def test_text_that_is_not_utf8_is_readable():
    assert Response(200, {}, b"caf\xe9 ok").text == "caf\ufffd ok"


def test_a_required_field_is_returned():
    assert required({"id": "1"}, "id") == "1"


@pytest.mark.parametrize("value", [None, "", 5, {}])
def test_the_error_names_a_missing_required_field(value):
    with pytest.raises(MalformedResponseError, match="'id'"):
        required({"id": value}, "id")


@pytest.mark.parametrize("levels", [101, 500, 1_000_000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_a_response_that_is_nested_too_deeply_is_malformed(levels, brackets):
    inner = "1" if brackets[0] != "[" else ""
    body = (brackets[0] * levels + inner + brackets[1] * levels).encode()
    with pytest.raises(MalformedResponseError, match="cannot be used: it is nested more than 100 levels deep"):
        Response(200, {}, body).json()


def test_the_maximum_number_of_levels_is_accepted():
    assert Response(200, {}, b"[" * 100 + b"]" * 100).json()


@pytest.mark.parametrize(
    "body", [b'{"status": "RUNNING", "status": "COMPLETED"}', b'[{"a": {"b": 1, "c": 2, "b": 1}}]']
)
def test_an_object_that_repeats_a_field_is_refused(body):
    with pytest.raises(MalformedResponseError, match=r"cannot be used: it repeats the field '(status|b)'"):
        Response(200, {}, body).json()


@pytest.mark.parametrize("escape", [r"\ud800", r"\uDFFF", r"\udc00\ud800"])
def test_a_lone_surrogate_is_replaced(escape):
    (value,) = Response(200, {}, f'["x{escape}y"]'.encode()).json()
    assert value.strip("xy").strip("?") == ""
    assert value.encode()
    assert Response(200, {}, rb'["\ud83d\ude00"]').json() == ["\U0001f600"]


@pytest.mark.parametrize(
    "log", [b'{"log": 5}', b'{"log": ["a"]}', b"[" * 100_000, b'{"log": "\xff"}', b'{"data": {"a": 1}}']
)
def test_a_log_of_any_format_is_a_string(log):
    assert isinstance(Response(200, {}, log).log_text(), str)


def test_the_error_of_a_missing_field_is_short():
    with pytest.raises(MalformedResponseError, match="and 99980 more") as caught:
        required({str(number) * 50: 1 for number in range(100_000)}, "id")
    assert len(str(caught.value)) < 3000


@pytest.mark.parametrize("kind", ["text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml"])
def test_an_html_page_is_recognized_by_its_content_type(kind):
    assert Response(200, {"content-type": kind}, b"<html>").is_html
    assert not Response(200, {"content-type": kind}, b"").is_html
    assert not Response(200, {"content-type": "text/plain"}, b"<html>").is_html
