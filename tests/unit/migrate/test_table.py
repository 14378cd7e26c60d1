"""The table of names points to operators, arguments and routes that exist."""

from __future__ import annotations

import importlib
import re
from collections import Counter

import pytest

from datarobot_provider.migrate.entry import NOT_YET, OPERATOR, PACKAGE, REQUEST, ROUTE
from datarobot_provider.migrate.table import SECTIONS, TABLE
from tests.unit.operators.catalogue import TASKS, own_arguments

#: First parts of the routes of DataRobot's API that replace operators.
RESOURCES = {
    "batchMonitoring",
    "batchPredictions",
    "datasets",
    "deployments",
    "executionEnvironments",
    "externalDataSources",
    "externalDataStores",
    "insights",
    "modelPackages",
    "notebookJobs",
    "predictionServers",
    "projects",
    "recipes",
    "relationshipsConfigurations",
    "useCases",
}
#: Counted in the package of version 1.0.2.
OPERATORS, SENSORS = 79, 9
KINDS = {OPERATOR: 39, ROUTE: 30, NOT_YET: 19}
REQUEST_PATTERN = re.compile(r"(GET|POST|PATCH|PUT|DELETE) ((?:\w+|\{[a-z]\w*\})/)+")
IDS = [f"{module}.{name}" for module, name in TABLE]
EVERY_ENTRY = pytest.mark.parametrize("entry", TABLE.values(), ids=IDS)


def replacement_of(entry):
    return getattr(importlib.import_module(entry.replacement_module), entry.replacement_class)


@EVERY_ENTRY
def test_replacement_exists_with_its_arguments(entry):
    if not entry.replacement:
        return
    replacement = replacement_of(entry)
    named = {new.name for new in (*entry.arguments.values(), *entry.params.values()) if new.name}
    assert replacement in TASKS or not entry.is_task
    assert named - set(own_arguments(replacement)) == set()


@EVERY_ENTRY
def test_requests_have_a_method_and_a_known_path(entry):
    assert (entry.replacement == REQUEST) == bool(entry.requests)
    for request in entry.requests:
        assert REQUEST_PATTERN.fullmatch(request), request
        assert request.split()[1].split("/")[0] in RESOURCES


@EVERY_ENTRY
def test_entry_describes_what_its_kind_requires(entry):
    if entry.kind == NOT_YET:
        assert entry.note
        assert not entry.arguments
    elif entry.is_task:
        assert entry.pushes
    assert all(new.name or new.how for new in (*entry.arguments.values(), *entry.params.values()))


@EVERY_ENTRY
def test_path_arguments_fit_the_route(entry):
    paths = [request.split()[1] for request in entry.requests]
    if any(new.name == "path" for new in entry.arguments.values()):
        assert any("{" in path for path in paths)


def test_no_name_is_in_two_sections():
    assert sum(map(len, SECTIONS.values())) == len(TABLE)


def test_all_operators_and_sensors_of_version_1_0_2_are_in_the_table():
    tasks = [entry for entry in TABLE.values() if entry.is_task]
    operators = [entry for entry in tasks if entry.module.startswith("operators.")]
    assert (len(operators), len(tasks) - len(operators)) == (OPERATORS, SENSORS)
    assert Counter(entry.kind for entry in tasks) == KINDS


def test_packages_of_the_table_are_those_of_the_provider():
    assert {entry.replacement_module.split(".")[0] for entry in TABLE.values() if entry.replacement} == {PACKAGE}
