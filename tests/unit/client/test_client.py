from __future__ import annotations

import asyncio

import pytest

from datarobot_provider.client.accepted import accepted, status_id_of
from datarobot_provider.client.auth import Token
from datarobot_provider.client.client import AsyncDataRobotClient
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.request import Request
from datarobot_provider.exceptions import (
    AccessDeniedError,
    AuthenticationError,
    MalformedResponseError,
    ServerError,
    TransportError,
)
from tests.unit.support import ORIGIN, TOKEN, FakeApi, response


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_error_with_an_explanation(status):
    api = FakeApi()
    api.on("POST", "customModels/", response(status, location="https://elsewhere.example/api/v2/customModels/"))
    with pytest.raises(MalformedResponseError, match=r"redirect.*not followed.*https"):
        api.client().send(Request("POST", "customModels/"))
    assert len(api.requests) == 1


@pytest.mark.parametrize("status", [300, 303, 304, 305, 308, 399])
@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "POST"])
def test_a_redirect_is_an_error_for_every_method(status, method):
    api = FakeApi()
    api.on(method, "customModels/1/", response(status, location=f"{ORIGIN}/login"))
    with pytest.raises(MalformedResponseError, match=rf"{method} customModels/1/ is a redirect \({status}\)"):
        api.client().send(Request(method, "customModels/1/"))


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "POST"])
def test_a_407_is_an_error_of_the_proxy(method):
    api = FakeApi()
    api.on(method, "customModels/1/", response(407, b"<html>Log in</html>", content_type="text/html"))
    with pytest.raises(TransportError, match="the proxy refused the request") as caught:
        api.client().send(Request(method, "customModels/1/"))
    assert (caught.value.reason, caught.value.sent, caught.value.retryable) == ("proxy", False, True)


def test_a_303_of_a_status_record_is_not_an_error():
    api = FakeApi()
    api.on("GET", "status/1/", response(303, location=f"{ORIGIN}/api/v2/things/1/"))
    assert api.client().send(Request("GET", "status/1/")).status == 303


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "POST"])
def test_an_html_page_is_neither_success_nor_not_found(method, status):
    api = FakeApi()
    api.on(method, "customModels/1/", response(status, b"<html>Sign in</html>", content_type="text/html"))
    with pytest.raises(MalformedResponseError, match="is not JSON: '<html>Sign in</html>'"):
        api.client().send(Request(method, "customModels/1/"))


@pytest.mark.parametrize("status", [200, 303, 307, 404, 410, 422])
def test_an_html_page_is_a_failed_poll(status):
    api = FakeApi()
    api.on("GET", "status/1/", response(status, b"<html>not here", content_type="text/html", location="/x"))
    with pytest.raises(MalformedResponseError, match="not here"):
        api.client().poll("status/1/")


def test_a_token_in_a_header_is_redacted():
    api = FakeApi()
    api.on("GET", "status/1/", response(200, {}, location=f"/api/v2/status/{TOKEN}/"))
    for seen in (api.client().poll("status/1/"), api.client().send(Request("GET", "status/1/"))):
        assert seen.location == "/api/v2/status/***/"


@pytest.mark.parametrize("status", [200, 303, 404, 410, 422])
def test_a_poll_returns_statuses_that_describe_the_job(status):
    api = FakeApi()
    api.on("GET", "status/1/", response(status))
    assert api.client().poll("status/1/").status == status


@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationError), (403, AccessDeniedError), (503, ServerError)])
def test_a_poll_raises_other_error_statuses(status, kind):
    api = FakeApi()
    api.on("GET", "status/1/", response(status))
    with pytest.raises(kind):
        api.client().poll("status/1/")


def test_a_poll_accepts_a_307_only_with_a_location():
    api = FakeApi()
    api.on("GET", "status/1/", response(307, location=f"{ORIGIN}/api/v2/status/2/"), response(307))
    assert api.client().poll("status/1/").status == 307
    with pytest.raises(MalformedResponseError, match="is a redirect"):
        api.client().poll("status/1/")


def test_the_async_client_polls_deletes_and_closes():
    api = FakeApi()
    api.on("GET", "status/1/", response(404))
    api.on("DELETE", "status/1/", response(204), response(403))

    async def use() -> None:
        client = AsyncDataRobotClient(Endpoint(ORIGIN), Token(TOKEN), api.asynchronous())
        assert (await client.poll("status/1/")).status == 404
        assert (await client.delete("status/1/")).status == 204
        with pytest.raises(AccessDeniedError):
            await client.delete("status/1/")
        await client.close()

    asyncio.run(use())
    assert api.closed == 1


def test_closing_the_client_closes_its_connections():
    api = FakeApi()
    api.client().close()
    assert api.closed == 1


@pytest.mark.parametrize(
    ("location", "status_id"),
    [
        (f"{ORIGIN}/api/v2/status/65f/", "65f"),
        (f"{ORIGIN}/api/v2/genai/status/65f/", "65f"),
        ("https://other.example/api/v2/status/65f/", "65f"),
        ("/api/v2/status/65f", "65f"),
        (f"{ORIGIN}/api/v2/customModels/65f/", None),
        (f"{ORIGIN}/status/65f/", None),
        ("", None),
    ],
)
def test_the_status_id_is_read_from_a_location(location, status_id):
    assert status_id_of(location) == status_id


def test_the_location_of_an_accepted_job_has_precedence():
    scripted = response(202, {"statusId": "body"}, location=f"{ORIGIN}/api/v2/status/header/")
    assert accepted(scripted).status_id == "header"


@pytest.mark.parametrize("headers", [{}, {"location": f"{ORIGIN}/elsewhere/"}])
def test_the_id_in_the_body_is_used_without_a_valid_location(headers):
    assert accepted(response(202, {"statusId": "body"}, **headers)).status_id == "body"


def test_an_accepted_job_may_have_no_body():
    taken = accepted(response(202, None, location=f"{ORIGIN}/api/v2/status/1/"))
    assert (taken.status_id, taken.body) == ("1", {})


@pytest.mark.parametrize("body", [None, {}, {"statusId": ""}, {"statusId": None}, {"statusId": 5}])
def test_an_accepted_job_without_a_status_record_is_reported(body):
    with pytest.raises(MalformedResponseError, match="may be running"):
        accepted(response(202, body))


def test_a_limit_of_one_requests_the_first_entry_of_a_list():
    api = FakeApi()
    api.on("GET", "customModels/m/versions/", response(body={"data": [{"id": "v2"}]}), response(body={"data": []}))
    client = api.client()
    assert client.items("customModels/m/versions/", limit=1) == [{"id": "v2"}]
    assert client.items("customModels/m/versions/", limit=1) == []
    assert api.requests[0].query() == {"offset": "0", "limit": "1"}
