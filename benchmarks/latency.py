"""The row about latency: from the end of a remote job to the start of the next task, in a real Airflow."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests

from benchmarks.bench import Sample
from benchmarks.children import HERE, ROOT
from demo.airflow_stack import AirflowStack
from demo.emulator import Emulator

if TYPE_CHECKING:
    from benchmarks.bench import Bench

DAG, KIND = "latency", "vector_database_validation"
CASE = "a job that ends while its task waits in the triggerer"
#: The emulator's deployment that holds a vector database.
DEPLOYMENT = "65a0000000000000000000f1"
#: Seconds: longest pause between two looks; between two ends.
POLL_INTERVAL, APART = 5.0, 4.0
ROUNDS, SMALL_ROUNDS = 10, 1


def latency(bench: Bench) -> None:
    """Run the DAG once: jobs that end at known moments, and triggers of Airflow's own that fire in between."""
    rounds = SMALL_ROUNDS if bench.small else bench.repetitions or ROUNDS
    first = _first(rounds)
    env = {
        "PYTHONPATH": str(ROOT),
        "BENCH_ROUNDS": str(rounds),
        "BENCH_DEPLOYMENT": DEPLOYMENT,
        "BENCH_POLL_INTERVAL": str(POLL_INTERVAL),
        "BENCH_FIRST": str(first),
        "BENCH_APART": str(APART),
    }
    with Emulator(bench.folder) as emulator:
        for place in range(rounds):
            order = {"kind": KIND, "outcome": "succeeded", "seconds": first + APART * 2 * place}
            requests.post(f"{emulator.control}/outcomes", json=order, timeout=30).raise_for_status()
        connections = {"datarobot_default": emulator.connection}
        home = bench.folder / "latency"
        with AirflowStack(home, dags_folder=HERE / "dags", connections=connections, env=env) as airflow:
            for client, delays in _delays(airflow, emulator, rounds).items():
                bench.samples += [Sample("latency", CASE, client, {"delay": delay}) for delay in delays]


def _delays(airflow: AirflowStack, emulator: Emulator, rounds: int) -> dict[str, list[float]]:
    """Return the seconds from each end to the start of the next task."""
    airflow.api.wait_for_dag(DAG)
    airflow.api.unpause(DAG)
    run_id = airflow.api.trigger(DAG)
    state = airflow.api.wait_for_run(DAG, run_id, timeout=_first(rounds) + 2 * rounds * APART + 180)
    tasks = {task["task_id"]: task for task in airflow.api.task_instances(DAG, run_id)}
    if state != "success":
        raise RuntimeError(f"the run of the DAG {DAG} ended as {state}")
    listed = requests.get(f"{emulator.control}/jobs", timeout=30).json()["data"]
    ends = {job["ids"]["validationId"]: _seconds(job["ends"]) for job in listed if job["kind"] == KIND}
    found: dict[str, list[float]] = {"ours": [], "airflow": []}
    for place in range(rounds):
        for client, delays in found.items():
            said = airflow.api.xcoms(tasks[f"{client}_{place}"])["return_value"]
            end = ends[said["id"]] if client == "ours" else said
            delays.append(_seconds(tasks[f"{client}_{place}_next"]["start_date"]) - end)
    return found


def _first(rounds: int) -> float:
    """Return the seconds from the start of a task to the first end: all tasks have started and let go by then."""
    return 10.0 + 2 * rounds


def _seconds(moment: Any) -> float:
    return datetime.fromisoformat(moment).timestamp()
