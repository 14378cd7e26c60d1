"""Run the demonstration at scale: ``python -m demo.scale``, or ``make demo-scale``."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from demo.runner import EXPECTED_ERRORS, SUCCESS, Stopwatch, run_in_folder
from demo.scale import postgres, redis
from demo.scale.airflow import CONCURRENCY, TRIGGERERS, WORKERS, DistributedAirflow
from demo.scale.object_storage import CONN_ID, ObjectStorage
from demo.scale.run import Run, model_names
from harness.emulator import ROOT, Emulator
from harness.emulator_client import EmulatorClient

if TYPE_CHECKING:
    from pathlib import Path

#: With fewer models, the worker and the triggerer to kill are hardly ever busy at the same time.
MIN_MODELS = 4
MODEL = ROOT / "example_dags" / "models" / "diabetes_regression"


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.scale", description="Map the pipeline over many models.")
    parser.add_argument("--models", type=int, default=30, help="number of models (default: %(default)s)")
    parser.add_argument(
        "--time-scale",
        type=float,
        default=1.0,
        help="factor for the duration of the emulated jobs (default: %(default)s)",
    )
    parser.add_argument("--timeout", type=float, help="seconds for the run (default: 300 + 30 * models)")
    options = parser.parse_args(argv)
    if options.models < MIN_MODELS:
        parser.error(f"at least {MIN_MODELS} models are required, so that worker and triggerer are busy halfway")
    if options.timeout is None:
        options.timeout = 300 + 30 * options.models
    return options


def main(argv: list[str] | None = None) -> int:
    """Run the demonstration; return the exit code."""
    options = parse(argv)
    missing = [server.PACKAGE for server in (postgres, redis) if not server.installed()]
    if missing:
        print(
            f"demo: servers are missing; on Debian and Ubuntu, install them with: apt-get install {' '.join(missing)}",
            flush=True,
        )
        return 1
    return run_in_folder(partial(demonstrate, options))


def demonstrate(options: argparse.Namespace, folder: Path) -> str:
    """Start everything, run the DAG, stop everything.

    :returns: the last line to print.
    """
    stopwatch = Stopwatch()
    with ExitStack() as servers:
        try:
            airflow, emulator, storage = start(options, folder, servers, stopwatch)
            run = Run(
                airflow, EmulatorClient(emulator.endpoint, emulator.token), model_names(options.models), stopwatch
            )
            state = run.complete(storage.put(MODEL), timeout=options.timeout)
            measured = run.outcome(state, storage.reads())
            print(f"\n{measured.render()}\n", flush=True)
            outcome = report_checks(measured.checks())
        except EXPECTED_ERRORS as error:
            outcome = f"demo: failed: {error}"
        stopwatch.log("Stopping all processes")
    if not outcome.startswith(SUCCESS):
        print(f"Logs: {folder}", flush=True)
    return outcome


def start(
    options: argparse.Namespace, folder: Path, servers: ExitStack, stopwatch: Stopwatch
) -> tuple[DistributedAirflow, Emulator, ObjectStorage]:
    """Start all servers, then Airflow; ``servers`` stops them in reverse order."""
    stopwatch.log("Starting PostgreSQL, Redis, the object storage and the DataRobot emulator")
    database, broker, storage = postgres.Postgres(folder), redis.Redis(folder), ObjectStorage(folder)
    emulator = Emulator(folder, time_scale=options.time_scale)
    services = (database, broker, storage, emulator)
    for server in services:
        servers.callback(server.close)
        server.launch()
    for server in services:
        server.wait_until_ready()
    connections = {"datarobot_default": emulator.connection, CONN_ID: storage.connection}
    airflow = DistributedAirflow(folder / "airflow", database, broker, connections=connections, log=stopwatch.log)
    servers.callback(airflow.close)
    stopwatch.log("All servers are ready, creating Airflow's database")
    airflow.launch()
    airflow.wait_until_ready()
    stopwatch.log(
        f"Airflow is running: {len(WORKERS)} workers with {CONCURRENCY} slots each, {len(TRIGGERERS)} triggerers"
    )
    return airflow, emulator, storage


def report_checks(checks: dict[str, bool]) -> str:
    """Print the results of the checks.

    :returns: the last line to print.
    """
    for description, passed in checks.items():
        print(f"{'ok' if passed else 'FAILED':6}  {description}", flush=True)
    failed = [description for description, passed in checks.items() if not passed]
    if failed:
        return f"demo: failed checks: {'; '.join(failed)}"
    return f"{SUCCESS}, {len(checks)} of {len(checks)} checks passed"


if __name__ == "__main__":
    sys.exit(main())
