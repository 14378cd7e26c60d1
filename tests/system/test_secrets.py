"""After all examples: neither the logs, nor Airflow's database, nor other files contain the token.

This file runs after the examples and uses their runs; without them, it runs the examples with their defaults. Faults,
keys and signed addresses of other hosts are tested in ``tests/audit``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.audit.search import Search
from tests.system.conftest import DAG
from tests.system.examples import Plan, load_dags, run_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.conftest import Environment

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

#: Airflow's own stores of secrets, encrypted with its Fernet key.
ENCRYPTED = [("connection", "password"), ("connection", "extra"), ("variable", "val")]
TABLES = ("xcom", "rendered_task_instance_fields", "trigger", "serialized_dag", "dag_code", "log", "task_instance")
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
# The emulator redirects to signed addresses; the hash is the secret part.
SIGNED = re.compile(rb"X-Signature(=|%3D)[0-9a-f]{10}", re.IGNORECASE)


@pytest.fixture(scope="module")
def examples_run(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Run the examples that have no run in this session; return the ids of all."""
    target = tmp_path_factory.mktemp("image") / "image.tar.gz"
    environment.control("image", "POST", size=300_000, redirect=True)
    dags = set(load_dags())
    confs = {"example_prediction_server_image": {"target": f"file://{target}"}}
    missing = {dag: Plan(dag, confs.get(dag, {})) for dag in sorted(dags) if not runs_of(environment, dag)}
    for run in run_all(environment, missing).values():
        run.ended()
    return dags


def runs_of(environment: Environment, dag_id: str) -> int:
    """Return the number of runs of a DAG."""
    environment.api.wait_for_dag(dag_id)
    return int(environment.api._call("GET", f"/dags/{dag_id}/dagRuns")["total_entries"])


def area(path: Path) -> str:
    """Return the area of a file."""
    if "components" in path.parts:
        return f"log of the {path.stem}"
    if "logs" in path.parts:
        return "logs of triggers" if ".trigger." in path.name else "logs of tasks and dag-processor"
    return "database file, raw" if path.name.startswith("airflow.db") else "other files"


def test_the_token_is_in_no_file_and_no_row(
    environment: Environment, examples_run: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    environment.control("outcomes", "POST", kind="dependency_build", outcome="succeeded", seconds=20)
    run_id = environment.start()
    # While a task is deferred, its trigger is a row of the database.
    model_id = environment.api.xcoms(environment.task_in(run_id, "create_model", "success"))["return_value"]
    environment.task_in(run_id, "build_dependencies", "deferred")
    search = Search({"token of the connection": environment.emulator.token}, str(model_id))
    home = environment.airflow.settings.home
    search.database(environment.airflow.database, environment.airflow.settings.fernet_key, encrypted=ENCRYPTED)
    assert search.counts["rows of trigger"] > 0
    assert environment.ended(run_id) == "success"
    search.database(environment.airflow.database, environment.airflow.settings.fernet_key, encrypted=ENCRYPTED)
    search.files(home.parent, area=area)
    with capsys.disabled():
        print(f"\nAudit of {len(examples_run)} example DAGs: {search.report()}")  # noqa: T201 - the numbers are part of the test output
    assert search.hits == []
    assert_searched(search)


def assert_searched(search: Search) -> None:
    """Check that the search covered all places of a token, and found the id of a model there."""
    assert [name for name in TABLES if not search.counts[f"rows of {name}"]] == []
    for where in ("logs of tasks and dag-processor", "logs of triggers", "database file, raw", "database"):
        assert search.counts[f"{where}: bytes"] > 0, where
        assert search.canaries[where] > 0, where
    for component in COMPONENTS:
        assert search.counts[f"log of the {component}: bytes"] > 0, component


def test_a_signed_address_is_in_no_file(environment: Environment, examples_run: set[str]) -> None:
    assert environment.control("foreign-requests")["data"] != []
    files = [path for path in environment.airflow.settings.home.parent.rglob("*") if path.is_file()]
    assert [str(path) for path in files if SIGNED.search(path.read_bytes())] == []


def test_every_example_was_run(environment: Environment, examples_run: set[str]) -> None:
    assert DAG in examples_run
    assert {dag: runs_of(environment, dag) for dag in examples_run if not runs_of(environment, dag)} == {}
