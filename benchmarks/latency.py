"""The row ``latency``: from the end of a remote job to the start of the next task, in a real Airflow."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import requests

from benchmarks.bench import Sample
from benchmarks.subprocesses import FOLDER, ROOT
from harness.airflow_stack import AirflowStack
from harness.emulator import Emulator

if TYPE_CHECKING:
    from benchmarks.bench import Bench

DAG, KIND = "latency", "vector_database_validation"
CASE = "a job that ends while its task is deferred"
ROUNDS_VARIABLE = "BENCH_ROUNDS"
#: Seconds between two polls, at most, and between two ends.
POLL_INTERVAL, INTERVAL = 5.0, 4.0
ROUNDS, SMALL_ROUNDS = 10, 1


def ends(rounds: int) -> list[tuple[float, float]]:
    """Return for each round the end of our job and of Airflow's own trigger, in seconds from their start.

    All tasks have started and are deferred before the first end.
    """
    first = 10.0 + 2 * rounds
    return [(first + INTERVAL * 2 * index, first + INTERVAL * (2 * index + 1)) for index in range(rounds)]


def latency(bench: Bench) -> None:
    """Run the DAG once: with jobs that end at known times, and timer triggers that fire in between."""
    rounds = SMALL_ROUNDS if bench.small else bench.repetitions or ROUNDS
    env = {"PYTHONPATH": str(ROOT), ROUNDS_VARIABLE: str(rounds)}
    with Emulator(bench.folder) as emulator:
        for seconds, _ in ends(rounds):
            outcome = {"kind": KIND, "outcome": "succeeded", "seconds": seconds}
            requests.post(f"{emulator.control}/outcomes", json=outcome, timeout=30).raise_for_status()
        connections = {"datarobot_default": emulator.connection}
        home = bench.folder / "latency"
        with AirflowStack(home, dags_folder=FOLDER / "dags", connections=connections, env=env) as airflow:
            for client, delays in _delays(airflow, emulator, rounds).items():
                bench.samples += [Sample("latency", CASE, client, {"delay": delay}) for delay in delays]


def _delays(airflow: AirflowStack, emulator: Emulator, rounds: int) -> dict[str, list[float]]:
    """Return the seconds from each end to the start of the next task."""
    airflow.api.wait_for_dag(DAG)
    airflow.api.unpause(DAG)
    run_id = airflow.api.trigger(DAG)
    state = airflow.api.wait_for_run(DAG, run_id, timeout=ends(rounds)[-1][-1] + 180)
    tasks = {task["task_id"]: task for task in airflow.api.task_instances(DAG, run_id)}
    if state != "success":
        raise RuntimeError(f"the run of the DAG {DAG} ended as {state}")
    listed = requests.get(f"{emulator.control}/jobs", timeout=30).json()["data"]
    ended = {job["ids"]["validationId"]: _seconds(job["ends"]) for job in listed if job["kind"] == KIND}
    found: dict[str, list[float]] = {"ours": [], "airflow": []}
    for index in range(rounds):
        for client, delays in found.items():
            result = airflow.api.xcoms(tasks[f"{client}_{index}"])["return_value"]
            end = ended[result["id"]] if client == "ours" else result
            delays.append(_seconds(tasks[f"{client}_{index}_next"]["start_date"]) - end)
    return found


def _seconds(value: str) -> float:
    return datetime.fromisoformat(value).timestamp()
