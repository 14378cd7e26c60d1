"""The names of DataRobot's own provider that still work, compared with the table of the migration command."""

from __future__ import annotations

import importlib
import inspect

import pytest
from airflow.exceptions import AirflowProviderDeprecationWarning

from datarobot_provider.deprecated import Deprecated, custom_models, deployments
from datarobot_provider.migrate.entry import PACKAGE
from datarobot_provider.migrate.table import TABLE

MODULES = (custom_models, deployments)
CLASSES = {
    name: item
    for module in MODULES
    for name, item in vars(module).items()
    if inspect.isclass(item) and issubclass(item, Deprecated) and item is not Deprecated and not name.startswith("_")
}
ENTRIES = {
    entry.name: entry
    for entry in TABLE.values()
    if entry.name in CLASSES
    and entry.module in {f"operators.{name}" for name in ("custom_models", "deployment", "model_package")}
}
EVERY_NAME = pytest.mark.parametrize("name", sorted(CLASSES))


def test_the_names_are_those_of_custom_models_environments_tests_and_deployments():
    assert set(ENTRIES) == set(CLASSES)
    assert len(CLASSES) == 13


@EVERY_NAME
def test_the_import_line_stays_unchanged(name):
    module = importlib.import_module(f"{PACKAGE}.{ENTRIES[name].module}")
    assert getattr(module, name) is CLASSES[name]


@EVERY_NAME
def test_every_argument_is_accepted(name):
    given = dict.fromkeys(ENTRIES[name].arguments, "some-id")
    given |= {other: value for other, value in {"max_wait_sec": 60, "extra_params": {}}.items() if other in given}
    with pytest.warns(AirflowProviderDeprecationWarning, match=f"{name} is deprecated; use "):
        task = CLASSES[name](task_id="t", **given)
    assert task.template_fields
    if "max_wait_sec" in given:
        assert task.timeout == 60


@EVERY_NAME
def test_every_param_of_a_dag_is_read_or_documented(name):
    read = {*CLASSES[name].from_params}
    others = {"required_metadata_keys", "class_labels_file", "partition_column"}
    assert set(ENTRIES[name].params) - others <= read


def test_other_names_are_no_attributes():
    import datarobot_provider.operators.custom_models as module

    for name in ("NoSuchOperator", "_private", "CreateDeploymentOperator"):
        assert not hasattr(module, name)
