from __future__ import annotations

from string import Formatter

import pytest

from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.get_provider_info import get_provider_info
from datarobot_provider.jobs.kinds import KINDS
from datarobot_provider.links import datarobot as links
from datarobot_provider.links.datarobot import CustomModelLink, DataRobotLink
from tests.unit.jobs.scripted_waits import IDS
from tests.unit.operators.catalogue import JOB_OPERATORS, minimal
from tests.unit.support import ORIGIN


def test_a_link_reads_the_url_that_the_task_pushed(monkeypatch):
    asked = []
    monkeypatch.setattr(links.XCom, "get_value", lambda **given: asked.append(given) or "https://page.example/")
    assert CustomModelLink().get_link(None, ti_key="the task") == "https://page.example/"
    assert asked == [{"ti_key": "the task", "key": "_link_CustomModelLink"}]


@pytest.mark.parametrize("value", [None, ""])
def test_a_link_is_empty_before_the_task_has_pushed_it(monkeypatch, value):
    monkeypatch.setattr(links.XCom, "get_value", lambda **_: value)
    assert CustomModelLink().get_link(None, ti_key="the task") == ""


@pytest.mark.parametrize("link", DataRobotLink.__subclasses__())
def test_the_key_is_that_of_airflow_3(link):
    assert link().key == f"_link_{link.__name__}"
    assert getattr(link(), "xcom_key", link().key) == link().key


#: The name and the page of the link of each job operator, with the ids in ``IDS``.
VERSION_PAGE = ("Custom model version", "registry/custom-model-workshop/m/versions/v")
MODEL_PAGE = ("Custom model", "registry/custom-model-workshop/m/assemble")
DEPLOYMENT_PAGE = ("Deployment", "deployments/d/overview")
DATASET_PAGE = ("Dataset", "ai-catalog/data")
LINKS = {
    "CreateDatasetFromDataSourceOperator": DATASET_PAGE,
    "CreateDatasetFromFileOperator": DATASET_PAGE,
    "CreateDatasetFromUrlOperator": DATASET_PAGE,
    "CreateDatasetVersionFromDataSourceOperator": DATASET_PAGE,
    "CreateDatasetVersionFromFileOperator": DATASET_PAGE,
    "CreateDatasetVersionFromUrlOperator": DATASET_PAGE,
    "CreateEnvironmentVersionOperator": ("Execution environment", "model-registry/custom-environments/e"),
    "RegisterCustomModelVersionOperator": ("Registered model", "registry/registered-models/r/info"),
    "AssignTrainingDataOperator": MODEL_PAGE,
    "CreateChallengerOperator": DEPLOYMENT_PAGE,
    "CreateDeploymentOperator": DEPLOYMENT_PAGE,
    "ReplaceModelOperator": DEPLOYMENT_PAGE,
    "RunBatchPredictionOperator": DEPLOYMENT_PAGE,
    "SubmitActualsFromDatasetOperator": DEPLOYMENT_PAGE,
    "SubmitActualsOperator": DEPLOYMENT_PAGE,
    "UpdateDeploymentSettingsOperator": DEPLOYMENT_PAGE,
    "UpdateDeploymentStatusOperator": DEPLOYMENT_PAGE,
    "ComputeFeatureImpactOperator": VERSION_PAGE,
    "ConvertVersionOperator": VERSION_PAGE,
    "CreateVersionFromRepositoryOperator": MODEL_PAGE,
    "CreateVersionOperator": VERSION_PAGE,
    "CreateVersionWithTrainingDataOperator": VERSION_PAGE,
    # The result of any request has no page of its own.
    "DataRobotRequestOperator": None,
    "InitializePredictionExplanationsOperator": VERSION_PAGE,
    "RevalidateVectorDatabaseOperator": DEPLOYMENT_PAGE,
    "RunModelTestOperator": VERSION_PAGE,
    "StartDependencyBuildOperator": VERSION_PAGE,
    "ValidateVectorDatabaseOperator": DEPLOYMENT_PAGE,
}


@pytest.mark.parametrize("task", JOB_OPERATORS, ids=lambda task: task.__name__)
def test_the_link_of_a_job_operator_has_its_name_and_page(task, api, context, ti):
    made = minimal(task)
    made.push_ids(context, "id", IDS[task.kind])
    expected = LINKS[task.__name__]
    urls = {link.name: ti.xcoms.get(link.key) for link in made.operator_extra_links}
    assert urls == ({expected[0]: f"{ORIGIN}/{expected[1]}"} if expected else {})
    listed = {path.rpartition(".")[2] for path in get_provider_info()["extra-links"]}
    assert {type(link).__name__ for link in made.operator_extra_links} <= listed


@pytest.mark.parametrize("task", JOB_OPERATORS, ids=lambda task: task.__name__)
def test_the_ids_of_a_job_fill_the_pages_of_its_operators_links(task):
    assert issubclass(task, DataRobotJobOperator)
    for link in task.operator_extra_links:
        needed = {name for _, name, _, _ in Formatter().parse(link.page) if name}
        assert needed <= set(IDS[task.kind])
        assert KINDS[task.kind].page == link.page
