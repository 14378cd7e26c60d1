"""Routes in addition to the contract that clients require."""

import pytest

CSV = b"age,price\n1,10\n2,21\n"


def upload(api, content=CSV, name="d.csv", path="/datasets/fromFile/"):
    return api("POST", path, files={"file": (name, content)})


@pytest.mark.parametrize("path", ["/datasets/fromFile/", "/datasets/fromFile"])
def test_dataset_is_uploaded(api, conforms, path):
    # Long enough to be still running when it is read for the first time.
    api.control("POST", "outcomes", {"kind": "dataset_upload", "outcome": "succeeded", "seconds": 1})
    response = upload(api, path=path)
    accepted = conforms("DatasetUploadAccepted", response, 202)
    dataset = accepted["catalogId"]
    seen = conforms("DatasetDetails", api("GET", f"/datasets/{dataset}/"))
    assert seen["processingState"] in {"REGISTERING", "RUNNING"}
    done = api.finish(response)
    assert done.headers["Location"] == f"{api.emulator.endpoint}/datasets/{dataset}/"
    body = conforms("DatasetDetails", api("GET", done.headers["Location"]))
    assert (body["name"], body["versionId"]) == ("d.csv", accepted["catalogVersionId"])
    assert (body["processingState"], body["rowCount"], body["featureCount"]) == ("COMPLETED", 2, 2)
    assert (body["error"], body["datasetSize"]) == ("", len(CSV))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_invalid_file_fails_the_upload(api, conforms, content):
    done = api.finish(upload(api, content))
    assert done.json()["status"] == "ERROR"
    assert "CSV" in done.json()["message"]
    listed = conforms("DatasetList", api("GET", "/datasets/"))["data"]
    assert [d["processingState"] for d in listed] == ["ERROR"]
    assert "CSV" in api("GET", f"/datasets/{listed[0]['datasetId']}/").json()["error"]
    assert api("GET", "/datasets/", params={"filterFailed": "True"}).json()["data"] == []


def test_outcomes_of_an_upload_can_be_set(api):
    api.control("POST", "outcomes", {"kind": "dataset_upload", "outcome": "failed", "message": "no room"})
    assert api.finish(upload(api)).json()["message"] == "no room"
    api.control("POST", "outcomes", {"kind": "dataset_upload", "outcome": "expired", "seconds": 0})
    response = upload(api)
    assert api("GET", f"/datasets/{response.json()['catalogId']}/").status_code == 404


def test_invalid_uploads_are_rejected(api, rejected_fields):
    two = [("file", ("a.csv", CSV)), ("file", ("b.csv", CSV))]
    assert "file" in rejected_fields(api("POST", "/datasets/fromFile/", files=two))
    assert "colour" in rejected_fields(
        api("POST", "/datasets/fromFile/", files={"file": ("a.csv", CSV)}, data={"colour": "red"})
    )
    assert api("POST", "/datasets/fromFile/", json={}).status_code == 422


def test_dataset_is_created_from_a_url(api, conforms, rejected_fields):
    response = api("POST", "/datasets/fromURL/", json={"url": "https://data.example.com/2026/houses.csv?a=b"})
    done = api.finish(response)
    dataset = conforms("DatasetUploadAccepted", response, 202)["catalogId"]
    seen = conforms("DatasetDetails", api("GET", f"/datasets/{dataset}/"))
    assert done.headers["Location"] == f"{api.emulator.endpoint}/datasets/{seen['datasetId']}/"
    assert (seen["name"], seen["rowCount"], seen["processingState"]) == ("houses.csv", 0, "COMPLETED")
    for body in ({}, {"url": "houses.csv"}, {"url": "file:///houses.csv"}, {"url": "http://["}, {"url": 5}):
        assert "url" in rejected_fields(api("POST", "/datasets/fromURL/", json=body))


def test_dataset_can_be_used_after_it_is_read(api):
    api.control("POST", "outcomes", {"kind": "dataset_upload", "outcome": "succeeded", "seconds": 60})
    dataset = upload(api).json()["catalogId"]
    model = api.model(targetType="Unstructured", targetName=None)
    version = api.version(model)
    response = api.start_test(model, version, datasetId=dataset)
    assert (response.status_code, "to its end" in response.json()["message"]) == (422, True)
    ready = upload(api)
    api.finish(ready)
    assert api.start_test(model, version, datasetId=ready.json()["catalogId"]).status_code == 202


def test_datasets_are_listed_and_deleted(api, conforms):
    ids = [api.dataset() for _ in range(3)]
    listed = conforms("DatasetList", api("GET", "/datasets/", params={"limit": 2}))
    assert [d["datasetId"] for d in listed["data"]] == ids[:0:-1]
    assert listed["totalCount"] == 3
    oldest = api("GET", "/datasets/", params={"orderBy": "created"}).json()["data"]
    assert [d["datasetId"] for d in oldest] == ids
    assert api("DELETE", f"/datasets/{ids[0]}/").status_code == 204
    for method in ("GET", "DELETE"):
        assert api(method, f"/datasets/{ids[0]}/").status_code == 404
    assert len(api.control("GET", "datasets")["data"]) == 2


