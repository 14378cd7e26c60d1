from __future__ import annotations

import pytest

from datarobot_provider.client.request import Reply, Request, required, route
from datarobot_provider.exceptions import InputError, MalformedReplyError
from tests.unit.support import reply


def test_ids_are_filled_into_a_route():
    assert route("customModels/{a}/versions/{b}/", a="1", b=2) == "customModels/1/versions/2/"


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("a/b", "a%2Fb"),
        ("../x", "..%2Fx"),
        ("a?b=c", "a%3Fb%3Dc"),
        ("a#b", "a%23b"),
        ("a%2Fb", "a%252Fb"),
        ("ä", "%C3%A4"),
    ],
)
def test_no_id_can_reach_another_route(value, escaped):
    assert route("models/{a}/", a=value) == f"models/{escaped}/"


@pytest.mark.parametrize("value", [None, "", "  ", ".", "..", "None", " .. "])
def test_what_cannot_be_an_id_is_refused_by_name(value):
    with pytest.raises(InputError, match="custom_model_id"):
        route("models/{custom_model_id}/", custom_model_id=value)


def test_a_query_holds_what_was_set_with_booleans_in_lower_case():
    request = Request("GET", "x/", params={"a": True, "b": False, "c": None, "d": 0, "e": "T"})
    assert request.query() == {"a": "true", "b": "false", "d": "0", "e": "T"}


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_that_no_xcom_can_hold_become_none(literal):
    body = f'{{"a": {literal}, "b": [{literal}, 1.5]}}'.encode()
    assert Reply(200, {}, body).json() == {"a": None, "b": [None, 1.5]}


def test_secrets_in_a_reply_never_get_further_than_its_parsing():
    assert reply(body=[{"openaiApiKey": "sk-secret"}]).json() == [{"openaiApiKey": "***"}]


def test_a_reply_that_is_not_json_is_described_in_one_short_line():
    page = b"<html>\n<title>Sign in</title>" + b"x" * 5_000_000
    with pytest.raises(MalformedReplyError, match="Sign in") as caught:
        Reply(200, {"content-type": "text/html"}, page).json()
    message = str(caught.value)
    assert "text/html" in message
    assert "5000029 bytes" in message
    assert len(message) < 600
    assert "\n" not in message


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"{'a': 1}"])
def test_cut_or_broken_json_is_a_malformed_reply(body):
    with pytest.raises(MalformedReplyError):
        Reply(200, {}, body).json()


@pytest.mark.parametrize(("body", "kind"), [(b"[]", "list"), (b'"x"', "str"), (b"null", "NoneType")])
def test_where_an_object_is_expected_anything_else_is_malformed(body, kind):
    with pytest.raises(MalformedReplyError, match=kind):
        Reply(200, {}, body).object()


@pytest.mark.parametrize("name", ["x-request-id", "x-datarobot-request-id"])
def test_the_request_id_is_found_in_either_header(name):
    assert Reply(500, {name: "abc"}).request_id == "abc"
    assert Reply(500).request_id is None


def test_text_that_is_not_utf8_is_still_readable():
    assert Reply(200, {}, b"caf\xe9 ok").text == "caf\ufffd ok"


def test_a_required_field_is_returned():
    assert required({"id": "1"}, "id") == "1"


@pytest.mark.parametrize("value", [None, "", 5, {}])
def test_a_required_field_that_the_server_left_out_is_named(value):
    with pytest.raises(MalformedReplyError, match="'id'"):
        required({"id": value}, "id")
