from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from harness.airflow_api import PAGE, AirflowApi, ApiError, DagImportError
from tests.unit.support import raw_server, read_request

if TYPE_CHECKING:
    import socket

    from requests_mock import Mocker

BASE = "http://127.0.0.1:8001"
TASK = {"dag_id": "d", "dag_run_id": "demo__1:2", "task_id": "build", "map_index": -1}
RUN = f"{BASE}/api/v2/dags/d/dagRuns/demo__1%3A2"


@pytest.fixture
def api(requests_mock: Mocker) -> AirflowApi:
    requests_mock.post(f"{BASE}/auth/token", json={"access_token": "jwt"}, status_code=201)
    return AirflowApi(BASE, "demo", "secret", check=lambda: None)


def test_client_logs_in_once_and_sends_the_token(api: AirflowApi, requests_mock: Mocker) -> None:
    requests_mock.get(RUN, json={"state": "running"})
    assert api.run_state("d", "demo__1:2") == "running"
    assert api.run_state("d", "demo__1:2") == "running"
    login, *polls = requests_mock.request_history
    assert login.json() == {"username": "demo", "password": "secret"}
    assert [poll.headers["Authorization"] for poll in polls] == ["Bearer jwt", "Bearer jwt"]


def test_a_connection_is_stored(api: AirflowApi, requests_mock: Mocker) -> None:
    requests_mock.post(f"{BASE}/api/v2/connections", json={}, status_code=201)
    api.create_connection("datarobot_default", {"conn_type": "datarobot", "port": 80})
    sent = requests_mock.request_history[-1].json()
    assert sent == {"connection_id": "datarobot_default", "conn_type": "datarobot", "port": 80}


@pytest.mark.parametrize("statuses", [(500, 409), (500, 500, 409), (409,)])
def test_a_conflict_after_a_server_error_means_that_the_run_was_created(statuses: tuple[int, ...]) -> None:
    responses = iter([(201, '{"access_token": "jwt"}'), *((status, "{}") for status in statuses)])

    def respond(connection: socket.socket) -> None:
        read_request(connection)
        status, body = next(responses)
        head = f"HTTP/1.1 {status} Status\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(f"{head}{body}".encode())

    with raw_server(respond) as port:
        api = AirflowApi(f"http://127.0.0.1:{port}", "demo", "secret", check=lambda: None)
        with pytest.raises(ApiError, match="409") if len(statuses) == 1 else contextlib.nullcontext():
            api.trigger("d")
    assert list(responses) == []


def test_a_list_is_read_to_its_last_page(api: AirflowApi, requests_mock: Mocker) -> None:
    def page(request: Any, _: Any) -> dict[str, Any]:
        offset = int(request.qs["offset"][0])
        return {"event_logs": [{"n": n} for n in range(offset, min(offset + PAGE, 230))], "total_entries": 230}

    requests_mock.get(f"{BASE}/api/v2/eventLogs", json=page)
    assert [each["n"] for each in api.events("d", "r")] == list(range(230))
    assert requests_mock.call_count == 1 + 3


def test_wait_for_dag_fails_when_its_file_is_broken(api: AirflowApi, requests_mock: Mocker) -> None:
    errors = [{"filename": "other.py", "stack_trace": "x"}, {"filename": "bundle/d.py", "stack_trace": "No module"}]
    requests_mock.get(f"{BASE}/api/v2/dags", json={"dags": [], "total_entries": 0})
    requests_mock.get(f"{BASE}/api/v2/importErrors", json={"import_errors": errors, "total_entries": 2})
    with pytest.raises(DagImportError, match=r"bundle/d\.py cannot be loaded\nNo module"):
        api.wait_for_dag("d", timeout=60)
    with pytest.raises(DagImportError, match=r"timed out after 0 s while waiting for DAG e\nother\.py\nx\n"):
        api.wait_for_dag("e", timeout=0)


def test_xcoms_are_read_key_by_key(api: AirflowApi, requests_mock: Mocker) -> None:
    entries = f"{RUN}/taskInstances/build/xcomEntries"
    requests_mock.get(entries, json={"xcom_entries": [{"key": "return_value"}, {"key": "a b"}], "total_entries": 2})
    requests_mock.get(f"{entries}/return_value", json={"value": {"id": "65a0"}})
    requests_mock.get(f"{entries}/a%20b", json={"value": 1})
    assert api.xcoms(TASK) == {"return_value": {"id": "65a0"}, "a b": 1}


def test_links_without_an_address_are_omitted(api: AirflowApi, requests_mock: Mocker) -> None:
    links = {"Custom model": None, "Version": "http://127.0.0.1/version"}
    requests_mock.get(f"{RUN}/taskInstances/build/links", json={"extra_links": links})
    assert api.extra_links(TASK) == {"Version": "http://127.0.0.1/version"}


def test_error_contains_the_message_of_the_server(api: AirflowApi, requests_mock: Mocker) -> None:
    requests_mock.post(f"{BASE}/api/v2/dags/d/dagRuns", status_code=422, json={"detail": "conf is wrong"})
    with pytest.raises(ApiError, match=r"failed with 422: .*conf is wrong"):
        api.trigger("d")


def test_form_sends_every_field(api: AirflowApi, requests_mock: Mocker) -> None:
    fields = {"name": {"value": "North"}, "guards": {"value": [{"a": 1}]}, "folder": {"value": "/models"}}
    requests_mock.get(f"{BASE}/api/v2/dags/d/details", json={"params": fields})
    requests_mock.post(f"{BASE}/api/v2/dags/d/dagRuns", json={})
    run_ids = [api.submit_form("d", {"folder": None}), api.submit_form("d", with_date=False)]
    sent = [each.json() for each in requests_mock.request_history if each.path.endswith("/dagruns")]
    assert [each["dag_run_id"] for each in sent] == run_ids
    assert sent[0]["conf"] == {"name": "North", "guards": [{"a": 1}], "folder": None}
    assert sent[1]["conf"] == {"name": "North", "guards": [{"a": 1}], "folder": "/models"}
    assert sent[0]["logical_date"].endswith("+00:00")
    assert sent[1]["logical_date"] is None
    with pytest.raises(ApiError, match="The form of d has no field nme, only name, guards, folder"):
        api.submit_form("d", {"nme": "North"})


def test_a_dag_without_params_has_an_empty_form(api: AirflowApi, requests_mock: Mocker) -> None:
    requests_mock.get(f"{BASE}/api/v2/dags/d/details", json={"params": None})
    assert api.form("d") == {}


def test_wait_for_run_reports_tasks_until_the_end(api: AirflowApi, requests_mock: Mocker) -> None:
    seen: list[list[dict[str, Any]]] = []
    late = {"task_id": "a", "map_index": -1, "start_date": None}
    early = {"task_id": "b", "map_index": -1, "start_date": "2026-01-01T00:00:00Z"}
    requests_mock.get(RUN, json={"state": "failed"})
    requests_mock.get(f"{RUN}/taskInstances", json={"task_instances": [late, early], "total_entries": 2})
    assert api.wait_for_run("d", "demo__1:2", timeout=5, watch=seen.append) == "failed"
    assert seen == [[early, late]]


def test_health_is_empty_when_the_request_fails(api: AirflowApi, requests_mock: Mocker) -> None:
    requests_mock.get(f"{BASE}/api/v2/monitor/health", status_code=503)
    assert api.health() == {}
