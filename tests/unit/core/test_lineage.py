"""What the operators report to OpenLineage."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from datarobot_provider.client import routes
from datarobot_provider.core.lineage import lineage
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from datarobot_provider.operators.custom_models import CopyCustomModelOperator, GetCustomModelOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.repository_versions import CreateVersionFromRepositoryOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from tests.support.tasks import run_task
from tests.unit.operators.catalogue import OPERATORS, minimal
from tests.unit.support import ORIGIN, TOKEN, response

OperatorLineage = pytest.importorskip(
    "airflow.providers.openlineage.extractors", reason="the OpenLineage provider is optional; it is in the extra dev"
).OperatorLineage

HOST = "datarobot.example"
MODEL = f"datarobot://{HOST}/customModels/m"
RESOURCES = {value for name, value in vars(routes).items() if name.endswith("_RESOURCE")}
#: Operators that create nothing that is declared, although they send a POST.
WITHOUT_RESULT = {
    "AddToUseCaseOperator",
    "ComputeFeatureImpactOperator",
    "CreateChallengerOperator",
    "CreateGuardConfigOperator",
    "DataRobotRequestOperator",
    "InitializePredictionExplanationsOperator",
    "MakePredictionsOperator",
    "RunBatchPredictionOperator",
    "RunModelTestOperator",
    "StartDependencyBuildOperator",
    "SubmitActualsFromDatasetOperator",
    "SubmitActualsOperator",
    "ValidateModelReplacementOperator",
}


def names(datasets: list[Any]) -> list[tuple[str, str | None]]:
    """Return the address and the version of datasets."""
    versions = [each.facets["version"].datasetVersion if "version" in each.facets else None for each in datasets]
    return [(f"{each.namespace}/{each.name}", version) for each, version in zip(datasets, versions, strict=True)]


def completed(task: Any) -> Any:
    found = task.get_openlineage_facets_on_complete(None)
    assert isinstance(found, OperatorLineage)
    assert TOKEN not in repr(found)
    return found


def a_test(**arguments: Any) -> RunModelTestOperator:
    return RunModelTestOperator(
        task_id="t", custom_model_id="m", custom_model_version_id="v", dataset_id="d", poll_interval=0.01, **arguments
    )


def script_test(api: Any) -> None:
    running, passed = ({"id": "x", "overallStatus": each} for each in ("in_progress", "succeeded"))
    row = {**running, "customModelVersion": {"id": "v"}, "datasetId": "d"}
    api.on("GET", "customModelTests/", response(body={"data": []}), response(body={"data": [row]}))
    api.on("POST", "customModelTests/", response(202, {}, location=f"{ORIGIN}/api/v2/status/s/"))
    api.on(
        "GET",
        "status/s/",
        response(body={"status": "RUNNING"}),
        response(303, location=f"{ORIGIN}/api/v2/customModelTests/x/"),
    )
    api.on("GET", "customModelTests/x/", response(body=passed))


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_model_test_reads_a_version_and_a_dataset(api, context, deferrable):
    script_test(api)
    created = []

    def create() -> Any:
        created.append(a_test(deferrable=deferrable))
        return created[-1]

    run_task(create, context)
    assert len(created) == 1 + deferrable
    found = completed(created[-1])
    assert names(found.inputs) == [(MODEL, "v"), (f"datarobot://{HOST}/datasets/d", None)]
    assert found.outputs == []
    facet = found.run_facets["externalQuery"]
    assert (facet.externalQueryId, facet.source) == ("x", ORIGIN)


def test_the_start_event_contains_the_inputs_only(api):
    found = a_test(dataset_version_id="w").get_openlineage_facets_on_start()
    assert names(found.inputs) == [(MODEL, "v"), (f"datarobot://{HOST}/datasets/d", "w")]
    assert (found.outputs, found.run_facets) == ([], {})
    assert api.requests == [], "no request is sent"


def test_a_dataset_has_its_source(api):
    (model, _) = a_test().get_openlineage_facets_on_start().inputs
    source = model.facets["dataSource"]
    assert (source.name, source.uri) == (HOST, ORIGIN)


def test_a_version_is_created_from_its_training_data(api, context, tmp_path):
    (tmp_path / "custom.py").write_text("")
    api.on("GET", "customModels/m/versions/", response(body={"data": []}))
    api.on("POST", "customModels/m/versions/", response(201, {"id": "v", "label": "1.0"}))
    task = CreateVersionOperator(
        task_id="t",
        custom_model_id="m",
        folder=str(tmp_path),
        training_data={"datasetId": "d", "datasetVersionId": "w"},
        holdout_data={"partitionColumn": "part"},
    )
    task.execute(context)
    found = completed(task)
    assert names(found.inputs) == [(f"datarobot://{HOST}/datasets/d", "w")]
    assert names(found.outputs) == [(MODEL, "v")]


def test_guards_are_applied_to_a_model_and_create_a_version(api, context):
    api.on("GET", "customModels/m/versions/", response(body={"data": []}))
    api.on("POST", "guardConfigurations/toNewCustomModelVersion/", response(body={"customModelVersionId": "v"}))
    task = ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=[{"name": "g"}])
    task.execute(context)
    assert names(completed(task).inputs) == [(MODEL, None)]
    assert names(completed(task).outputs) == [(MODEL, "v")]


def test_a_copy_is_not_its_original(api):
    task = CopyCustomModelOperator(task_id="t", custom_model_id="m")
    task.known_ids = {"custom_model_id": "copy"}
    assert names(completed(task).inputs) == [(MODEL, None)]
    assert names(completed(task).outputs) == [(f"datarobot://{HOST}/customModels/copy", None)]
    task.known_ids = {}
    assert completed(task).outputs == []


def test_a_version_from_a_repository_has_the_id_that_is_found_at_the_end(api, context):
    api.on("GET", "customModels/m/versions/", response(body={"data": [{"id": "v"}]}))
    task = CreateVersionFromRepositoryOperator(task_id="t", custom_model_id="m", repository_id="r")
    ref = JobRef(task.kind, {"custom_model_id": "m", "status_id": "s"})
    task.execute_complete(context, event=JobEvent(ref, Verdict(Outcome.SUCCEEDED)).dump())
    assert names(completed(task).inputs) == [(f"datarobot://{HOST}/remoteRepositories/r", None)]
    assert names(completed(task).outputs) == [(MODEL, "v")]


def test_a_model_is_no_output_until_its_new_version_exists(api, context):
    task = CreateVersionFromRepositoryOperator(task_id="t", custom_model_id="m", repository_id="r")
    ref = JobRef(task.kind, {"custom_model_id": "m", "status_id": "s"})
    with pytest.raises(Exception, match="version from a repository failed"):
        task.execute_complete(context, event=JobEvent(ref, Verdict(Outcome.FAILED)).dump())
    assert completed(task).outputs == []


def test_a_task_that_failed_before_its_request_has_no_outputs(api, context, tmp_path):
    task = CreateVersionOperator(task_id="t", custom_model_id="m", folder=str(tmp_path / "missing"))
    with pytest.raises(Exception, match="missing"):
        task.execute(context)
    assert completed(task).outputs == []


def test_the_ids_of_an_earlier_execution_are_forgotten(api, context):
    task = GetCustomModelOperator(task_id="t", custom_model_id="m")
    task.known_ids = {"custom_model_version_id": "old"}
    api.on("GET", "customModels/m/", response(body={"id": "m"}))
    task.execute(context)
    assert "custom_model_version_id" not in task.known_ids


@pytest.mark.parametrize("task", OPERATORS, ids=lambda task: task.__name__)
def test_the_declared_resources_exist(task):
    assert {*task.reads, *task.creates} <= RESOURCES
    if task.route.startswith("POST") and not task.__name__.startswith(("Stop", "Share")):
        assert bool(task.creates) == (task.__name__ not in WITHOUT_RESULT)


@pytest.mark.parametrize("task", OPERATORS, ids=lambda task: task.__name__)
def test_an_operator_without_resources_leaves_the_lineage_to_airflow(task, api):
    found = minimal(task).get_openlineage_facets_on_start()
    assert (found is None) == (not task.reads and not task.creates)


def test_a_missing_connection_is_no_error(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_DATAROBOT_DEFAULT", raising=False)
    task = a_test()
    assert lineage(task, task.reads, task.creates) is None


def test_the_modules_do_not_need_the_openlineage_provider(monkeypatch):
    for name in ("airflow.providers.openlineage", "openlineage"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("datarobot_provider.core.lineage", "datarobot_provider.assets.datarobot"):
        monkeypatch.delitem(sys.modules, name)
        assert __import__(name)
