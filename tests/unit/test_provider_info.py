"""What Airflow is told about the package, held against Airflow's schema and against the tree."""

from __future__ import annotations

import inspect
import json
import pkgutil
import tomllib
from importlib import import_module, metadata
from pathlib import Path

import airflow
import pytest
from jsonschema import Draft7Validator

import datarobot_provider
from datarobot_provider.client.transport import USER_AGENT
from datarobot_provider.get_provider_info import get_provider_info
from datarobot_provider.links import datarobot as links
from datarobot_provider.version_compat import BaseNotifier
from tests.unit.operators.catalogue import OPERATORS, SENSORS

INFO = get_provider_info()
ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ROOMS = ("operators", "sensors", "hooks", "triggers")


def modules_on_disk(room):
    package = import_module(f"datarobot_provider.{room}")
    return {info.name for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")}


def listed(room):
    return {name for entry in INFO[room] for name in entry["python-modules"]}


def load(path):
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def test_it_keeps_to_airflows_schema():
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft7Validator(schema).iter_errors(INFO)] == []
    assert json.loads(json.dumps(INFO)) == INFO


def test_the_package_name_is_the_projects():
    assert INFO["package-name"] == PROJECT["name"] == "airflow-provider-datarobot-mlops"


def test_the_addresses_of_the_project_are_complete_or_missing():
    """Airflow shows ``Documentation`` on its page of providers. CONTRIBUTING.md says when the addresses are added."""
    urls = PROJECT.get("urls", {})
    assert set(urls) in (set(), {"Documentation", "Changelog", "Source", "Issues"})
    assert [url for url in urls.values() if not url.startswith("https://")] == []


def test_the_entry_point_leads_here():
    (target,) = PROJECT["entry-points"]["apache_airflow_provider"].values()
    module, _, name = target.partition(":")
    assert getattr(import_module(module), name) is get_provider_info


def test_the_version_is_in_one_place():
    assert "version" in PROJECT["dynamic"]
    assert metadata.version(PROJECT["name"]) == datarobot_provider.__version__
    assert f"airflow-provider-datarobot-mlops/{datarobot_provider.__version__} " in USER_AGENT


def test_the_extras_are_those_for_users():
    assert set(PROJECT["optional-dependencies"]) == {"emulator", "openlineage", "testing"}


def test_airflow_finds_the_example_dags_under_the_name_of_the_distribution():
    """Airflow 3.3 derives the name of the package from that of the distribution."""
    package = import_module(PROJECT["name"].replace("-", "_"))
    (folder,) = package.__path__
    assert {file.name for file in Path(folder, "example_dags").glob("example_*.py")} == {
        file.name for file in (ROOT / "example_dags").glob("example_*.py")
    }


@pytest.mark.parametrize("module", sorted(set().union(*map(listed, ROOMS))))
def test_every_module_that_is_listed_can_be_imported(module):
    assert import_module(module).__name__ == module


@pytest.mark.parametrize(
    "path", [*INFO["extra-links"], *(entry["hook-class-name"] for entry in INFO["connection-types"])]
)
def test_every_class_that_is_listed_is_there(path):
    assert inspect.isclass(load(path))


@pytest.mark.parametrize(("room", "tasks"), [("operators", OPERATORS), ("sensors", SENSORS)])
def test_every_module_with_something_for_a_dag_is_listed_and_no_other(room, tasks):
    assert {task.__module__ for task in tasks} == listed(room)


def test_the_hook_and_the_triggers_are_listed():
    assert listed("hooks") == {"datarobot_provider.hooks.datarobot"}
    assert listed("triggers") == modules_on_disk("triggers")
    assert listed("triggers") == {"datarobot_provider.triggers.job", "datarobot_provider.triggers.new_version"}


def test_the_notifiers_are_listed():
    assert {path.rpartition(".")[0] for path in INFO["notifications"]} == modules_on_disk("notifications")
    assert all(issubclass(load(path), BaseNotifier) for path in INFO["notifications"])


def test_the_functions_of_the_asset_uris_exist():
    (uris,) = INFO["asset-uris"]
    assert uris["schemes"] == ["datarobot"]
    assert all(callable(load(uris[name])) for name in ("handler", "factory", "to_openlineage_converter"))


def test_the_links_are_all_links_of_the_package():
    classes = (item for _, item in inspect.getmembers(links, inspect.isclass))
    found = {item for item in classes if issubclass(item, links.DataRobotLink) and item is not links.DataRobotLink}
    assert {load(path) for path in INFO["extra-links"]} == found


def test_every_entry_belongs_to_the_one_integration():
    (integration,) = INFO["integrations"]
    assert {entry["integration-name"] for room in ROOMS for entry in INFO[room]} == {integration["integration-name"]}
