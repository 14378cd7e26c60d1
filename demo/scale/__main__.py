"""Run the demonstration at scale: ``python -m demo.scale``, or ``make demo-scale``."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from demo.runner import KNOWN_FAILURES, SUCCESS, Stopwatch, run_in_folder
from demo.scale import postgres, redis
from demo.scale.account import Account
from demo.scale.airflow import CONCURRENCY, TRIGGERERS, WORKERS, DistributedAirflow
from demo.scale.object_storage import CONN_ID, ObjectStorage
from demo.scale.run import Run, model_names
from harness.emulator import ROOT, Emulator

if TYPE_CHECKING:
    from pathlib import Path

#: With fewer, the worker and the triggerer that are to be killed hardly ever have work at the same moment.
FEWEST = 4
MODEL = ROOT / "example_dags" / "models" / "diabetes_regression"


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m demo.scale", description="Map the pipeline over many models.")
    parser.add_argument("--models", type=int, default=30, help="how many models (%(default)s)")
    parser.add_argument("--time-scale", type=float, default=1.0, help="stretches the emulated jobs (%(default)s)")
    parser.add_argument("--timeout", type=float, help="seconds the run may take (300, and 30 for each model)")
    options = parser.parse_args(argv)
    if options.models < FEWEST:
        parser.error(f"at least {FEWEST} models are needed, so that there is something to lose half-way")
    if options.timeout is None:
        options.timeout = 300 + 30 * options.models
    return options


def main(argv: list[str] | None = None) -> int:
    """Run the demonstration; return the exit code."""
    options = parse(argv)
    missing = [server.PACKAGE for server in (postgres, redis) if not server.installed()]
    if missing:
        print(f"demo: servers are missing; on Debian and Ubuntu: apt-get install {' '.join(missing)}", flush=True)
        return 1
    return run_in_folder(partial(demonstrate, options))


def demonstrate(options: argparse.Namespace, folder: Path) -> str:
    """Start everything, run the DAG, stop everything; return the last line to print."""
    stopwatch = Stopwatch()
    with ExitStack() as servers:
        try:
            airflow, emulator, storage = start(options, folder, servers, stopwatch)
            run = Run(airflow, Account(emulator), model_names(options.models), stopwatch)
            state = run.complete(storage.put(MODEL), timeout=options.timeout)
            measured = run.outcome(state, storage.reads())
            print(f"\n{measured.render()}\n", flush=True)
            outcome = verdict(measured.checks())
        except KNOWN_FAILURES as error:
            outcome = f"demo: failed, {error}"
        stopwatch.say("stopping everything")
    if not outcome.startswith(SUCCESS):
        print(f"All logs are in {folder}", flush=True)
    return outcome


def start(
    options: argparse.Namespace, folder: Path, servers: ExitStack, stopwatch: Stopwatch
) -> tuple[DistributedAirflow, Emulator, ObjectStorage]:
    """Bring up all servers, then Airflow on top of them; ``servers`` stops them again, the last one first."""
    stopwatch.say("starting PostgreSQL, Redis, the object storage and the DataRobot emulator")
    database, broker, storage = postgres.Postgres(folder), redis.Redis(folder), ObjectStorage(folder)
    emulator = Emulator(folder, time_scale=options.time_scale)
    ground = (database, broker, storage, emulator)
    for server in ground:
        servers.callback(server.close)
        server.begin()
    for server in ground:
        server.ready()
    connections = {"datarobot_default": emulator.connection, CONN_ID: storage.connection}
    airflow = DistributedAirflow(folder / "airflow", database, broker, connections=connections, announce=stopwatch.say)
    servers.callback(airflow.close)
    stopwatch.say("they are there, preparing Airflow's database")
    airflow.begin()
    airflow.ready()
    stopwatch.say(f"Airflow is up: {len(WORKERS)} workers with {CONCURRENCY} slots each, {len(TRIGGERERS)} triggerers")
    return airflow, emulator, storage


def verdict(checks: dict[str, bool]) -> str:
    """Print what had to hold; return the last line to print."""
    for what, holds in checks.items():
        print(f"{'yes' if holds else 'NO':3}  {what}", flush=True)
    failed = [what for what, holds in checks.items() if not holds]
    return (
        f"demo: failed, not true: {'; '.join(failed)}" if failed else f"{SUCCESS}, {len(checks)} of {len(checks)} hold"
    )


if __name__ == "__main__":
    sys.exit(main())
