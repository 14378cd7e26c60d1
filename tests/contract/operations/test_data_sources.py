"""Data stores: list. Data sources: create, get, list, and datasets that are read from them."""

from __future__ import annotations

import json

import pytest

from datarobot_provider.operators.data_sources import (
    CreateDataSourceOperator,
    GetDataSourceOperator,
    ListDataSourcesOperator,
    ListDataStoresOperator,
)
from datarobot_provider.operators.dataset_versions import (
    CreateDatasetVersionFromDataSourceOperator,
    GetDatasetVersionOperator,
)
from datarobot_provider.operators.datasets import CreateDatasetFromDataSourceOperator, GetDatasetOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import UNKNOWN_ID, queries
from tests.support.task_runner import WAIT

BOTH_MODES = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "trigger"])


@pytest.fixture
def store(runner):
    return runner.run(ListDataStoresOperator)[0]["id"]


@pytest.fixture
def source(runner, store):
    """Return a data source that reads the dataset ``prices``, and forget the requests for it."""
    runner.emulator.control("POST", "datasets", {"name": "prices", "csv": "age,price\n1,10\n2,21\n"})
    source = runner.run(CreateDataSourceOperator, canonical_name="Prices", data_store_id=store, table="prices")
    runner.received.clear()
    return source


@covers("list_data_stores")
def test_data_stores_are_found_by_name_and_type(runner):
    (found,) = runner.run(ListDataStoresOperator, name="WAREHOUSE", data_type="structured", limit=1)
    assert found["type"] == "jdbc"
    assert runner.run(ListDataStoresOperator, name="lake") == []
    assert runner.run(ListDataStoresOperator, type="dr-connector-v1", show_hidden=True) == []
    assert runner.run(ListDataStoresOperator, type="databases") == [found]
    assert queries(runner, "externalDataStores/")[::2] == [
        {"offset": "0", "limit": "1", "name": "WAREHOUSE", "dataType": "structured"},
        {"offset": "0", "limit": "100", "type": "dr-connector-v1", "showHidden": "true"},
    ]


@covers("create_data_source", "get_data_source")
def test_create_and_get(runner, store):
    source = runner.run(
        CreateDataSourceOperator, canonical_name="Prices", data_store_id=store, query="SELECT 1", fetch_size="500"
    )
    seen = runner.run(GetDataSourceOperator, data_source_id=source)
    assert (seen["id"], seen["canonicalName"], seen["type"]) == (source, "Prices", "jdbc")
    assert seen["params"] == {"dataStoreId": store, "query": "SELECT 1", "fetchSize": 500}
    assert runner.ti.xcoms["datarobot_id"] == source


@covers("create_data_source", "list_data_sources")
def test_a_data_source_is_found_by_its_name(runner, store, source):
    arguments = {"canonical_name": "Prices", "data_store_id": store, "table": "prices"}
    assert runner.run(CreateDataSourceOperator, if_exists="reuse", **arguments) == source
    with pytest.raises(AirflowFailException, match=f"The data source 'Prices' already exists: {source}"):
        runner.run(CreateDataSourceOperator, if_exists="fail", **arguments)
    assert runner.run(CreateDataSourceOperator, **arguments) != source
    assert [each["canonicalName"] for each in runner.run(ListDataSourcesOperator)] == ["Prices", "Prices"]
    assert runner.run(ListDataSourcesOperator, type="dr-connector-v1") == []


def test_the_newest_of_several_data_sources_with_one_name_is_reused(runner, store):
    arguments = {"canonical_name": "Prices", "data_store_id": store}
    runner.run(CreateDataSourceOperator, table="a", **arguments)
    newest = runner.run(CreateDataSourceOperator, table="b", **arguments)
    assert runner.run(CreateDataSourceOperator, table="b", if_exists="reuse", **arguments) == newest


@pytest.mark.parametrize("given", [{}, {"table": "prices", "query": "SELECT 1"}], ids=["nothing", "both"])
def test_a_data_source_reads_one_thing(runner, given):
    with pytest.raises(AirflowFailException, match="Give either table, query or path"):
        runner.run(CreateDataSourceOperator, canonical_name="Prices", data_store_id="d", **given)
    assert runner.received == []


@BOTH_MODES
@covers("create_dataset_from_data_source", "get_dataset")
def test_a_dataset_is_read_from_a_data_source(runner, source, deferrable):
    dataset = runner.run(
        CreateDatasetFromDataSourceOperator,
        data_source_id=source,
        credential_id=UNKNOWN_ID,
        use_kerberos="false",
        do_snapshot=True,
        persist_data_after_ingestion="true",
        sample_size={"type": "rows", "value": 2},
        categories="TRAINING",
        deferrable=deferrable,
        **WAIT,
    )
    seen = runner.run(GetDatasetOperator, dataset_id=dataset)
    assert (seen["name"], seen["dataSourceId"], seen["dataSourceType"]) == ("Prices", source, "jdbc")
    assert (seen["rowCount"], seen["featureCount"], seen["categories"]) == (2, 2, ["TRAINING"])
    (sent,) = [json.loads(each.body) for each in runner.received if each.path.endswith("/fromDataSource/")]
    assert sent == {
        "dataSourceId": source,
        "credentialId": UNKNOWN_ID,
        "useKerberos": False,
        "doSnapshot": True,
        "persistDataAfterIngestion": True,
        "sampleSize": {"type": "rows", "value": 2},
        "categories": "TRAINING",
    }


@covers("create_dataset_version_from_data_source")
def test_a_new_version_is_read_from_a_data_source(runner, source):
    dataset = runner.run(CreateDatasetFromDataSourceOperator, data_source_id=source, **WAIT)
    version = runner.run(CreateDatasetVersionFromDataSourceOperator, dataset_id=dataset, data_source_id=source, **WAIT)
    seen = runner.run(GetDatasetVersionOperator, dataset_id=dataset, dataset_version_id=version)
    assert (seen["versionId"], seen["dataSourceId"], seen["rowCount"]) == (version, source, 2)


def test_a_table_that_cannot_be_read_may_be_tried_again(runner, source):
    runner.datarobot.outcome("dataset_upload", "failed", message="The database is down.")
    with pytest.raises(AirflowException, match=r"The database is down\.") as caught:
        runner.run(CreateDatasetFromDataSourceOperator, data_source_id=source, **WAIT)
    assert type(caught.value) is AirflowException


def test_a_lost_response_is_found_by_the_data_source(runner, store, source):
    other = runner.run(CreateDataSourceOperator, canonical_name="Other", data_store_id=store, table="prices")
    runner.run(CreateDatasetFromDataSourceOperator, data_source_id=other, **WAIT)
    runner.datarobot.fault("POST", "datasets/fromDataSource/", times=1, cut="after")
    runner.datarobot.outcome("dataset_upload", "succeeded", seconds=1)
    with pytest.raises(AirflowException):
        runner.run(CreateDatasetFromDataSourceOperator, data_source_id=source, **WAIT)
    dataset = runner.retry(CreateDatasetFromDataSourceOperator, data_source_id=source, **WAIT)
    assert runner.run(GetDatasetOperator, dataset_id=dataset)["dataSourceId"] == source
    assert len([each for each in runner.log() if each["path"].endswith("/datasets/fromDataSource/")]) == 2
