"""What all suites share: an Airflow home of each process's own, and the distribution of the tests over processes."""

from __future__ import annotations

import gc
import os
import resource
import signal
import tempfile
from typing import TYPE_CHECKING

import hypothesis
import pytest

# Airflow reads these when it is first imported. Every process needs a home of its own. The workers of pytest-xdist
# inherit the folder of the controller, which removes it, so that nothing remains of a worker that was killed.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _HOMES = tempfile.TemporaryDirectory(prefix="airflow-tests-", ignore_cleanup_errors=True)
    os.environ["HOMES_OF_TESTS"] = _HOMES.name
_HOME = f"{os.environ['HOMES_OF_TESTS']}/{os.environ.get('PYTEST_XDIST_WORKER', 'controller')}"
os.environ["AIRFLOW_HOME"] = _HOME
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "True"
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", f"{_HOME}/hypothesis")

# The assertions of the helpers are to be as readable as those of the tests.
pytest.register_assert_rewrite("tests.support", "tests.parity.runs", "tests.faults.runs")

from tests.support.emulator import write_seed  # noqa: E402 - after the line above

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes. A test that allocates without bound fails with its traceback before the kernel kills the process.
_MEMORY_LIMIT = 8 << 30
#: Tests that start an Airflow. Two of them at the same time would exceed their timeouts on two cores.
_WITH_AIRFLOW = ("audit/test_airflow.py", "browser/", "crash/", "system/")


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the seed of the examples, with an image that is hashed in no time."""
    return write_seed(tmp_path_factory.mktemp("seed"))


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that pytest-xdist reads, limit the memory, and set the number of examples of properties."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_LIMIT, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    # Like Ctrl-C, so that the servers of the fixtures are stopped and the temporary folders are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.addinivalue_line("markers", "xdist_group(name): the tests of a group run in one process")
    # The same examples in every run, without a deadline: a test must not fail on a machine under load.
    examples = 50 if "not full" in config.option.markexpr else 200
    hypothesis.settings.register_profile("tests", derandomize=True, deadline=None, max_examples=examples, database=None)
    hypothesis.settings.load_profile("tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the tests of a module in one process, and all tests that start an Airflow in the same one."""
    for item in items:
        path = item.path.relative_to(config.rootpath / "tests").as_posix()
        # The audit adds up what its tests have searched.
        alone = "audit" if path.startswith("audit/") else path
        group = "airflow" if path.startswith(_WITH_AIRFLOW) else alone
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Exclude the collected tests from garbage collection: thousands of them exist until the end of the session."""
    gc.collect()
    gc.freeze()
