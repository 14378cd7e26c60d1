"""The names of DataRobot's own provider that still work, compared with the table of the migration command."""

from __future__ import annotations

import importlib
import inspect

import pytest
from airflow.exceptions import AirflowProviderDeprecationWarning

from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.deprecated import Deprecated, custom_models, deployments
from datarobot_provider.migrate.entry import PACKAGE
from datarobot_provider.migrate.table import TABLE
from datarobot_provider.version_compat import AirflowFailException

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
def test_every_param_of_a_dag_is_read(name):
    assert set(ENTRIES[name].params) <= set(CLASSES[name].from_params)


@pytest.fixture
def executed(monkeypatch):
    """Return a function that executes a deprecated operator with params, and returns its arguments after that."""
    monkeypatch.setattr(DataRobotBaseOperator, "execute", lambda task, _: vars(task))
    monkeypatch.setattr(DataRobotJobOperator, "execute", lambda task, _: vars(task))

    def execute(name, params, **given):
        with pytest.warns(AirflowProviderDeprecationWarning):
            task = CLASSES[name](task_id="t", **given)
        return task.execute({"params": params})

    return execute


def test_keys_of_metadata_are_converted(executed):
    keys = [{"field_name": "owner", "display_name": "Owner"}]
    arguments = executed("CreateExecutionEnvironmentOperator", {"required_metadata_keys": keys})
    assert arguments["required_metadata_keys"] == [{"fieldName": "owner", "displayName": "Owner"}]


@pytest.mark.parametrize("keys", [[{"field_name": "owner"}], ["owner"], 5])
def test_keys_of_metadata_without_names_fail_the_task(executed, keys):
    with pytest.raises(AirflowFailException, match="required_metadata_keys is not a list of objects with field_name"):
        executed("CreateExecutionEnvironmentOperator", {"required_metadata_keys": keys})


def test_class_labels_are_read_from_a_file(executed, tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("setosa\n\nversicolor\nvirginica\n", encoding="utf-8")
    arguments = executed("CreateCustomInferenceModelOperator", {"class_labels_file": str(file)})
    assert arguments["class_labels"] == ["setosa", "versicolor", "virginica"]
    with pytest.raises(AirflowFailException, match=r"class_labels_file is .*missing\.txt, which cannot be read"):
        executed("CreateCustomInferenceModelOperator", {"class_labels_file": str(tmp_path / "missing.txt")})


def test_the_partition_column_is_the_holdout_unless_there_is_a_dataset_for_it(executed):
    params = {"partition_column": "split"}
    name, given = "CreateCustomModelVersionOperator", {"custom_model_id": "m", "base_environment_id": "e"}
    assert executed(name, params, **given)["holdout_data"] == {"partitionColumn": "split"}
    assert executed(name, params, holdout_dataset_id="d", **given)["holdout_data"] == {"datasetId": "d"}


def test_other_names_are_no_attributes():
    import datarobot_provider.operators.custom_models as module

    for name in ("NoSuchOperator", "_private", "CreateDeploymentOperator"):
        assert not hasattr(module, name)
