from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from datarobot_provider import exceptions
from datarobot_provider.client.auth import Token
from datarobot_provider.client.errors import error_from
from datarobot_provider.client.request import Request, Response
from tests.unit.support import TOKEN, FakeApi, response

POST = Request("POST", "customModels/")


def as_is(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, exceptions.ValidationError, False),
        (401, exceptions.AuthenticationError, False),
        (403, exceptions.AccessDeniedError, False),
        (404, exceptions.NotFoundError, False),
        (409, exceptions.ConflictError, False),
        (410, exceptions.NotFoundError, False),
        (413, exceptions.ValidationError, False),
        (422, exceptions.ValidationError, False),
        (429, exceptions.RateLimitError, True),
        (500, exceptions.ServerError, True),
        (502, exceptions.ServerError, True),
        (599, exceptions.ServerError, True),
        (418, exceptions.ApiError, False),
        (408, exceptions.ApiError, True),
    ],
)
def test_every_status_has_its_exception(status, kind, retryable):
    error = error_from(response(status, {"message": "why"}), POST, as_is)
    assert type(error) is kind
    assert error.retryable is retryable
    assert (error.status, error.message, error.method, error.path) == (status, "why", "POST", "customModels/")
    assert str(error).startswith(f"DataRobot returned {status} for POST customModels/: why")


def test_the_field_errors_of_public_routes_are_in_the_text():
    body = {
        "message": "Invalid field data",
        "errors": {"name": "too long", "data": {"0": {"stages": "missing"}}, "labels": ["one", "two"]},
    }
    error = error_from(response(422, body), POST, as_is)
    assert error.errors == {"name": "too long", "data.0.stages": "missing", "labels": "one; two"}
    assert "\n  data.0.stages: missing\n" in str(error)


def test_a_list_of_field_errors_is_numbered():
    error = error_from(
        response(422, {"message": "m", "errors": {"data": [{"name": "taken"}, {"name": "empty"}]}}), POST, as_is
    )
    assert error.errors == {"data.0.name": "taken", "data.1.name": "empty"}


def test_the_field_errors_of_genai_routes_are_in_the_text():
    body = {
        "detail": [
            {"loc": ["body", "deploymentId"], "msg": "Deployment not found", "type": "value_error"},
            {"loc": ["body"], "msg": "no"},
        ]
    }
    error = error_from(response(422, body), POST, as_is)
    assert error.message == "Invalid field data"
    assert error.errors == {"deploymentId": "Deployment not found", "body": "no"}


def test_a_string_in_detail_is_the_message():
    assert error_from(response(404, {"detail": "Validation not found"}), POST, as_is).message == "Validation not found"


def test_refused_dependencies_are_in_the_text():
    body = {
        "message": "Bad requirements",
        "invalidDependencies": [{"line": 3, "packageName": "no such"}],
        "dependencies": [],
    }
    assert error_from(response(422, body), POST, as_is).errors == {
        "invalidDependencies.0.line": "3",
        "invalidDependencies.0.packageName": "no such",
    }


@pytest.mark.parametrize(("value", "job_id"), [("65f0", "65f0"), (None, None), (12, None), ({}, None)])
def test_the_id_of_the_running_job_is_kept(value, job_id):
    assert error_from(response(404, {"message": "submitted before", "jobId": value}), POST, as_is).job_id == job_id


def test_the_request_id_is_in_the_text():
    error = error_from(response(500, {"message": "oops"}, x_datarobot_request_id="abc-1"), POST, as_is)
    assert error.request_id == "abc-1"
    assert "Request id: abc-1" in str(error)


def test_the_advice_is_in_the_text():
    assert "What to do: set a valid API token" in str(error_from(response(401, {"message": "no"}), POST, as_is))


def test_a_page_of_5_mb_is_shortened_to_one_line():
    page = b"<html><h1>Bad\n Gateway</h1>" + b"<p>padding</p>" * 400_000
    error = error_from(Response(502, {"content-type": "text/html"}, page), POST, as_is)
    assert "Bad Gateway (the body is not an error of DataRobot: '<html><h1>Bad Gateway</h1>" in error.message
    assert len(str(error)) < 600


