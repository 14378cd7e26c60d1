"""Run the benchmarks: ``python -m benchmarks``, or ``make bench``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.bench import Bench, Sample
from benchmarks.imports import imports
from benchmarks.intervals import intervals
from benchmarks.latency import latency
from benchmarks.machine import machine
from benchmarks.page import page, tables
from benchmarks.requests_per_run import requests_per_run
from benchmarks.shared_waiting import shared
from benchmarks.subprocesses import ROOT
from benchmarks.transfers import transfers
from benchmarks.waiting import growth, waiting
from harness.processes import interruptible
from tests.unit.certificates import make_pems

PAGE = ROOT / "docs" / "performance.md"
ROWS = {
    "waiting": waiting,
    "growth": growth,
    "shared": shared,
    "intervals": intervals,
    "transfers": transfers,
    "imports": imports,
    "requests": requests_per_run,
    "latency": latency,
}


def main() -> None:
    """Measure, and print the tables; write the page if every row was measured in full."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", help="rows to measure; default: all, and the page is written")
    parser.add_argument("--clients", help="clients to measure, separated by commas; default: all")
    parser.add_argument("--repetitions", type=int, help="number of measurements; default depends on the row")
    parser.add_argument("--small", action="store_true", help="few waits and few bytes, to check that everything works")
    parser.add_argument("--results", type=Path, help="write the samples to this JSON file")
    parser.add_argument("--render", type=Path, help="write the page from such a file, without measuring")
    options = parser.parse_args()
    if options.render:
        found = json.loads(options.render.read_text(encoding="utf-8"))
        _write([Sample(**sample) for sample in found["samples"]], found["about"])
        return
    samples, about = _measured(options), machine()
    if options.results:
        found = {"about": about, "samples": [asdict(sample) for sample in samples]}
        options.results.write_text(json.dumps(found, indent=1), encoding="utf-8")
    if options.rows or options.clients or options.small:
        sys.stdout.write("\n\n".join(text for text in tables(samples).values() if text) + "\n")
    else:
        _write(samples, about)


def _measured(options: argparse.Namespace) -> list[Sample]:
    with interruptible(), tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        clients = options.clients.split(",") if options.clients else None
        bench = Bench(folder, make_pems(folder), clients, options.repetitions, options.small)
        for row in options.rows or ROWS:
            ROWS[row](bench)
    return bench.samples


def _write(samples: list[Sample], about: dict[str, str]) -> None:
    PAGE.write_text(page(samples, about), encoding="utf-8")
    sys.stderr.write(f"wrote {PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
