"""The parts of the test suite that run on every version of Airflow."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from tests.matrix.versions import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.matrix.versions import AirflowVersion

_WORKERS = "2"


@dataclass(frozen=True)
class Part:
    """A part of the test suite. A test belongs to the first part that contains its file.

    :param name: the name in the table.
    :param paths: files and folders below ``tests``.
    :param full: whether all of its tests run; otherwise only those of ``make test``.
    """

    name: str
    paths: Sequence[str]
    full: bool = False


PARTS = (
    Part("import of every module", ("matrix/test_modules.py",)),
    Part("provider info", ("matrix/test_provider.py", "unit/test_provider_info.py")),
    Part("connection form, in Airflow's API and on the Test button", ("unit/hooks/test_form.py", "system/test_ui.py")),
    Part("`DagBag` of the example DAGs", ("unit/test_example_dags.py",)),
    Part("other unit tests", ("unit",)),
    Part("`dag.test()`", ("parity/test_through_airflow.py", "system/test_pytest_plugin.py"), full=True),
    Part("parity of worker and triggerer", ("parity",)),
    Part("the pipeline of the demonstration in a real Airflow", ("system/test_pipeline.py",)),
)


@dataclass
class Counts:
    """The results of a part."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0


@dataclass
class Results:
    """The results of a version.

    :param airflow: the release of Airflow.
    :param python: the version of Python.
    :param resolved: the date of the dependencies, if it is limited.
    :param parts: the results by the name of the part.
    :param skips: the number of skipped tests by reason.
    :param seconds: the duration of all parts.
    """

    airflow: str
    python: str
    resolved: str | None
    parts: dict[str, Counts] = field(default_factory=dict)
    skips: dict[str, int] = field(default_factory=dict)
    seconds: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether every part has tests, and none failed."""
        return all(counts.passed and not counts.failed for counts in self.parts.values())


def run(version: AirflowVersion, python: Sequence[str]) -> Results:
    """Run all parts with the command of an interpreter."""
    command = [*python, "-c", "import airflow, platform; print(airflow.__version__, platform.python_version())"]
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        env = {**os.environ, "AIRFLOW_HOME": folder}
        output = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
        release, interpreter = output.split()[-2:]
        if release != version.release:
            raise RuntimeError(f"{version.environment.name} contains Airflow {release} instead of {version.release}")
        results = Results(release, interpreter, version.resolved, {part.name: Counts() for part in PARTS})
        start, skips = time.monotonic(), Counter[str]()
        for full in (False, True):
            report = Path(folder) / f"full-{full}.xml"
            _pytest(python, [part for part in PARTS if part.full is full], report, full=full)
            for case in _cases(report):
                _count(case, results, skips)
    results.seconds = round(time.monotonic() - start)
    results.skips = dict(sorted(skips.items()))
    return results


def _pytest(python: Sequence[str], parts: Sequence[Part], report: Path, *, full: bool) -> None:
    others = [path for part in PARTS if part.full is not full for path in part.paths]
    paths = [Path("tests", path) for part in parts for path in part.paths]
    # Early versions of pytest run only the file if the folder that contains it is also given.
    paths = [path for path in paths if not any(folder in path.parents for folder in paths)]
    command = [
        *(*python, "-m", "pytest", "-q", "-n", _WORKERS, "--dist", "loadgroup"),
        *(f"--ignore=tests/{path}" for path in others if (ROOT / "tests" / path).is_file()),
        *(() if full else ("-m", "not full")),
        *("-o", "junit_family=xunit1", f"--junit-xml={report}"),
        *paths,
    ]
    subprocess.run(command, cwd=ROOT, check=False)


def _cases(report: Path) -> Iterator[Any]:
    return ET.parse(report).getroot().iter("testcase")  # noqa: S314 - written by our own pytest


def _count(case: Any, results: Results, skips: Counter[str]) -> None:
    """Add a test to the results of its part."""
    # A module that cannot be imported has no file.
    file = case.get("file") or f"{case.get('name').replace('.', '/')}.py"
    counts = results.parts[_part_of(file).name]
    counts.seconds += float(case.get("time"))
    skipped = case.find("skipped")
    if skipped is not None:
        counts.skipped += 1
        skips[skipped.get("message")] += 1
    elif case.find("failure") is not None or case.find("error") is not None:
        counts.failed += 1
    else:
        counts.passed += 1


def _part_of(file: str) -> Part:
    path = Path(file).relative_to("tests")
    return next(part for part in PARTS for each in part.paths if path.is_relative_to(each))
