"""A real Airflow that logs at DEBUG, with secrets from every source: it stores and logs none of them."""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from harness.airflow_stack import AirflowStack
from harness.processes import wait_until
from tests.audit.conftest import CANARY, SECRETS, AuditedRun, new_secret
from tests.audit.echoes import echo
from tests.audit.operations import Resources, create_resources, create_version
from tests.audit.search import Search
from tests.support.proxy import JSON, Proxy, Received, Response, forwarded, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.full, pytest.mark.timeout(400)]

DAG, STUCK = "audit_secrets", "stuck"
FINISHED = {"success", "failed", "upstream_failed", "skipped"}
#: Airflow's own stores of secrets, encrypted with its Fernet key.
ENCRYPTED = [("connection", "password"), ("connection", "extra"), ("variable", "val")]
TABLES = (
    "xcom",
    "rendered_task_instance_fields",
    "trigger",
    "serialized_dag",
    "log",
    "task_instance",
    "task_state_store",
)
IMAGE = b"image" * 100_000
KEYS = {name: new_secret() for name in ("key by variable", "key by unprotected variable")}
SIGNED = f"/{CANARY}/file?X-Amz-Date=1&X-Amz-Signature={quote(SECRETS['signature of a download'], safe='')}"


#: A wait whose polls are rejected ends within seconds.
EXTRA = {"attempts": 2, "poll_failure_timeout": 3}


def api_of(emulator_url: str, foreign: Proxy, *, rejecting: bool) -> Callable[[Received], Response | None]:
    """Return the function that responds for the API: it redirects downloads to another host.

    :param rejecting: whether it rejects most requests with an echo.
    """
    metadata = {"imageSize": len(IMAGE), "hash": hashlib.sha256(IMAGE).hexdigest()}
    # The polls of the worker are forwarded; only those of the trigger are rejected.
    polls_of_worker = iter(["for a running build", "before the task defers"])

    def rule(received: Received) -> Response | None:
        if received.target.endswith("/metadata/"):
            return Response(200, {"Content-Type": "application/json"}, json.dumps(metadata).encode())
        if "portablePredictionServerImage" in received.target or "/download/" in received.target:
            kind = "&reject=1" if rejecting else ""
            return Response(302, {"Location": f"{foreign.url}{SIGNED}{kind}"}, received.raw())
        poll = received.method == "GET"
        at_build = "dependencyBuild" in received.target
        if not rejecting or poll != at_build or (poll and next(polls_of_worker, None)):
            return forwarded(emulator_url, received)
        if poll:
            received = replace(received, body=CANARY.encode())
        return echo("message", 401 if poll else 422)(received)

    return rule


