from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

import pytest
import requests
from requests_mock import Adapter
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

from datarobot_provider.client.auth import Token
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.files import listed_files
from datarobot_provider.client.multipart import UploadBody
from datarobot_provider.client.request import Request
from datarobot_provider.client.retry import RetryPolicy
from datarobot_provider.client.sync_transport import SyncTransport
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import InputError, TransportError
from tests.unit.client.forms import parse_form
from tests.unit.support import ORIGIN, TOKEN

URL = f"{ORIGIN}/api/v2/things/"
REFUSED = requests.ConnectionError(MaxRetryError(None, URL, NewConnectionError(None, "refused")))
LOST = requests.ConnectionError("Connection aborted.")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Skip the pauses and return their lengths."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


@pytest.fixture
def wire() -> Adapter:
    return Adapter()


def transport(wire: Adapter, **settings) -> SyncTransport:
    sender = SyncTransport(Endpoint(ORIGIN), Token(TOKEN), TransportSettings(**settings))
    sender._session.mount("https://", wire)
    return sender


def test_a_request_has_the_bearer_token_and_the_user_agent(wire):
    wire.register_uri("GET", URL, json={})
    transport(wire).send(Request("GET", "things/", params={"limit": 2, "deep": True, "none": None}))
    sent = wire.last_request
    assert sent.headers["Authorization"] == f"Bearer {TOKEN}"
    assert sent.headers["User-Agent"].startswith("airflow-provider-datarobot-mlops/")
    assert sent.headers["Accept"] == "application/json"
    assert sent.query == "limit=2&deep=true"
    assert sent.body is None


def test_a_json_body_is_sent_as_json(wire):
    wire.register_uri("POST", URL, json={}, status_code=201)
    transport(wire).send(Request("POST", "things/", json={"name": "ä", "list": [1, None]}))
    assert wire.last_request.headers["Content-Type"] == "application/json"
    assert json.loads(wire.last_request.body) == {"name": "ä", "list": [1, None]}


def test_values_are_converted_in_a_body_and_in_a_query(wire):
    some_id, day = UUID(int=1), date(2026, 11, 25)
    wire.register_uri("POST", URL, json={})
    body = {"id": some_id, "when": day, "share": Decimal("0.5"), "many": MappingProxyType({"a": range(2)})}
    transport(wire).send(Request("POST", "things/", params={"id": some_id, "tag": ["a", "b"]}, json=body))
    assert wire.last_request.query == f"id={some_id}&tag=a&tag=b"
    assert json.loads(wire.last_request.body) == {
        "id": str(some_id),
        "when": "2026-11-25",
        "share": 0.5,
        "many": {"a": [0, 1]},
    }


@pytest.mark.parametrize("body", [{}, []])
def test_an_empty_json_body_is_sent(wire, body):
    wire.register_uri("POST", URL, json={})
    transport(wire).send(Request("POST", "things/", json=body))
    assert json.loads(wire.last_request.body) == body


def test_the_response_has_header_names_in_lower_case(wire):
    wire.register_uri("GET", URL, content=b"\xff", status_code=418, headers={"X-Request-ID": "1", "LOCATION": "x"})
    response = transport(wire).send(Request("GET", "things/"))
    assert (response.status, response.body, response.request_id, response.location) == (418, b"\xff", "1", "x")


def test_timeouts_are_passed_and_uploads_have_their_own(wire, tmp_path):
    wire.register_uri("GET", URL, json={})
    wire.register_uri("POST", URL, json={})
    (tmp_path / "f").write_bytes(b"x")
    sender = transport(wire, connect_timeout=1.5, read_timeout=2.5, upload_timeout=3.5)
    sender.send(Request("GET", "things/"))
    assert wire.last_request.timeout == (1.5, 2.5)
    sender.send(Request("POST", "things/", upload=lambda: UploadBody([], listed_files([str(tmp_path / "f")]))))
    assert wire.last_request.timeout == (1.5, 3.5)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(wire, status):
    wire.register_uri("GET", URL, status_code=status, headers={"Location": "https://evil.example/"})
    response = transport(wire).send(Request("GET", "things/"))
    assert (response.status, response.location) == (status, "https://evil.example/")
    assert wire.call_count == 1


def test_a_private_ca_is_trusted(wire):
    wire.register_uri("GET", URL, json={})
    transport(wire, ca_bundle="our-ca.pem").send(Request("GET", "things/"))
    assert wire.last_request.verify == "our-ca.pem"


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_ca_bundle_of_the_connection_has_precedence_over_the_environment(wire, monkeypatch, name):
    monkeypatch.setenv(name, "other-ca.pem")
    wire.register_uri("GET", URL, json={})
    transport(wire, ca_bundle="our-ca.pem").send(Request("GET", "things/"))
    assert wire.last_request.verify == "our-ca.pem"


