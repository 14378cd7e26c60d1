"""Batch predictions: run with a dataset or a file, get, list, abort, download."""

from __future__ import annotations

import pytest

from datarobot_provider.operators.batch_predictions import (
    CancelBatchPredictionOperator,
    DownloadBatchPredictionOperator,
    GetBatchPredictionOperator,
    ListBatchPredictionsOperator,
    RunBatchPredictionOperator,
)
from datarobot_provider.operators.deployment_statistics import GetServiceStatisticsOperator
from datarobot_provider.sensors.batch_predictions import BatchPredictionSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.deployed import deployed, registered
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import queries
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])
RESULT = "target_PREDICTION,DEPLOYMENT_APPROVAL_STATUS,id\n2.0,APPROVED,a\n4.0,APPROVED,b\n"


@pytest.fixture
def deployment(runner, model_folder):
    return deployed(runner, registered(runner, model_folder))


@pytest.fixture
def dataset(runner):
    csv = "id,age,rooms\na,1,3\nb,2,6\n"
    return runner.datarobot.control("POST", "datasets", {"name": "rows.csv", "csv": csv})["id"]


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,age,rooms\na,1,3\nb,2,6\n", encoding="utf-8")
    return path


@BOTH_MODES
@covers("create_batch_prediction", "get_batch_prediction", "list_batch_predictions", "download_batch_prediction")
def test_a_dataset_is_predicted(runner, deployment, dataset, tmp_path, deferrable):
    done = runner.run(
        RunBatchPredictionOperator,
        deployment_id=deployment,
        dataset_id=dataset,
        passthrough_columns=["id"],
        chunk_size="1000",
        num_concurrent=2,
        deferrable=deferrable,
        **WAIT,
    )
    assert (done["status"], done["scoredRows"], done["failedRows"]) == ("COMPLETED", 2, 0)
    assert (done["jobSpec"]["chunkSize"], done["jobSpec"]["numConcurrent"]) == (1000, 2)
    job = {"prediction_job_id": done["id"]}
    assert runner.run(GetBatchPredictionOperator, **job) == done
    assert runner.run(ListBatchPredictionsOperator, deployment_id=deployment, status=["COMPLETED"]) == [done]
    target = tmp_path / "result.csv"
    assert runner.run(DownloadBatchPredictionOperator, **job, target=target)["size"] == len(RESULT)
    assert target.read_text(encoding="utf-8") == RESULT
    statistics = runner.run(GetServiceStatisticsOperator, deployment_id=deployment)
    assert statistics["metrics"]["totalPredictions"] == 2


@BOTH_MODES
@covers("create_batch_prediction")
def test_a_file_is_uploaded_and_the_result_is_downloaded(runner, deployment, rows, tmp_path, deferrable):
    target = tmp_path / "result.csv"
    done = runner.run(
        RunBatchPredictionOperator,
        deployment_id=deployment,
        file=rows,
        target=target,
        passthrough_columns=["id"],
        deferrable=deferrable,
        **WAIT,
    )
    assert (done["status"], done["jobIntakeSize"]) == ("COMPLETED", rows.stat().st_size)
    assert target.read_text(encoding="utf-8") == RESULT


@covers("create_batch_prediction", "list_batch_predictions")
def test_settings_of_other_systems_are_sent_as_they_are(runner, deployment):
    intake = {"type": "s3", "url": "s3://rows/today.csv", "credentialId": "c"}
    output = {"type": "s3", "url": "s3://predictions/today.csv", "credentialId": "c"}
    done = runner.run(
        RunBatchPredictionOperator,
        deployment_id=deployment,
        intake_settings=intake,
        output_settings=output,
        csv_settings={"delimiter": ";"},
        column_names_remapping={"target_PREDICTION": "price"},
        max_explanations=3,
        threshold_high=0.9,
        include_prediction_status=True,
        **WAIT,
    )
    assert (done["jobSpec"]["intakeSettings"], done["jobSpec"]["outputSettings"]) == (intake, output)
    assert "download" not in done["links"]
    runner.run(ListBatchPredictionsOperator, order_by="-created", limit=5)
    assert queries(runner, "batchPredictions/")[-1] == {"offset": "0", "limit": "5", "orderBy": "-created"}


@covers("create_batch_prediction", "cancel_batch_prediction")
def test_a_job_is_aborted(runner, deployment, dataset):
    runner.datarobot.outcome("batch_prediction", "stuck")
    job = runner.run(
        RunBatchPredictionOperator, deployment_id=deployment, dataset_id=dataset, wait_for_completion=False
    )
    assert runner.run(CancelBatchPredictionOperator, prediction_job_id=job) is None
    assert runner.run(ListBatchPredictionsOperator, deployment_id=deployment) == []