def storage(received: Received) -> Response:
    """Respond like a storage: with the content, or with an error that contains the signature."""
    if "reject=1" in received.target:
        return echo("text", 403)(received)
    return Response(200, {"Content-Disposition": 'attachment; filename="../../evil"'}, IMAGE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def airflow(servers, folder: Path) -> Iterator[tuple[AirflowStack, dict[str, Proxy]]]:
    """Start Airflow and the servers, and run the DAG until only the stuck task has not ended."""
    emulator = servers[0]
    audited = AuditedRun(*servers)
    (folder / "model").mkdir()
    resources = create_resources(audited, folder / "model")
    second = create_version(audited, resources.model)
    emulator.control("POST", "outcomes", {"kind": "dependency_build", "outcome": "stuck", "times": 2})
    with ExitStack() as stack:
        foreign = stack.enter_context(serve(name="localhost", default=lambda: Response(404, JSON, b"{}")))
        foreign.respond = storage
        open_, rejecting = (stack.enter_context(serve(emulator.url)) for _ in range(2))
        open_.respond = api_of(emulator.url, foreign, rejecting=False)
        rejecting.respond = api_of(emulator.url, foreign, rejecting=True)
        hosts = {"datarobot_default": open_, "datarobot_rejecting": rejecting}
        token = SECRETS["token of the connection"]
        connections = {
            name: {"conn_type": "datarobot", "host": f"{each.url}/api/v2", "password": token, "extra": EXTRA}
            for name, each in hosts.items()
        }
        connections["audit_other"] = {"conn_type": "generic", "password": SECRETS["other key by connection"]}
        (folder / "downloads").mkdir()
        stack_ = AirflowStack(
            folder / "airflow", dags_folder=Path(__file__).parent / "dags", connections=connections,
            env=variables(resources, second, folder / "downloads"),
        )  # fmt: skip
        running = stack.enter_context(stack_)
        store_secrets(running)
        run(running)
        yield running, {"foreign": foreign, "open": open_, "rejecting": rejecting}


def variables(resources: Resources, second: str, downloads: Path) -> dict[str, str]:
    """Return the variables of the DAG, including a secret whose name is not one that Airflow masks."""
    values = {
        "CANARY": CANARY,
        "MODEL": resources.model,
        "VERSION": resources.version,
        "SECOND_VERSION": second,
        "GUARD": resources.guard,
        "FOLDER": str(downloads),
        "LLM": KEYS["key by unprotected variable"],
    }
    return {
        **{f"AIRFLOW_VAR_AUDIT_{name}": value for name, value in values.items()},
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
    }


def store_secrets(airflow: AirflowStack) -> None:
    """Store a connection and a variable in Airflow's database through its API."""
    connection = {"connection_id": "audit_openai", "conn_type": "generic", "password": SECRETS["key by connection"]}
    airflow.api._call("POST", "/connections", json=connection)
    variable = {"key": "audit_openai_api_key", "value": KEYS["key by variable"]}
    airflow.api._call("POST", "/variables", json=variable)


def run(airflow: AirflowStack) -> None:
    """Run the DAG until all tasks have ended, except the one that is stuck in the triggerer."""
    airflow.api.wait_for_dag(DAG)
    airflow.api.unpause(DAG)
    run_id = airflow.api.trigger(DAG)

    def ended() -> dict[str, str] | None:
        states = {each["task_id"]: each["state"] for each in airflow.api.task_instances(DAG, run_id)}
        others = {state for name, state in states.items() if name != STUCK}
        return states if states and others <= FINISHED and states[STUCK] == "deferred" else None

    states = wait_until(ended, what="the end of the audit's tasks", timeout=240, check=airflow.check, interval=1)
    wrong = {name for name, state in states.items() if name != STUCK and (state == "failed") != ("rejected" in name)}
    assert wrong == set(), states


def area(path: Path) -> str:
    """Return the area of a file."""
    if "components" in path.parts:
        return f"log of the {path.stem}"
    if "logs" in path.parts:
        return "logs of triggers" if ".trigger." in path.name else "logs of tasks and dag-processor"
    return "database file, raw" if path.name.startswith("airflow.db") else "other files"


def test_airflow_stores_and_logs_no_secret(airflow, folder, report_search):
    stack, proxies = airflow
    search = report_search("a real Airflow", Search({**SECRETS, **KEYS}, CANARY))
    search.files(folder, area=area)
    search.database(stack.database, stack.settings.fernet_key, encrypted=ENCRYPTED)
    for received in proxies["foreign"].received:
        search.counts["foreign host: requests"] += 1
        search.search_text("foreign host", received.target, received.raw(), allowed=["signature of a download"])
    assert search.hits == []
    assert_searched(search, stack)


def assert_searched(search: Search, stack: AirflowStack) -> None:
    """Check that the search covered all places of secrets, and that it can find them."""
    assert {name: search.counts[f"rows of {name}"] for name in TABLES if not search.counts[f"rows of {name}"]} == {}
    for where in ("logs of tasks and dag-processor", "logs of triggers", "other files", "database file, raw"):
        assert search.counts[f"{where}: files"] > 0, where
    for component in ("api-server", "scheduler", "dag-processor", "triggerer"):
        assert search.counts[f"log of the {component}: bytes"] > 0, component
    assert search.counts["foreign host: requests"] >= 4
    for where in ("database", "foreign host", "logs of tasks and dag-processor", "logs of triggers"):
        assert search.canaries[where] > 0, where
    # The search decrypts the variable if its column is not excluded, and finds the key.
    decrypted = Search(KEYS, secrets.token_hex(8))
    decrypted.database(stack.database, stack.settings.fernet_key)
    assert any("variable.val (decoded): key by variable" in hit for hit in decrypted.hits)


def test_downloads_are_only_at_their_targets(airflow, folder):
    found = {path.name: path.read_bytes() == IMAGE for path in (folder / "downloads").iterdir()}
    assert found == {"download_image": True, "download_version": True}
    assert not any(folder.parent.glob("**/evil"))


def test_the_keys_were_used(airflow):
    """Without sent keys, the audit would find nothing and prove nothing."""
    _, proxies = airflow
    for each in proxies["open"], proxies["rejecting"]:
        sent = b"".join(received.body for received in each.received)
        for name in ("key by connection", "other key by connection"):
            assert json.dumps(SECRETS[name])[1:-1].encode() in sent, name
        for name, key in KEYS.items():
            assert json.dumps(key)[1:-1].encode() in sent, name