def test_a_poll_is_repeated_until_it_succeeds(wire, pauses):
    wire.register_uri(
        "GET",
        URL,
        [{"status_code": 503}, {"exc": LOST}, {"status_code": 429, "headers": {"Retry-After": "7"}}, {"json": {}}],
    )
    assert transport(wire).send(Request("GET", "things/")).status == 200
    assert wire.call_count == 4
    assert len(pauses) == 3
    assert pauses[2] == 7.0


def test_a_poll_fails_after_the_allowed_attempts(wire, pauses):
    wire.register_uri("GET", URL, exc=LOST)
    with pytest.raises(TransportError, match="connection was lost") as caught:
        transport(wire, retry=RetryPolicy(attempts=3)).send(Request("GET", "things/"))
    assert wire.call_count == 3
    assert "may have processed" not in str(caught.value)


def test_a_post_is_not_sent_again_after_a_lost_connection(wire, pauses):
    wire.register_uri("POST", URL, exc=LOST)
    with pytest.raises(TransportError, match="DataRobot may have processed the request"):
        transport(wire).send(Request("POST", "things/"))
    assert (wire.call_count, pauses) == (1, [])


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_is_not_sent_again_after_a_server_error(wire, pauses, status):
    wire.register_uri("POST", URL, status_code=status)
    assert transport(wire).send(Request("POST", "things/")).status == status
    assert wire.call_count == 1


def test_a_post_is_sent_again_if_the_server_did_not_process_it(wire, pauses):
    wire.register_uri(
        "POST", URL, [{"exc": REFUSED}, {"status_code": 503, "headers": {"Retry-After": "2"}}, {"status_code": 201}]
    )
    assert transport(wire).send(Request("POST", "things/")).status == 201
    assert wire.call_count == 3
    assert pauses[1] == 2.0


def test_an_upload_has_a_new_body_for_every_attempt(wire, pauses, tmp_path):
    (tmp_path / "custom.py").write_bytes(b"x" * 100_000)
    files = listed_files([str(tmp_path / "custom.py")])
    seen = []

    def receive(request, context):
        seen.append(parse_form(request.headers["Content-Type"], b"".join(request.body)))
        if len(seen) == 1:
            raise REFUSED
        context.status_code = 201
        return "{}"

    wire.register_uri("POST", URL, text=receive)
    upload = Request("POST", "things/", upload=lambda: UploadBody([("isMajorUpdate", "true")], files))
    assert transport(wire).send(upload).status == 201
    assert seen[0] == seen[1]
    assert [part.name for part in seen[1]] == ["isMajorUpdate", "file", "filePath"]
    assert len(seen[1][1].content) == 100_000
    assert wire.last_request.headers["Content-Length"] != "0"


def test_a_file_changed_during_the_upload_stops_the_request(wire, pauses, tmp_path):
    (tmp_path / "custom.py").write_bytes(b"x" * 10)
    files = listed_files([str(tmp_path / "custom.py")])
    (tmp_path / "custom.py").write_bytes(b"x" * 11)
    wire.register_uri("POST", URL, text=lambda request, _: str(len(b"".join(request.body))))
    with pytest.raises(InputError, match=r"The size of .* changed"):
        transport(wire).send(Request("POST", "things/", upload=lambda: UploadBody([], files)))
    assert pauses == []


@pytest.mark.parametrize(
    ("error", "reason", "sent"),
    [
        (requests.ConnectTimeout(), "timeout", False),
        (requests.ReadTimeout(), "timeout", True),
        # Without the traceback of a real handshake; see test_sync_sockets for that case.
        (requests.exceptions.SSLError("certificate verify failed"), "tls", True),
        (requests.ConnectionError(MaxRetryError(None, URL, NameResolutionError("h", None, OSError()))), "dns", False),
        (REFUSED, "refused", False),
        (LOST, "lost", True),
        (requests.exceptions.ChunkedEncodingError(), "lost", True),
        (requests.exceptions.ContentDecodingError(), "lost", True),
    ],
)
def test_the_error_has_the_reason_and_whether_the_request_was_sent(wire, error, reason, sent):
    wire.register_uri("POST", URL, exc=error)
    with pytest.raises(TransportError) as caught:
        transport(wire, retry=RetryPolicy(attempts=1)).send(Request("POST", "things/"))
    assert (caught.value.reason, caught.value.sent) == (reason, sent)
    assert "No response from DataRobot to POST things/: " in str(caught.value)


@pytest.mark.parametrize("body", [{"value": float("nan")}, {"when": object()}])
def test_a_body_that_is_not_serializable_is_an_input_error(wire, pauses, body):
    wire.register_uri("POST", URL, json={})
    with pytest.raises(InputError):
        transport(wire).send(Request("POST", "things/", json=body))
    assert wire.call_count == 0


def test_closing_closes_the_session(wire, monkeypatch):
    closed = []
    sender = transport(wire)
    monkeypatch.setattr(sender._session, "close", lambda: closed.append(True))
    sender.close()
    assert closed == [True]
