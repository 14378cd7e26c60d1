"""``python -m benchmarks``: measures, and writes ``docs/performance.md`` when everything was measured."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.transfers import transfers
from benchmarks.waiting import growth, waiting
from demo.processes import interruptible
from tests.unit.certificates import make_pems

ROWS = {"waiting": waiting, "growth": growth, "transfers": transfers}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; default: all, and the page is written")
    parser.add_argument("--clients", help="names with commas between them; default: all")
    parser.add_argument("--repetitions", type=int, help="default: as each row needs")
    parser.add_argument("--small", action="store_true", help="few waits and few bytes, to see that everything works")
    parser.add_argument("--results", type=Path, help="a file that takes the samples as JSON")
    given = parser.parse_args()
    with interruptible(), tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        clients = given.clients.split(",") if given.clients else None
        bench = Bench(folder, make_pems(folder), clients, given.repetitions, given.small)
        for row in given.rows or ROWS:
            ROWS[row](bench)
    if given.results:
        given.results.write_text(json.dumps([asdict(sample) for sample in bench.samples], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
