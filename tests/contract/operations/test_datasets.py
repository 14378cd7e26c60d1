"""Datasets and their versions: create from a file or a URL, get, list, update, download, delete."""

from __future__ import annotations

import hashlib

import pytest

from datarobot_provider.operators.dataset_versions import (
    CreateDatasetVersionFromFileOperator,
    CreateDatasetVersionFromUrlOperator,
    GetDatasetVersionOperator,
    ListDatasetVersionsOperator,
)
from datarobot_provider.operators.datasets import (
    CreateDatasetFromFileOperator,
    CreateDatasetFromUrlOperator,
    DeleteDatasetOperator,
    DownloadDatasetOperator,
    GetDatasetOperator,
    ListDatasetsOperator,
    UpdateDatasetOperator,
)
from datarobot_provider.sensors.datasets import DatasetSensor, DatasetVersionSensor
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import queries
from tests.support.task_runner import WAIT

CSV = "age,price,note\n1,10,a\n2,21,b\n"
URL = "https://data.example.com/2026/houses.csv"
BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text(CSV, encoding="utf-8")
    return file


@pytest.fixture
def dataset(runner, table):
    return runner.run(CreateDatasetFromFileOperator, file=table, **WAIT)


@BOTH_MODES
@covers("create_dataset_from_file", "get_dataset")
def test_a_file_is_uploaded_and_read(runner, table, deferrable):
    dataset = runner.run(
        CreateDatasetFromFileOperator, file=str(table), categories=["TRAINING"], deferrable=deferrable, **WAIT
    )
    seen = runner.run(GetDatasetOperator, dataset_id=dataset)
    assert (seen["datasetId"], seen["name"], seen["uri"]) == (dataset, "prices.csv", "prices.csv")
    assert (seen["processingState"], seen["rowCount"], seen["featureCount"]) == ("COMPLETED", 2, 3)
    assert seen["featureCountByType"] == [
        {"featureType": "Categorical", "count": 1},
        {"featureType": "Numeric", "count": 2},
    ]
    assert seen["categories"] == ["TRAINING"]
    assert runner.ti.xcoms["_link_DatasetLink"].endswith(f"/ai-catalog/{dataset}")


@covers("create_dataset_from_url", "get_dataset")
def test_a_url_is_read(runner):
    dataset = runner.run(
        CreateDatasetFromUrlOperator,
        url=URL,
        do_snapshot="true",
        persist_data_after_ingestion=True,
        sample_size={"type": "rows", "value": 5},
        categories="PREDICTION",
        **WAIT,
    )
    seen = runner.run(GetDatasetOperator, dataset_id=dataset)
    assert (seen["name"], seen["uri"], seen["categories"]) == ("houses.csv", URL, ["PREDICTION"])


@covers("create_dataset_version_from_file", "get_dataset_version", "list_dataset_versions")
def test_a_new_version_from_a_file(runner, dataset, table):
    table.write_text(CSV + "3,30,c\n", encoding="utf-8")
    version = runner.run(CreateDatasetVersionFromFileOperator, dataset_id=dataset, file=table, **WAIT)
    seen = runner.run(GetDatasetVersionOperator, dataset_id=dataset, dataset_version_id=version)
    assert (seen["datasetId"], seen["versionId"], seen["rowCount"]) == (dataset, version, 3)
    listed = runner.run(ListDatasetVersionsOperator, dataset_id=dataset)
    assert [each["rowCount"] for each in listed] == [3, 2]
    assert [each["isLatestVersion"] for each in listed] == [True, False]
    assert runner.run(GetDatasetOperator, dataset_id=dataset)["versionId"] == version


@covers("create_dataset_version_from_url", "list_dataset_versions")
def test_a_new_version_from_a_url(runner, dataset):
    version = runner.run(CreateDatasetVersionFromUrlOperator, dataset_id=dataset, url=URL, **WAIT)
    by_age = runner.run(
        ListDatasetVersionsOperator, dataset_id=dataset, order_by="created", filter_failed=True, category="TRAINING"
    )
    assert [each["versionId"] for each in by_age][1:] == [version]
    assert queries(runner, f"datasets/{dataset}/versions/")[-1] == {
        "offset": "0", "limit": "100", "orderBy": "created", "filterFailed": "true", "category": "TRAINING",
    }  # fmt: skip


