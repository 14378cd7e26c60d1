"""Commands of the matrix of Airflow versions: ``run``, ``constraints`` and ``page``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from tests.matrix import environments, page, parts
from tests.matrix.versions import VERSIONS, AirflowVersion


def main() -> int:
    """Run a command for the selected versions; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("command", choices=["run", "constraints", "page"])
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"of {' '.join(VERSIONS)}; default: all")
    options = parser.parse_args()
    unknown = set(options.versions) - set(VERSIONS)
    if unknown:
        parser.error(f"unknown version {', '.join(sorted(unknown))}; known are {', '.join(VERSIONS)}")
    selected = [VERSIONS[name] for name in options.versions or VERSIONS]
    if options.command == "constraints":
        for version in selected:
            if version.resolved:
                environments.resolve(version)
                _say(f"wrote {version.constraints.name}")
        return 0
    succeeded = options.command == "page" or _run(selected)
    page.write()
    return 0 if succeeded else 1


def _run(versions: list[AirflowVersion]) -> bool:
    """Run the tests of the versions, one after the other, and save the results; return whether all succeeded."""
    saved = page.load()
    succeeded = True
    for version in versions:
        _say(f"== matrix: Airflow {version.name}")
        results = parts.run(version, environments.prepare(version))
        saved[version.name] = asdict(results)
        page.RESULTS.write_text(json.dumps(saved, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        succeeded = succeeded and results.succeeded
        for name, counts in results.parts.items():
            _say(f"{name:60} {counts.passed:6} passed {counts.failed:4} failed {counts.skipped:4} skipped")
        _say(f"Airflow {results.airflow}, Python {results.python}: {results.seconds} s")
    return succeeded


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
