"""Run the demonstration: ``python -m demo``, or ``make demo``."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from demo.dag_names import dag_names
from demo.report import collect, render, render_links, table, task_name
from demo.runner import EXPECTED_ERRORS, SUCCESS, Stopwatch, run_in_folder
from harness.airflow_env import USER
from harness.airflow_stack import AirflowStack
from harness.emulator import ROOT, Emulator
from harness.processes import Interrupted
from harness.task_logs import readable

if TYPE_CHECKING:
    from harness.airflow_api import AirflowApi, Json

CONN_ID = "datarobot_default"
LOGS_SHOWN = 3
ALL = "all"
#: Examples that wait for a user, which ``all`` does not run.
NEED_A_USER = frozenset({"example_approve_guards", "example_champion_challenger"})


class Progress:
    """Logs every change of a task's state."""

    def __init__(self, stopwatch: Stopwatch) -> None:
        self._stopwatch = stopwatch
        self._seen: dict[str, str] = {}

    def watch(self, tasks: list[Json]) -> None:
        """Log the states that have changed since the last call."""
        for task in tasks:
            name, state = task_name(task), task["state"]
            if state and state != self._seen.get(name):
                self._seen[name] = state
                self._stopwatch.log(f"  {name}: {state}")


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Run an example DAG in a real Airflow.")
    parser.add_argument(
        "--dag", default="example_model_to_production", help="the DAG to run, or all (default: %(default)s)"
    )
    parser.add_argument("--dags-folder", type=Path, default=ROOT / "example_dags", help="the folder of its file")
    parser.add_argument(
        "--time-scale",
        type=float,
        default=1.0,
        help="factor for the duration of the emulated jobs (default: %(default)s)",
    )
    parser.add_argument("--timeout", type=float, help="seconds for the run (default: 300 + 300 * time scale)")
    parser.add_argument("--keep", action="store_true", help="keep everything running until Ctrl-C")
    options = parser.parse_args(argv)
    known = dag_names(options.dags_folder)
    if options.dag not in {*known, ALL}:
        names = "\n  ".join(sorted(known)) or "none"
        parser.error(f"{options.dags_folder} contains no DAG {options.dag!r}. Its DAGs are:\n  {names}\nor: {ALL}")
    if options.timeout is None:
        options.timeout = 300 + 300 * options.time_scale
    return options


def main(argv: list[str] | None = None) -> int:
    """Run the demonstration; return the exit code."""
    options = parse(argv)
    return run_in_folder(partial(demonstrate, options), keep=options.keep)


def demonstrate(options: argparse.Namespace, folder: Path) -> str:
    """Start everything, run the DAG, stop everything.

    :returns: the last line to print.
    """
    stopwatch = Stopwatch()
    emulator = Emulator(folder, time_scale=options.time_scale)
    airflow = AirflowStack(folder / "airflow", dags_folder=options.dags_folder, log=stopwatch.log)
    with closing(emulator), closing(airflow):
        try:
            start(emulator, airflow, stopwatch)
            if options.keep:
                print(addresses(emulator, airflow), flush=True)
            outcome = run(options, airflow.api, stopwatch)
        except EXPECTED_ERRORS as error:
            outcome = f"demo: failed: {error}"
        if options.keep:
            print(outcome, flush=True)
            wait_for_stop(emulator, airflow)
        stopwatch.log("Stopping all processes")
    if options.keep or not outcome.startswith(SUCCESS):
        print(f"Logs: {folder}", flush=True)
    return outcome


def start(emulator: Emulator, airflow: AirflowStack, stopwatch: Stopwatch) -> None:
    """Start the emulator and Airflow, in parallel as far as possible."""
    stopwatch.log("Starting the DataRobot emulator and creating Airflow's database")
    airflow.launch()
    emulator.launch()
    emulator.wait_until_ready()
    stopwatch.log(f"The emulator is listening on {emulator.endpoint}")
    airflow.wait_until_ready()
    # Airflow 3.3 does not test a connection that was saved without a port.
    port = urlsplit(emulator.endpoint).port
    airflow.api.create_connection(CONN_ID, {**emulator.connection, "port": port})
    stopwatch.log(f"Airflow is running on {airflow.settings.base_url}, with the connection {CONN_ID}")


def run(options: argparse.Namespace, api: AirflowApi, stopwatch: Stopwatch) -> str:
    """Run one DAG, or all example DAGs in sequence.

    :returns: the last line to print.
    """
    if options.dag != ALL:
        return run_dag(options.dag, options.timeout, api, stopwatch)
    names = sorted({file.stem for file in options.dags_folder.glob("example_*.py")} - NEED_A_USER)
    outcomes = {name: run_dag(name, options.timeout, api, stopwatch) for name in names}
    results = [(name, outcome.removeprefix("demo: ")) for name, outcome in outcomes.items()]
    print(f"\n{table(('example', 'result'), results, numbers=())}\n", flush=True)
    succeeded = sum(outcome.startswith(SUCCESS) for outcome in outcomes.values())
    return f"{SUCCESS if succeeded == len(names) else 'demo: failed'}, {succeeded} of {len(names)} examples succeeded"


def run_dag(dag_id: str, timeout: float, api: AirflowApi, stopwatch: Stopwatch) -> str:
    """Run a DAG with the default values of its form.

    :returns: the last line to print.
    """
    stopwatch.log(f"Waiting for Airflow to parse {dag_id}")
    api.wait_for_dag(dag_id)
    api.unpause(dag_id)
    run_id = api.submit_form(dag_id)
    stopwatch.log(f"Triggered {dag_id} with the default values of its form: run {run_id}")
    state = api.wait_for_run(dag_id, run_id, timeout=timeout, watch=Progress(stopwatch).watch)
    rows = collect(api, dag_id, run_id)
    print(f"\n{render(rows)}\n\n{render_links(rows)}\n", flush=True)
    if state == "success":
        return f"{SUCCESS}, run {run_id}, {len(rows)} tasks"
    failed = [task for task in api.task_instances(dag_id, run_id) if task["state"] == "failed"]
    for task in failed[:LOGS_SHOWN]:
        log = readable(api.log(task, task["try_number"]))
        print(f"End of the log of {task_name(task)}, attempt {task['try_number']}:\n{log}\n", flush=True)
    return f"demo: failed, run {run_id}, failed tasks: {', '.join(map(task_name, failed)) or 'none'}"


def addresses(emulator: Emulator, airflow: AirflowStack) -> str:
    """Return the addresses and credentials of Airflow's UI and of the emulator."""
    return (
        f"Airflow UI:  {airflow.settings.base_url}  user {USER}  password {airflow.settings.password}\n"
        f"Emulator:    {emulator.endpoint}  token {emulator.token}"
    )


def wait_for_stop(emulator: Emulator, airflow: AirflowStack) -> None:
    """Keep everything running until a signal arrives."""
    print(f"\n{addresses(emulator, airflow)}\nPress Ctrl-C to stop.", flush=True)
    with suppress(Interrupted):
        while True:
            signal.pause()


if __name__ == "__main__":
    sys.exit(main())
