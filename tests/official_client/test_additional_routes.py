"""The platform, datasets, execution environments, deployments and use cases."""

import io
import warnings

import datarobot as dr
import pytest
from datarobot.errors import AsyncProcessUnsuccessfulError, ClientError, ServerError
from datarobot.models.execution_environment_version import ExecutionEnvironmentVersion

CSV = "age,price\n1,10\n2,21\n"
NOWHERE = "64f000000000000000000001"


def test_first_request_succeeds(client, control):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Using an empty collection", FutureWarning)
        dr.Client(token=client.token, endpoint=client.endpoint)
    assert [(r["method"], r["path"]) for r in control.requests()] == [("GET", "/api/v2/version/")]


@pytest.mark.parametrize("scheme", ["Token", "Bearer"])
def test_both_authorization_schemes(client, scheme):
    with dr.Client(token=client.token, endpoint=client.endpoint, token_type=scheme):
        assert dr.CustomInferenceModel.list() == []


def test_wrong_token(client):
    with pytest.raises(ClientError) as error:
        dr.rest.RESTClientObject(auth="wrong", endpoint=client.endpoint).get("version/")
    assert error.value.status_code == 401


def test_server_error_contains_the_request_id(control):
    control("POST", "faults", {"status": 500, "body": {"message": "broken"}})
    with pytest.raises(ServerError, match="broken") as error:
        dr.CustomInferenceModel.list()
    assert control.requests()[-1]["requestId"] in str(error.value)


def test_failed_request_is_retried(control):
    control("POST", "faults", {"status": 503, "retryAfter": 1, "path": "customModels"})
    assert dr.CustomInferenceModel.list() == []
    assert [r["status"] for r in control.requests("customModels")] == [503, 200]


def test_lists_are_paginated(make_model):
    names = [make_model(name=f"m{n}").name for n in range(5)]
    from datarobot.utils.pagination import unpaginate

    client = dr.client.get_client()
    listed = [item["name"] for item in unpaginate("customModels/", {"limit": 2}, client)]
    assert listed == names[::-1]


def test_dataset_from_a_file(tmp_path):
    file = tmp_path / "houses.csv"
    file.write_text(CSV, encoding="utf-8")
    dataset = dr.Dataset.create_from_file(file_path=str(file))
    assert (dataset.name, dataset.row_count, dataset.processing_state) == ("houses.csv", 2, "COMPLETED")
    assert dataset.size == len(CSV)
    details = dataset.get_details()
    assert (details.feature_count, details.error) == (2, "")


def test_dataset_from_memory():
    dataset = dr.Dataset.create_from_file(filelike=io.BytesIO(CSV.encode()))
    records = dr.Dataset.create_from_in_memory_data(records=[{"age": 1, "price": 2}], fname="records.csv")
    assert [d.id for d in dr.Dataset.list()] == [records.id, dataset.id]
    assert [d.id for d in dr.Dataset.list(order_by="created")] == [dataset.id, records.id]
    assert [d.id for d in dr.Dataset.iterate(limit=1)] == [records.id, dataset.id]
    assert dr.Dataset.get(dataset.id).version_id == dataset.version_id


def test_dataset_from_a_data_source(control):
    control("POST", "datasets", {"name": "prices", "csv": CSV})
    (store,) = dr.DataStore.list(name="warehouse")
    params = dr.DataSourceParameters(data_store_id=store.id, table="prices")
    source = dr.DataSource.create(data_source_type="jdbc", canonical_name="Prices", params=params)
    assert [each.id for each in dr.DataSource.list()] == [dr.DataSource.get(source.id).id] == [source.id]
    dataset = source.create_dataset(categories=["TRAINING"])
    assert (dataset.name, dataset.row_count, dataset.get_details().data_source_id) == ("Prices", 2, source.id)
    version = dr.Dataset.create_version_from_data_source(dataset.id, source.id)
    assert (version.id, version.row_count) == (dataset.id, 2)
    assert version.version_id != dataset.version_id


def test_custom_templates():
    (found,) = dr.models.custom_templates.CustomTemplate.list(template_sub_type="NIM_CONTAINERS")
    read = dr.models.custom_templates.CustomTemplate.get(found.id)
    assert (read.name, read.template_sub_type, read.enabled) == (found.name, "NIM_CONTAINERS", True)


def test_invalid_dataset():
    with pytest.raises(AsyncProcessUnsuccessfulError, match="CSV"):
        dr.Dataset.create_from_file(filelike=io.BytesIO(b"\xff\xfe\x00"))
    assert [d.processing_state for d in dr.Dataset.list()] == ["ERROR"]
    assert dr.Dataset.list(filter_failed=True) == []


def test_dataset_is_deleted(control):
    dataset = control.dataset()
    dr.Dataset.delete(dataset)
    with pytest.raises(ClientError) as error:
        dr.Dataset.get(dataset)
    assert error.value.status_code == 404


def test_uploaded_data_are_used_for_training_and_tests(make_model, make_version, folder):
    (folder / "requirements.txt").unlink()
    data = dr.Dataset.create_from_file(filelike=io.BytesIO(CSV.encode()))
    model = make_model()
    version = make_version(model, training_dataset_id=data.id)
    assert version.training_data.dataset_version_id == data.version_id
    assert dr.CustomModelTest.create(model.id, version.id, dataset_id=data.id).overall_status == "succeeded"


def test_execution_environments(control):
    created = [control.environment(name) for name in ("Python 3.11", "R 4.4")]
    assert [e.name for e in dr.ExecutionEnvironment.list()] == ["R 4.4", "Python 3.11"]
    found = dr.ExecutionEnvironment.list(search_for="python")
    assert [e.id for e in found] == [created[0]["id"]]
    read = dr.ExecutionEnvironment.get(created[0]["id"])
    read.refresh()
    assert read.latest_successful_version.id == created[0]["versionId"]
    versions = ExecutionEnvironmentVersion.list(read.id, build_status="success")
    assert [(v.id, v.build_status) for v in versions] == [(created[0]["versionId"], "success")]
    version = ExecutionEnvironmentVersion.get(read.id, versions[0].id)
    version.refresh()
    assert version.environment_id == read.id
    with pytest.raises(ClientError) as error:
        dr.ExecutionEnvironment.get(NOWHERE)
    assert error.value.status_code == 404


def test_deployments(control, model, version):
    served = control.deployment(label="Served", modelId=version.id)
    control.deployment(label="Another")
    assert [d.label for d in dr.Deployment.list()] == ["Another", "Served"]
    assert [d.label for d in dr.Deployment.list(order_by="-label", limit=1)] == ["Served"]
    assert [d.label for d in dr.Deployment.list(search="SERV")] == ["Served"]
    read = dr.Deployment.get(served["id"])
    assert (read.status, read.model["target_name"]) == ("active", "price")
    image = read.model["custom_model_image"]
    assert (image["custom_model_id"], image["custom_model_version_id"]) == (model.id, version.id)
    with pytest.raises(ClientError) as error:
        dr.Deployment.get(NOWHERE)
    assert error.value.status_code == 404


def test_use_cases(control):
    created = [control("POST", "use-cases", {"name": name})["id"] for name in ("Support", "Sales")]
    assert [u.id for u in dr.UseCase.list()] == created[::-1]
    assert [u.name for u in dr.UseCase.list(search_params={"search": "supp"})] == ["Support"]
    read = dr.UseCase.get(created[0])
    assert (read.name, read.models_count) == ("Support", 0)
    assert read.members[0].email
    with pytest.raises(ClientError) as error:
        dr.UseCase.get(NOWHERE)
    assert error.value.status_code == 404
