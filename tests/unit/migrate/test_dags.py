"""Ten DAG files for DataRobot's own provider 1.0.2, and what the command finds in them.

A line of a DAG file with a finding ends with the comment ``# found``, or ``# found twice``.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from datarobot_provider.migrate.__main__ import main
from datarobot_provider.migrate.entry import NOT_YET, OPERATOR, ROUTE
from datarobot_provider.migrate.findings import UNKNOWN, findings
from datarobot_provider.migrate.source import parse

DAGS = Path(__file__).parent / "dags"
STATUS_SENSOR = ("StatusCheckJobCompleteSensor", OPERATOR, {"job_id": "status"}, [])
XCOM, PARAMS, NOTE = "XCom", "params of the DAG", "..."

#: For each file, by line: name, kind, renamed arguments, and the beginnings of the checks. NOTE is any check.
EXPECTED = {
    "custom_model_life_cycle": [
        ("CreateExecutionEnvironmentOperator", OPERATOR, {}, [PARAMS]),
        (
            "CreateExecutionEnvironmentVersionOperator",
            OPERATOR,
            {
                "execution_environment_id": "environment_id",
                "environment_version_label": "version_label",
                "max_wait_sec": "timeout",
            },
            [PARAMS],
        ),
        ("CreateCustomInferenceModelOperator", OPERATOR, {}, [PARAMS]),
        (
            "CreateCustomModelVersionOperator",
            OPERATOR,
            {"create_from_previous": "from_latest", "max_wait_sec": "timeout"},
            ['argument training_dataset_id: training_data: {"datasetId": …}', PARAMS, "By default, .git"],
        ),
        ("CustomModelTestOperator", OPERATOR, {}, [PARAMS, XCOM, "A failed model test fails the task"]),
        ("GetCustomModelTestOverallStatusOperator", OPERATOR, {}, [XCOM]),
        (
            "CreateCustomModelDeploymentOperator",
            OPERATOR,
            {"deployment_name": "deployment_label"},
            ["argument custom_model_version_id: model_package_id: the id that RegisterCustomModelVersion", XCOM, NOTE],
        ),
    ],
    "batch_scoring": [
        ("GetDeploymentStatusOperator", OPERATOR, {}, [XCOM]),
        ("GetDataStoreOperator", OPERATOR, {}, [PARAMS, XCOM]),
        (
            "ScorePredictionsOperator",
            OPERATOR,
            {},
            [
                "argument intake_datastore_id: intake_settings: dataStoreId",
                "argument intake_credential_id: intake_settings: credentialId",
                "argument output_datastore_id: output_settings: dataStoreId",
                "argument output_credential_id: output_settings: credentialId",
                PARAMS,
                XCOM,
                NOTE,
            ],
        ),
        ("ScoringCompleteSensor", OPERATOR, {"job_id": "prediction_job_id"}, ["A job that failed fails the sensor"]),
    ],
    "autopilot": [
        ("CreateProjectOperator", ROUTE, {}, [PARAMS, XCOM, NOTE]),
        (
            "StartAutopilotOperator",
            ROUTE,
            {},
            ["argument project_id: path", "argument featurelist_id: json: featurelistId", PARAMS, NOTE],
        ),
        ("AutopilotCompleteSensor", NOT_YET, {}, [NOTE]),
        ("DeployRecommendedModelOperator", ROUTE, {}, ["argument project_id: path", PARAMS, XCOM, NOTE]),
    ],
    "actuals_and_accuracy": [
        (
            "SubmitActualsFromCatalogOperator",
            OPERATOR,
            {},
            [PARAMS, XCOM, NOTE],
        ),
        STATUS_SENSOR,
        ("GetAccuracyOperator", OPERATOR, {}, [PARAMS, XCOM]),
        (
            "ReplaceModelOperator",
            OPERATOR,
            {"new_registered_model_version_id": "model_package_id"},
            [],
        ),
    ],
    "mapped_versions": [
        ("CreateCustomModelVersionOperator", OPERATOR, {"custom_model_folder": "folder"}, [PARAMS, NOTE]),
        (
            "CustomModelTestOperator",
            OPERATOR,
            {"max_wait_sec": "timeout"},
            ["the arguments of expand_kwargs() cannot be checked", PARAMS, XCOM, NOTE],
        ),
        (
            "GetCustomModelTestOverallStatusOperator",
            OPERATOR,
            {},
            ["the arguments of the later expand() cannot be checked", XCOM],
        ),
        STATUS_SENSOR,
    ],
    "hook_in_a_task": [
        ("DATAROBOT_CONN_ID", OPERATOR, {}, []),
        ("DataRobotHook.run", OPERATOR, {}, ["run() does not exist"]),
        ("DataRobotHook.get_conn", OPERATOR, {}, ["get_conn() returns the client of this provider"]),
        ("CustomFunctionOperator", NOT_YET, {}, ["Use @task or PythonOperator of Airflow."]),
    ],
    "retraining_insights": [
        (
            "GetProjectBlueprintsOperator",
            ROUTE,
            {},
            ["argument project_id: path", "argument filter_model_type: response_filter", XCOM],
        ),
        ("TrainModelOperator", NOT_YET, {}, ["The route is POST projects/{projectId}/models/."]),
        ("ModelTrainingJobSensor", NOT_YET, {}, [NOTE]),
        ("ComputeFeatureImpactOperator", NOT_YET, {}, ["The operator of the same name"]),
        ("DataRobotJobSensor", NOT_YET, {}, [NOTE]),
        ("ComputeShapImpactOperator", ROUTE, {}, ["argument model_id: json: entityId", XCOM, NOTE]),
        ("BaseAsyncResolutionSensor", OPERATOR, {"job_id": "status"}, []),
        (
            "GetRocCurveInsightOperator",
            ROUTE,
            {},
            ["argument project_id: path", "argument model_id: path", "argument source: path", XCOM],
        ),
    ],
    "wait_for_import": [STATUS_SENSOR, ("DATAROBOT_CONN_ID", OPERATOR, {}, [])],
    "task_factory": [
        ("NotebookRunCompleteSensor", NOT_YET, {}, ["the file imports the name but does not use it", NOTE]),
        ("GetJobsOperator", ROUTE, {}, ["the name is used without a call here", XCOM, NOTE]),
        ("CancelJobOperator", ROUTE, {}, ["the name is in a string", NOTE]),
        ("BaseDatarobotOperator", NOT_YET, {}, ["the name is used without a call here", NOTE]),
        (
            "GetOrCreateUseCaseOperator",
            OPERATOR,
            {},
            ["argument reuse_policy: if_exists: reuse for every policy", "argument set_default: no equivalent", PARAMS],
        ),
        ("GetOrCreateUseCaseOperator", OPERATOR, {}, ["the attribute ReusePolicy.NO_REUSE", PARAMS]),
        ("CancelJobOperator", ROUTE, {}, ["**COMMON cannot be checked", "argument job_id: path", NOTE]),
        (
            "ActivateDeploymentOperator",
            OPERATOR,
            {"max_wait_sec": "timeout"},
            ["argument activate: status", XCOM],
        ),
        ("datarobot_provider.operators.datarobot.DATAROBOT_MAX_WAIT", UNKNOWN, {}, [NOTE]),
        ("datarobot_provider._experimental.operators.notebook.NotebookRunOperator", UNKNOWN, {}, [NOTE]),
    ],
    "data_preparation": [
        (
            "UploadDatasetOperator",
            OPERATOR,
            {},
            ["argument file_path: file: the address of a web server", PARAMS],
        ),
        (
            "CreateWranglingRecipeOperator",
            ROUTE,
            {},
            [
                "argument dataset_id: json: datasetId",
                "argument dialect: json: dialect",
                "argument recipe_name: json: name",
                "argument operations: json: operations",
                PARAMS,
                XCOM,
                NOTE,
            ],
        ),
        (
            "CreateDatasetFromRecipeOperator",
            ROUTE,
            {},
            ["argument recipe_id: json: recipeId", "argument do_snapshot: json: doSnapshot", PARAMS, XCOM, NOTE],
        ),
        (
            "UpdateDriftTrackingOperator",
            OPERATOR,
            {},
            ['argument target_drift_enabled: target_drift: {"enabled": …}', XCOM],
        ),
        ("UpdateBiasAndFairnessSettingsOperator", OPERATOR, {}, [PARAMS]),
        ("NotebookRunOperator", ROUTE, {}, [PARAMS, XCOM, NOTE]),
        (
            "DownloadDeploymentScoringCodeOperator",
            ROUTE,
            {},
            ["argument deployment_id: path", "argument base_path: target", PARAMS, XCOM, NOTE],
        ),
    ],
}
EVERY_DAG = pytest.mark.parametrize("name", sorted(EXPECTED))


def test_all_dag_files_are_tested():
    assert sorted(EXPECTED) == sorted(file.stem for file in DAGS.glob("*.py"))
    assert len(EXPECTED) == 10


@EVERY_DAG
def test_names_and_renamed_arguments_are_found(name):
    found = findings(parse(DAGS / f"{name}.py"))
    assert [(each.name, each.kind, dict(each.renames)) for each in found] == [row[:3] for row in EXPECTED[name]]


@EVERY_DAG
def test_checks_are_found(name):
    for finding, (_, _, _, checks) in zip(findings(parse(DAGS / f"{name}.py")), EXPECTED[name], strict=True):
        pattern = "\n".join(".+" if check == NOTE else f"{re.escape(check)}.*" for check in checks)
        assert re.fullmatch(pattern, "\n".join(finding.checks)), finding


@EVERY_DAG
def test_lines_are_those_of_the_uses(name):
    file = DAGS / f"{name}.py"
    marked = Counter()
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        marked[number] += 2 * line.endswith("# found twice") or int("# found" in line)
    assert Counter(finding.line for finding in findings(parse(file))) == +marked


@EVERY_DAG
def test_status_is_zero_if_all_replacements_are_direct(name, capsys):
    assert main([str(DAGS / f"{name}.py")]) == (0 if name == "wait_for_import" else 1)
    assert capsys.readouterr().out.count(f"{name}.py:") == len(EXPECTED[name])
