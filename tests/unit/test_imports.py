"""A DAG file that imports everything loads nothing heavy that Airflow has not loaded already."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from datarobot_provider.get_provider_info import get_provider_info

ROOT = Path(__file__).parents[2]
HEAVY = {
    "requests",
    "requests_toolbelt",
    "aiohttp",
    "urllib3",
    "pandas",
    "starlette",
    "uvicorn",
    "jsonschema",
    "numpy",
    "pathspec",
}
SCRIPT = """
import json, sys
import datarobot_provider.get_provider_info  # Airflow 3.2 and later load it when they start
import datarobot_provider.version_compat
from airflow.sdk import DAG, task, Param
before = set(sys.modules) - {{"datarobot_provider.version_compat"}}
import importlib
found = []
for modules in {groups}:
    for module in modules:
        importlib.import_module(module)
    found.append(sorted(set(sys.modules) - before))
print(json.dumps(found))
"""
#: How many modules all operators, sensors, hooks and links may share; each noun of the API adds its own.
MOST_SHARED_MODULES = 26


def modules_of(*rooms: str) -> list[str]:
    """Return the modules below these folders of the package."""
    package = ROOT / "datarobot_provider"
    files = [file for room in rooms for file in sorted((package / room).rglob("*.py"))]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


def newly_imported(*groups: list[str]) -> list[set[str]]:
    """Import groups of modules in a new process; return the modules that Airflow has not loaded, after each group."""
    script = SCRIPT.format(groups=groups)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    return [set(loaded) for loaded in json.loads(done.stdout.splitlines()[-1])]


def listed_modules() -> tuple[set[str], list[str]]:
    """Return the modules of the operators and sensors, and all modules in the provider info."""
    info = get_provider_info()
    operators, sensors, hooks = (info[room][0]["python-modules"] for room in ("operators", "sensors", "hooks"))
    links = {link.rpartition(".")[0] for link in info["extra-links"]}
    return {*operators, *sensors}, [*operators, *sensors, *hooks, *sorted(links)]


def packages(modules: set[str]) -> set[str]:
    """Return the top-level packages of modules."""
    return {name.partition(".")[0] for name in modules}


@pytest.fixture(scope="module")
def loaded() -> list[set[str]]:
    """Return what is loaded after the modules in the provider info, after all others, and after a heavy one."""
    everything = modules_of("core", "operators", "sensors", "hooks", "links")
    return newly_imported(listed_modules()[1], everything, ["requests_toolbelt"])


@pytest.mark.parametrize("name", sorted(HEAVY))
def test_no_operator_sensor_hook_or_link_loads(loaded, name):
    assert name not in packages(loaded[1])


def test_all_operators_sensors_hooks_and_links_share_few_modules(loaded):
    added, (nouns, _) = loaded[0], listed_modules()
    assert packages(added) == {"datarobot_provider"}
    assert nouns <= added
    assert len(added - nouns) <= MOST_SHARED_MODULES, sorted(added - nouns)


def test_imported_modules_are_found(loaded):
    assert "datarobot_provider.links.datarobot" in loaded[0]
    assert "requests_toolbelt" in loaded[2]


def test_what_airflow_loads_at_its_start_loads_nothing_of_airflow_or_of_the_net():
    script = "import sys, datarobot_provider.get_provider_info as info; info.get_provider_info(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & (HEAVY | {"airflow", "pendulum"})


@pytest.mark.parametrize("room", ["client", "jobs"])
def test_the_plain_rooms_load_no_airflow(room):
    script = (
        f"import importlib, sys\nfor name in {modules_of(room)}: importlib.import_module(name)\nprint(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert "airflow" not in {name.partition(".")[0] for name in done.stdout.split()}
