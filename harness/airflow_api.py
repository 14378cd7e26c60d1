"""A client of Airflow's public REST API."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from harness.processes import WaitTimeoutError, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
FINISHED = frozenset({"success", "failed"})
PAGE = 100
TIMEOUT = 30.0


class ApiError(Exception):
    """The api-server rejected a request."""


class DagImportError(Exception):
    """Airflow cannot load the file of the requested DAG."""


class AirflowApi:
    """Client of one api-server. It logs in with its first request.

    :param base_url: address of the api-server.
    :param user: user name.
    :param password: password of the user.
    :param check: called while waiting; raises an error if a component has died.
    """

    def __init__(self, base_url: str, user: str, password: str, *, check: Callable[[], None]) -> None:
        self.base_url = base_url
        self._login = {"username": user, "password": password}
        self._check = check
        self._session = requests.Session()
        self._session.trust_env = False
        # SQLite allows one writer at a time: under load the api-server may respond with 500. Every request can be
        # repeated then: run ids are chosen by the client, so no run can be started twice.
        retry = Retry(
            total=4,
            connect=0,
            status_forcelist=[500],
            allowed_methods={"GET", "PATCH", "POST"},
            backoff_factor=0.5,
            raise_on_status=False,
        )
        self._session.mount(base_url, HTTPAdapter(max_retries=retry))

    def health(self) -> dict[str, Json]:
        """Return the state of each component; an empty dictionary while the api-server does not respond."""
        try:
            response = self._session.get(f"{self.base_url}/api/v2/monitor/health", timeout=TIMEOUT)
        except requests.ConnectionError:
            return {}
        found: dict[str, Json] = response.json() if response.ok else {}
        return found

    def create_connection(self, conn_id: str, fields: Json) -> None:
        """Store a connection in Airflow, where the UI shows it.

        :param conn_id: the id of the connection.
        :param fields: its fields: ``conn_type``, ``host``, ``password``, among others.
        """
        self._call("POST", "/connections", json={"connection_id": conn_id, **fields})

    def wait_for_dag(self, dag_id: str, *, timeout: float = 60.0) -> None:
        """Wait until the DAG can be run.

        :param timeout: seconds to wait; default 60.
        :raises DagImportError: if the file of the DAG cannot be loaded, or the timeout is exceeded.
        """
        try:
            wait_until(
                lambda: self._parsed(dag_id), what=f"DAG {dag_id}", timeout=timeout, check=self._check, interval=0.3
            )
        except WaitTimeoutError as error:
            errors = "\n".join(f"{each['filename']}\n{each['stack_trace']}" for each in self.import_errors())
            raise DagImportError(f"{error}\n{errors or 'Airflow reports no import error'}") from None

    def import_errors(self) -> list[Json]:
        """Return the import errors of DAG files, with ``filename`` and ``stack_trace``."""
        return self._all("/importErrors", "import_errors")

    def unpause(self, dag_id: str) -> None:
        """Unpause the DAG."""
        self._call("PATCH", f"/dags/{quote(dag_id)}", json={"is_paused": False})

    def trigger(self, dag_id: str, conf: Json | None = None) -> str:
        """Start a run without a logical date and return its id; ``conf`` contains the params to change."""
        return self._start(dag_id, conf or {}, None)

    def form(self, dag_id: str) -> dict[str, Json]:
        """Return the fields of the DAG's Trigger form: name -> ``value``, ``schema`` and ``description``."""
        fields: dict[str, Json] = self._call("GET", f"/dags/{quote(dag_id)}/details")["params"] or {}
        return fields

    def submit_form(self, dag_id: str, typed: Json | None = None, *, with_date: bool = True) -> str:
        """Start a run as the Trigger form does, which sends all fields, including unchanged ones.

        :param typed: the values that a user enters, by field name. ``None`` is an emptied field.
        :param with_date: whether the field "Logical date" keeps its default, the current time, or is emptied; default
            ``True``.
        :returns: the id of the run.
        :raises ApiError: if the form has no such field, or Airflow rejects a value.
        """
        fields, typed = self.form(dag_id), typed or {}
        unknown = sorted(typed.keys() - fields.keys())
        if unknown:
            raise ApiError(f"The form of {dag_id} has no field {', '.join(unknown)}, only {', '.join(fields)}")
        conf = {name: field["value"] for name, field in fields.items()} | typed
        return self._start(dag_id, conf, datetime.now(UTC) if with_date else None)

    def _start(self, dag_id: str, conf: Json, logical_date: datetime | None) -> str:
        run_id = f"demo__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        body = {
            "conf": conf,
            "dag_run_id": run_id,
            "data_interval_start": None,
            "data_interval_end": None,
            "logical_date": logical_date.isoformat() if logical_date else None,
        }
        self._call("POST", f"/dags/{quote(dag_id)}/dagRuns", json=body)
        return run_id

    def runs(self, dag_id: str) -> list[Json]:
        """Return all runs of the DAG, including scheduled ones."""
        return self._all(f"/dags/{quote(dag_id)}/dagRuns", "dag_runs")

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of the run."""
        return str(self._call("GET", _run(dag_id, run_id))["state"])

    def wait_for_run(
        self, dag_id: str, run_id: str, *, timeout: float, watch: Callable[[list[Json]], None] = lambda _: None
    ) -> str:
        """Wait for the end of the run and return its state.

        :param timeout: seconds to wait.
        :param watch: called with the task instances of the run after every poll.
        """

        def ended() -> str | None:
            state = self.run_state(dag_id, run_id)
            watch(self.task_instances(dag_id, run_id))
            return state if state in FINISHED else None

        return wait_until(ended, what=f"the end of run {run_id}", timeout=timeout, check=self._check, interval=1.0)

    def task_instances(self, dag_id: str, run_id: str) -> list[Json]:
        """Return the task instances of the run, ordered by start."""
        found = self._all(f"{_run(dag_id, run_id)}/taskInstances", "task_instances")
        return sorted(found, key=lambda each: (each["start_date"] or "~", each["task_id"], each["map_index"]))

    def events(self, dag_id: str, run_id: str) -> list[Json]:
        """Return the audit log of the run, oldest entry first."""
        query = {"dag_id": dag_id, "run_id": run_id, "order_by": "event_log_id"}
        return self._all("/eventLogs", "event_logs", query)

    def alive_components(self, job_type: str) -> dict[int, str]:
        """Return the components that send heartbeats: id -> host name.

        :param job_type: the type of component, for example ``TriggererJob``.
        """
        query = {"job_type": job_type, "is_alive": True, "limit": PAGE}
        return {job["id"]: job["hostname"] for job in self._call("GET", "/jobs", params=query)["jobs"]}

    def xcoms(self, task: Json) -> Json:
        """Return the XComs of a task instance: key -> value."""
        path = f"{_task(task)}/xcomEntries"
        query = {"map_index": task["map_index"]}
        keys = [each["key"] for each in self._all(path, "xcom_entries", query)]
        return {key: self._call("GET", f"{path}/{quote(key)}", params=query)["value"] for key in keys}

    def extra_links(self, task: Json) -> dict[str, str]:
        """Return the links of a task instance that have an address: name -> address."""
        links = self._call("GET", f"{_task(task)}/links", params={"map_index": task["map_index"]})["extra_links"]
        return {name: address for name, address in links.items() if address}

    def log(self, task: Json, try_number: int) -> list[Json]:
        """Return the log of one attempt, including the triggerer's part: one record per line."""
        query = {"map_index": task["map_index"], "full_content": "true"}
        content = self._call("GET", f"{_task(task)}/logs/{try_number}", params=query)["content"]
        return [each if isinstance(each, dict) else {"event": each} for each in content]

    def _parsed(self, dag_id: str) -> bool | None:
        if any(each["dag_id"] == dag_id for each in self._all("/dags", "dags", {"exclude_stale": "true"})):
            return True
        for each in self.import_errors():
            if Path(each["filename"]).stem == dag_id:
                raise DagImportError(f"{each['filename']} cannot be loaded\n{each['stack_trace']}")
        return None

    def _all(self, path: str, key: str, query: Json | None = None) -> list[Json]:
        """Return all entries of a list, reading all pages."""
        found: list[Json] = []
        while True:
            page = self._call("GET", path, params={**(query or {}), "limit": PAGE, "offset": len(found)})
            found += page[key]
            if not page[key] or len(found) >= page["total_entries"]:
                return found

    def _call(self, method: str, path: str, *, params: Json | None = None, json: Json | None = None) -> Json:
        """Send a request; log in first if necessary."""
        if "Authorization" not in self._session.headers:
            response = self._session.post(f"{self.base_url}/auth/token", json=self._login, timeout=TIMEOUT)
            token = _read(response)["access_token"]
            self._session.headers["Authorization"] = f"Bearer {token}"
        url = f"{self.base_url}/api/v2{path}"
        response = self._session.request(method, url, params=params, json=json, timeout=TIMEOUT)
        if response.status_code == HTTPStatus.CONFLICT and _is_repeated(response):
            # An earlier attempt was processed, although its response was 500.
            return {}
        return _read(response)


def _is_repeated(response: requests.Response) -> bool:
    """Return whether the request was sent more than once."""
    retries = getattr(response.raw, "retries", None)
    return bool(retries and retries.history)


def _read(response: requests.Response) -> Json:
    """Return the JSON of the response.

    :raises ApiError: with the server's message, if the request was rejected.
    """
    if not response.ok:
        raise ApiError(
            f"{response.request.method} {response.url} failed with {response.status_code}: {response.text[:500]}"
        )
    body: Json = response.json()
    return body


def _run(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}"


def _task(task: Json) -> str:
    return f"{_run(task['dag_id'], task['dag_run_id'])}/taskInstances/{quote(task['task_id'])}"
