"""The sdist and the wheel of ``make dist``, and the wheel in a new environment: ``make test-wheel``.

The tests run in the order of this file: the environment first contains Airflow only, then each extra is added.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tarfile
import tempfile
from email.parser import Parser
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from datarobot_provider import __version__
from datarobot_provider.get_provider_info import get_provider_info
from harness.emulator import ROOT, SEED
from harness.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(400)

NAME = "airflow-provider-datarobot-mlops"
FILE_NAME = f"{NAME.replace('-', '_')}-{__version__}"
EXAMPLES = {file.stem for file in SEED.parent.glob("example_*.py")}
IMPORT_MODULES = """
import importlib, pkgutil, sys
import airflow_provider_datarobot_mlops, datarobot_provider
for module in pkgutil.walk_packages(datarobot_provider.__path__, "datarobot_provider."):
    if not module.name.startswith(tuple(sys.argv[1:])) and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""
LOAD_EXAMPLES = """
import json
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag
bundle = DagBundlesManager().get_bundle("airflow-provider-datarobot-mlops-example-dags")
bag = BundleDagBag(bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
print(json.dumps([str(bundle.path), sorted(bag.dags), bag.import_errors]))
"""


class Installation:
    """An environment in which the wheel is installed.

    :param folder: the folder of the environment, and the working directory of the commands.
    """

    def __init__(self, folder: Path) -> None:
        self.environment = Environment(folder / "venv", [ROOT / "constraints.txt"])
        self.bin, self._folder = self.environment.python.parent, folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHONPATH"))}
        self.variables = {**kept, "AIRFLOW_HOME": str(folder / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "True"}

    def start(self, command: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of the environment."""
        return subprocess.Popen(
            [str(self.bin / command), *arguments],
            cwd=self._folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str, *arguments: str, code: int = 0) -> tuple[str, str]:
        """Run a command of the environment, and return its output and its errors.

        :param code: the expected exit code.
        """
        process = self.start(command, *arguments)
        output, errors = process.communicate(timeout=200)
        assert process.returncode == code, output + errors
        return output, errors

    def write(self, name: str, text: str) -> None:
        """Write a file into the working directory."""
        (self._folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def wheel() -> Path:
    return ROOT / "dist" / f"{FILE_NAME}-py3-none-any.whl"


@pytest.fixture(scope="module")
def files() -> set[str]:
    """Return the names of the files that the package must contain: those that are in git."""
    command = ["git", "ls-files", "airflow_provider_datarobot_mlops.py", "datarobot_provider", "example_dags"]
    tracked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    package = {re.sub("^example_dags/", "datarobot_provider/example_dags/", name) for name in tracked}
    return package - {"datarobot_provider/example_dags"}


@pytest.fixture(scope="module")
def plain(wheel: Path) -> Iterator[Installation]:
    """Install the wheel without extras."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as name:
        installation = Installation(Path(name))
        installation.environment.create()
        installation.environment.install(["--no-compile", str(wheel)])
        yield installation


@pytest.fixture(scope="module")
def with_emulator(plain: Installation, wheel: Path) -> Installation:
    plain.environment.install([f"{wheel}[emulator]"])
    return plain


@pytest.fixture(scope="module")
def with_testing(with_emulator: Installation, wheel: Path) -> Installation:
    with_emulator.environment.install([f"{wheel}[testing]"])
    return with_emulator


def test_the_wheel_contains_the_files_of_the_package_only(wheel: Path, files: set[str]) -> None:
    names = ZipFile(wheel).namelist()
    information = {name for name in names if name.startswith(f"{FILE_NAME}.dist-info/")}
    assert set(names) - information == files
    assert {"datarobot_provider/py.typed", "datarobot_provider/example_dags/seed/seed.json"} <= files
    assert f"{FILE_NAME}.dist-info/licenses/LICENSE" in information


def test_the_sdist_contains_the_files_of_the_package_only(files: set[str]) -> None:
    with tarfile.open(ROOT / "dist" / f"{FILE_NAME}.tar.gz") as archive:
        members = {member.name.partition("/")[2]: member for member in archive if not member.isdir()}
    generated = {name for name in members if name.startswith(f"{NAME.replace('-', '_')}.egg-info/")}
    assert members.keys() - generated - files == {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg"}
    assert files <= members.keys()
    assert all(member.isreg() for member in members.values())


def test_the_metadata(wheel: Path) -> None:
    text = ZipFile(wheel).read(f"{FILE_NAME}.dist-info/METADATA").decode()
    metadata = Parser().parsestr(text)
    assert (metadata["Name"], metadata["Version"], metadata["License-Expression"]) == (NAME, __version__, "Apache-2.0")
    assert set(metadata.get_all("Provides-Extra") or ()) == {"emulator", "openlineage", "testing"}


def test_the_requirements_are_complete(plain: Installation) -> None:
    assert plain.run("python", "-m", "pip", "check")[0] == "No broken requirements found.\n"
    modules = plain.run("python", "-c", IMPORT_MODULES, "datarobot_provider.emulator", "datarobot_provider.testing")[0]
    assert {"datarobot_provider.hooks.datarobot", "datarobot_provider.operators.versions"} <= set(modules.split())


def test_airflow_shows_every_field(plain: Installation) -> None:
    def provider(*arguments: str) -> dict[str, object]:
        output = plain.run("airflow", "providers", "get", NAME, "--output", "json", *arguments)[0]
        (found,) = json.loads(output[output.index("[") :])
        return dict(found)

    assert provider() == {"Provider": NAME, "Version": __version__}
    # Airflow prints numbers as strings.
    found, info = provider("--full"), json.loads(json.dumps(get_provider_info()), parse_int=str, parse_float=str)
    assert found.pop("description") == info.pop("description").rstrip(".")
    assert {name: found.get(name) for name in info} == info
    fields = {"connection-types", "extra-links", "hooks", "integrations", "operators", "sensors", "triggers"}
    assert fields <= found.keys()


def test_airflow_finds_the_example_dags(plain: Installation) -> None:
    output, errors = plain.run("python", "-c", LOAD_EXAMPLES)
    path, dags, import_errors = json.loads(output.splitlines()[-1])
    assert path.endswith("/site-packages/datarobot_provider/example_dags"), path
    assert import_errors == {}
    assert set(dags) == EXAMPLES
    assert "Could not load provider module airflow_provider" not in output + errors


def test_the_emulator_without_its_extra_names_it(plain: Installation) -> None:
    output, errors = plain.run("datarobot-emulator", code=1)
    assert output == ""
    assert re.fullmatch(
        r"datarobot-emulator: the package \w+ is missing\. Install the emulator with "
        rf"pip install '{NAME}\[emulator\]', or [^\n]+\n",
        errors,
    ), errors


def test_the_emulator_starts_with_the_default_seed(with_emulator: Installation) -> None:
    assert with_emulator.run("datarobot-emulator", "--version")[0] == f"datarobot-emulator {__version__}\n"
    with with_emulator.start("datarobot-emulator", "--port", "0") as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("control API: "):
                break
        process.terminate()
    assert lines[0].startswith("listening on http://127.0.0.1:")
    text = SEED.joinpath("seed.json").read_text(encoding="utf-8")
    seed = {entry["id"] for entries in json.loads(text).values() if isinstance(entries, list) for entry in entries}
    assert seed
    assert {each for each in seed if each not in "".join(lines)} == set()


def test_the_test_of_the_readme_passes(with_testing: Installation) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"^```python test\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    with_testing.write("test_readme.py", snippet)
    output = with_testing.run("python", "-m", "pytest", "-q", "test_readme.py")[0]
    assert re.search(r"^1 passed\b", output, re.MULTILINE), output
    assert "datarobot_provider.emulator.server" in with_testing.run("python", "-c", IMPORT_MODULES)[0].split()