@covers("list_datasets")
def test_list_filters(runner, table):
    good = runner.run(CreateDatasetFromFileOperator, file=table, categories="PREDICTION", **WAIT)
    table.write_text("a,b\n1,2,3\n", encoding="utf-8")
    with pytest.raises(AirflowFailException):
        runner.run(CreateDatasetFromFileOperator, file=table, **WAIT)
    runner.received.clear()
    newest = runner.run(ListDatasetsOperator, limit=2)
    assert [each["processingState"] for each in newest] == ["ERROR", "COMPLETED"]
    read = runner.run(ListDatasetsOperator, filter_failed="True")
    assert read[0]["datasetId"] == good
    assert good not in [each["datasetId"] for each in runner.run(ListDatasetsOperator, category="TRAINING")]
    assert runner.run(ListDatasetsOperator, order_by="created")[-2]["datasetId"] == good


@covers("update_dataset")
def test_update_keeps_other_fields(runner, dataset):
    changed = runner.run(UpdateDatasetOperator, dataset_id=dataset, name="Prices")
    assert (changed["name"], changed["categories"]) == ("Prices", ["TRAINING", "PREDICTION"])
    changed = runner.run(UpdateDatasetOperator, dataset_id=dataset, categories="TRAINING")
    assert (changed["name"], changed["categories"]) == ("Prices", ["TRAINING"])


@covers("download_dataset")
def test_download(runner, dataset, tmp_path):
    done = runner.run(DownloadDatasetOperator, dataset_id=dataset, target=tmp_path / "new" / "prices.csv")
    assert (tmp_path / "new" / "prices.csv").read_text(encoding="utf-8") == CSV
    assert (done["size"], done["sha256"]) == (len(CSV), hashlib.sha256(CSV.encode()).hexdigest())


@covers("delete_dataset")
def test_delete(runner, dataset):
    assert runner.run(DeleteDatasetOperator, dataset_id=dataset) is None
    runner.run(DeleteDatasetOperator, dataset_id=dataset, ignore_if_missing=True)
    with pytest.raises(AirflowFailException, match="404"):
        runner.run(GetDatasetOperator, dataset_id=dataset)


@BOTH_MODES
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "can't decode byte"),
        (b"\n\n", "it has no header row"),
        (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 values, the header 2"),
    ],
)
def test_a_file_that_is_no_table_fails_without_retries(runner, table, deferrable, content, reason):
    table.write_bytes(content)
    with pytest.raises(AirflowFailException) as caught:
        runner.run(CreateDatasetFromFileOperator, file=table, deferrable=deferrable, **WAIT)
    message = str(caught.value)
    assert message.startswith("The dataset import failed")
    assert reason in message
    assert "/ai-catalog/" in message


def test_a_url_that_cannot_be_read_may_be_tried_again(runner):
    runner.datarobot.outcome("dataset_upload", "failed", message="The server responded with 503.")
    with pytest.raises(AirflowException, match=r"The server responded with 503\.") as caught:
        runner.run(CreateDatasetFromUrlOperator, url=URL, **WAIT)
    assert type(caught.value) is AirflowException


@pytest.mark.parametrize("content", [b"", None])
def test_an_unusable_file_sends_nothing(runner, table, content):
    if content is None:
        table.unlink()
    else:
        table.write_bytes(content)
    with pytest.raises(AirflowFailException, match="is empty" if content == b"" else "does not exist"):
        runner.run(CreateDatasetFromFileOperator, file=table)
    assert runner.received == []


@BOTH_MODES
def test_sensors_wait_for_what_was_started(runner, table, deferrable):
    dataset = runner.run(CreateDatasetFromFileOperator, file=table, wait_for_completion=False)
    waiting = {"deferrable": deferrable, "poke_interval": 0.05, "timeout": 60}
    seen = runner.run(DatasetSensor, dataset_id=dataset, **waiting)
    assert (seen["datasetId"], seen["processingState"]) == (dataset, "COMPLETED")
    version = runner.run(
        CreateDatasetVersionFromFileOperator, dataset_id=dataset, file=table, wait_for_completion=False
    )
    seen = runner.run(DatasetVersionSensor, dataset_id=dataset, dataset_version_id=version, **waiting)
    assert (seen["versionId"], seen["processingState"]) == (version, "COMPLETED")


def test_a_lost_response_is_found_by_the_source(runner, table):
    """The emulator shows no name and no source until the data is read, so the retry waits for that."""
    other = runner.run(CreateDatasetFromUrlOperator, url=URL, **WAIT)
    runner.datarobot.fault("POST", "datasets/fromFile/", times=1, cut="after")
    runner.datarobot.outcome("dataset_upload", "succeeded", seconds=1)
    with pytest.raises(AirflowException):
        runner.run(CreateDatasetFromFileOperator, file=table, **WAIT)
    dataset = runner.retry(CreateDatasetFromFileOperator, file=table, **WAIT)
    assert dataset != other
    uploads = [each for each in runner.log() if each["path"].endswith("/datasets/fromFile/")]
    assert len(uploads) == 1
    assert runner.run(GetDatasetOperator, dataset_id=dataset)["name"] == "prices.csv"