def test_execution_environments(api, conforms):
    created = [api.control("POST", "environments", {"name": name}) for name in ("Python", "R")]
    listed = conforms("ExecutionEnvironmentList", api("GET", "/executionEnvironments/"))
    assert [e["name"] for e in listed["data"]] == ["R", "Python"]
    found = api("GET", "/executionEnvironments/", params={"searchFor": "pyth"}).json()["data"]
    assert [e["id"] for e in found] == [created[0]["id"]]
    path = f"/executionEnvironments/{created[0]['id']}/"
    body = conforms("ExecutionEnvironment", api("GET", path))
    assert body["latestSuccessfulVersion"]["id"] == created[0]["versionId"]
    versions = conforms("EnvironmentVersionList", api("GET", path + "versions/"))
    assert [v["id"] for v in versions["data"]] == [created[0]["versionId"]]
    assert api("GET", path + "versions/", params={"buildStatus": "failed"}).json()["data"] == []
    version = conforms("EnvironmentVersion", api("GET", f"{path}versions/{created[0]['versionId']}/"))
    assert (version["environmentId"], version["buildStatus"]) == (created[0]["id"], "success")
    assert api("GET", f"{path}versions/{created[1]['versionId']}/").status_code == 404
    for below in ("", "versions/", "versions/x/"):
        assert api("GET", f"/executionEnvironments/0123/{below}").status_code == 404


def test_version_is_created_with_an_environment_version_only(api, rejected_fields):
    first, second = (api.control("POST", "environments", {"name": name}) for name in ("Python", "R"))
    model = api.model()
    created = api.upload(model, {"custom.py": b""}, baseEnvironmentId=second["id"], baseEnvironmentVersionId="")
    assert created.status_code == 422
    version = api.upload(model, {"custom.py": b""}, method="PATCH", baseEnvironmentVersionId=first["versionId"])
    assert version.json()["baseEnvironmentId"] == first["id"]
    mixed = {"baseEnvironmentId": first["id"], "baseEnvironmentVersionId": second["versionId"]}
    assert "baseEnvironmentVersionId" in rejected_fields(api.upload(model, {"custom.py": b""}, **mixed))


def test_deployments(api, conforms):
    model = api.model()
    version = api.version(model)
    served = api.control("POST", "deployments", {"label": "b served", "modelId": version})["id"]
    other = api.control("POST", "deployments", {"label": "a other"})["id"]
    listed = conforms("DeploymentList", api("GET", "/deployments/"))
    assert [d["id"] for d in listed["data"]] == [other, served]
    backwards = api("GET", "/deployments/", params={"orderBy": "-label"}).json()["data"]
    assert [d["id"] for d in backwards] == [served, other]
    assert [d["id"] for d in api("GET", "/deployments/", params={"search": "SERV"}).json()["data"]] == [served]
    body = conforms("Deployment", api("GET", f"/deployments/{served}/"))
    assert (body["status"], body["model"]["targetName"]) == ("active", "price")
    assert body["model"]["customModelImage"]["customModelVersionId"] == version
    error = api("DELETE", f"/customModels/{model}/").json()
    assert [d["id"] for d in api("GET", error["link"]).json()["data"]] == [served]
    assert api("GET", "/deployments/", params={"customModelId": "0123"}).json()["data"] == []
    assert api("GET", "/deployments/0123/").status_code == 404


def test_use_cases(api, conforms):
    created = [api.control("POST", "use-cases", {"name": name})["id"] for name in ("Support", "Sales")]
    listed = conforms("UseCaseListResponse", api("GET", "/useCases/"))
    assert [u["id"] for u in listed["data"]] == created[::-1]
    assert [u["name"] for u in api("GET", "/useCases/", params={"search": "SUPP"}).json()["data"]] == ["Support"]
    assert conforms("UseCaseResponse", api("GET", f"/useCases/{created[0]}/"))["name"] == "Support"
    assert api("GET", "/useCases/0123/").status_code == 404


def test_status_records_are_listed_and_deleted(api, conforms):
    model, version = api.trained()
    response = api("POST", f"/customModels/{model}/versions/{version}/featureImpact/")
    uploaded = upload(api)
    listed = conforms("JobStatusList", api("GET", "/status/"))
    newest, oldest = listed["data"]
    assert [newest["statusId"], oldest["statusId"]] == [uploaded.json()["statusId"], response.json()["statusId"]]
    assert api("DELETE", f"/status/{oldest['statusId']}/").status_code == 204
    for method in ("GET", "DELETE"):
        assert api(method, f"/status/{oldest['statusId']}/").status_code == 404
    assert api("GET", "/status/").json()["totalCount"] == 1
    path = f"/customModels/{model}/versions/{version}/featureImpact/"
    api.wait_until(lambda: api("GET", path).status_code == 200)