@pytest.mark.parametrize(
    "body",
    [
        {"errors": {f"field {number}": "x" * 50 for number in range(80_000)}},
        {"errors": ["x" * 5_000_000, {"y" * 5_000_000: "z"}]},
        {"errors": {"list": ["x"] * 1_000_000}},
        {"detail": [{"loc": ["body", "f" * 1000, number], "msg": "m" * 1000} for number in range(2000)]},
        {"message": "m" * 5_000_000, "errors": {"a": "b" * 5_000_000}},
    ],
    ids=["many fields", "long fields", "a long list", "many details", "long texts"],
)
def test_the_text_of_an_error_of_5_mb_is_short(body):
    started = time.perf_counter()
    error = error_from(response(422, body, x_request_id="i" * 5000), POST, Token(TOKEN).redact)
    assert time.perf_counter() - started < 5
    assert len(str(error)) < 11_000


def test_omitted_field_errors_are_mentioned():
    error = error_from(response(422, {"errors": {str(number): "no" for number in range(21)}}), POST, as_is)
    assert len(error.errors) == 21
    assert "\n  …: more than 20 errors; the rest is omitted" in str(error)
    assert "and more" not in str(error_from(response(422, {"errors": dict.fromkeys("abc", "no")}), POST, as_is))


@pytest.mark.parametrize("repeated", [False, True])
def test_an_error_keeps_whether_the_request_was_repeated(repeated):
    assert error_from(replace(response(404), repeated=repeated), POST, as_is).repeated is repeated


def test_a_long_message_is_cut():
    assert len(error_from(response(422, {"message": "x" * 100_000}), POST, as_is).message) == 2000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b'{"message": null}',
        b'{"message": 5}',
        b'{"message": ""}',
        b'{"detail": [1, null, "x"]}',
        b'{"detail": [{"msg": "m"}]}',
        b'{"detail": [{"loc": null}]}',
        b'{"detail": [{"loc": 5, "msg": "m"}]}',
        b'{"errors": 7}',
        b'{"errors": [1, "a"]}',
        b'{"errors": {"a": null, "b": [null]}}',
        b"\xff\xfe\x00",
        b"[" * 1_000_000,
        b'{"errors":' * 400 + b"1" + b"}" * 400,
        b'{"message": "a", "message": "b", "errors": {"x": NaN, "x": -Infinity}}',
        rb'{"message": "\ud800", "errors": {"\udfff": "\udfff"}}',
    ],
)
def test_an_error_of_any_format_has_a_readable_text(body):
    error = error_from(Response(422, {"content-type": "application/json"}, body), POST, as_is)
    assert type(error) is exceptions.ValidationError
    assert error.message
    assert str(error).encode()
    assert str(error).startswith("DataRobot returned 422 for POST customModels/: ")


def refusal(scripted: Response, request: Request = POST) -> str:
    """Return the text of the exception for an error response."""
    fake = FakeApi()
    fake.on(request.method, request.path, scripted)
    with pytest.raises(exceptions.DataRobotError) as caught:
        fake.client().send(request).object()
    return str(caught.value)


@pytest.mark.parametrize(
    "scripted",
    [
        response(401, {"message": f"Bearer {TOKEN} is not known"}),
        response(422, {"message": "no", "errors": {"token": {"value": f"{TOKEN}!"}}}),
        response(422, {"detail": [{"loc": ["header"], "msg": f"bad {TOKEN}"}]}),
        Response(502, {"content-type": "text/html"}, f"<pre>Authorization: Bearer {TOKEN}</pre>".encode()),
        Response(502, {"content-type": "text/html"}, b"x" * 290 + TOKEN.encode()),
        Response(200, {"content-type": "text/html"}, f"<pre>Authorization: Bearer {TOKEN}</pre>".encode()),
        response(422, {"errors": {f"field {TOKEN}": "x"}}),
        response(422, {"errors": {"f" * 90 + TOKEN: "x" * 290 + TOKEN}}),
        response(500, None, x_request_id=f"for {TOKEN}"),
        response(200, b"no json", content_type=f"text/{TOKEN}"),
    ],
    ids=[
        *("message", "field", "detail", "page", "page cut inside the token", "page with status 200"),
        *("name of a field", "field cut inside the token", "request id", "content type"),
    ],
)
def test_an_echoed_token_is_not_in_the_exception(scripted):
    assert TOKEN[:10] not in refusal(scripted)


def test_an_echoed_secret_of_the_body_is_not_in_the_exception():
    body = {"data": [{"openaiApiKey": "sk-very-secret"}]}
    echo = Response(422, {}, json.dumps({"message": f"bad body {body}", "errors": {"k": "sk-very-secret"}}).encode())
    assert "sk-very-secret" not in refusal(echo, Request("POST", "guards/", json=body))