@BOTH_MODES
def test_a_failed_job_is_an_error_with_its_log(runner, deployment, dataset, deferrable):
    runner.datarobot.outcome("batch_prediction", "failed", message="out of memory")
    with pytest.raises(AirflowException) as caught:
        runner.run(
            RunBatchPredictionOperator,
            deployment_id=deployment,
            dataset_id=dataset,
            deferrable=deferrable,
            **WAIT,
        )
    message = str(caught.value)
    assert message.startswith("The batch prediction failed")
    assert "out of memory" in message
    assert "Job started processing" in message


@BOTH_MODES
@pytest.mark.parametrize("fails", [False, True], ids=["warns", "fails"])
def test_rows_that_fail_are_reported(runner, deployment, rows, capsys, caplog, deferrable, fails):
    rows.write_text("id,age\na,1\nb\n", encoding="utf-8")
    arguments = {"deployment_id": deployment, "file": rows, "abort_on_error": False, "fail_on_failed_rows": fails}
    if fails:
        with pytest.raises(
            AirflowFailException, match=r"1 rows of the batch prediction have failed(.|\n)*row 2: it has"
        ):
            runner.run(RunBatchPredictionOperator, **arguments, deferrable=deferrable, **WAIT)
    else:
        done = runner.run(RunBatchPredictionOperator, **arguments, deferrable=deferrable, **WAIT)
        assert (done["scoredRows"], done["failedRows"]) == (1, 1)
        assert "row 2: it has 1 values, the header 2" in capsys.readouterr().out + caplog.text


def test_too_many_failed_rows_abort_the_job(runner, deployment, rows):
    rows.write_text("id,age\na,1\nb\n", encoding="utf-8")
    with pytest.raises(
        AirflowException, match=r"The batch prediction was cancelled(.|\n)*Too many rows have failed: 1 of 2"
    ):
        runner.run(RunBatchPredictionOperator, deployment_id=deployment, file=rows, **WAIT)


def test_a_job_without_its_file_is_cancelled(runner, deployment, rows):
    runner.emulator.control("POST", "faults", {"method": "PUT", "path": "csvUpload", "status": 406, "body": {}})
    with pytest.raises(AirflowFailException, match="406 for PUT"):
        runner.run(RunBatchPredictionOperator, deployment_id=deployment, file=rows, **WAIT)
    assert runner.run(ListBatchPredictionsOperator, deployment_id=deployment) == []


def test_a_file_that_an_earlier_attempt_has_uploaded_is_not_sent_again(runner, deployment, rows):
    fault = {"method": "PUT", "path": "csvUpload", "status": 409, "body": {"message": "begun"}, "apply": True}
    runner.emulator.control("POST", "faults", fault)
    done = runner.run(RunBatchPredictionOperator, deployment_id=deployment, file=rows, **WAIT)
    assert (done["status"], done["scoredRows"]) == ("COMPLETED", 2)


def test_the_job_of_a_file_is_ended_if_the_file_is_refused(runner, deployment, rows):
    rows.write_bytes(b"\xff\xfe")
    with pytest.raises(AirflowFailException, match="is not a CSV file that can be read"):
        runner.run(RunBatchPredictionOperator, deployment_id=deployment, file=rows, **WAIT)
    (job,) = runner.run(ListBatchPredictionsOperator, deployment_id=deployment)
    assert (job["status"], job["statusDetails"].split(":")[0]) == (
        "ABORTED",
        "The file is not a CSV file that can be read",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Give one of file, dataset_id and intake_settings"),
        ({"dataset_id": "d", "intake_settings": {"type": "s3"}}, "Give one of file, dataset_id and intake_settings"),
        (
            {"dataset_id": "d", "target": "t", "output_settings": {"type": "s3"}},
            "Give either target or output_settings",
        ),
        ({"file": "missing.csv"}, "missing.csv"),
    ],
)
def test_wrong_arguments_are_refused(runner, arguments, message):
    with pytest.raises(AirflowFailException, match=message):
        runner.run(RunBatchPredictionOperator, deployment_id="d", **arguments)
    assert runner.received == []


@BOTH_MODES
def test_the_sensor_waits_for_a_job(runner, deployment, dataset, deferrable):
    job = runner.run(
        RunBatchPredictionOperator, deployment_id=deployment, dataset_id=dataset, wait_for_completion=False
    )
    seen = runner.run(
        BatchPredictionSensor, prediction_job_id=job, deferrable=deferrable, poke_interval=0.05, timeout=60
    )
    assert (seen["id"], seen["status"]) == (job, "COMPLETED")
