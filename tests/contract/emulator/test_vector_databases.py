"""Vector database validations."""

import pytest

PATH = "/genai/customModelVectorDatabaseValidations/"
SCHEMA = "CustomModelVectorDatabaseValidationResponse"


def payload(api, **deployment):
    created = api.control("POST", "deployments", {"label": "vdb", **deployment})
    return {"promptColumnName": "prompt", "targetColumnName": "docs", "deploymentId": created["id"]}


def located(response, status=422):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    detail = response.json()["detail"]
    return {item["loc"][-1] for item in detail} if isinstance(detail, list) else detail


def finished(api, validation):
    def poll():
        body = api("GET", f"{PATH}{validation}/").json()
        return body if body["validationStatus"] != "TESTING" else None

    return api.wait_until(poll)


def test_validation_from_start_to_pass(api, conforms):
    body = payload(api, targetType="VectorDatabase", columns=["prompt", "docs"])
    response = api("POST", PATH, json=body)
    started = conforms(SCHEMA, response, 202)
    assert (started["validationStatus"], started["name"]) == ("TESTING", "Untitled")
    assert started["predictionTimeout"] == 300
    assert started["deploymentAccessData"] is None
    assert "/api/v2/genai/status/" in response.headers["Location"]
    done = api.finish(response)
    assert done.headers["Location"] == f"{api.emulator.endpoint}{PATH}{started['id']}/"
    passed = conforms(SCHEMA, api("GET", done.headers["Location"]))
    assert passed["validationStatus"] == "PASSED"
    assert passed["deploymentAccessData"]["authorizationHeader"] == "[REDACTED]"


@pytest.mark.parametrize(
    ("deployment", "message"),
    [
        ({"targetType": "Regression"}, "Only unstructured deployment types are supported"),
        ({"columns": ["prompt"]}, "Deployment prediction does not comply with the expected format"),
    ],
)
def test_unsuitable_deployments_fail(api, conforms, deployment, message):
    response = api("POST", PATH, json=payload(api, **deployment))
    assert api.finish(response).status_code == 303
    failed = conforms(SCHEMA, api("GET", f"{PATH}{response.json()['id']}/"))
    assert (failed["validationStatus"], failed["errorMessage"]) == ("FAILED", message)
    assert failed["deploymentAccessData"] is None


def test_invalid_requests_are_rejected(api, components):
    body = payload(api)
    assert located(api("POST", PATH, json={**body, "promptColumnName": ""})) == {"promptColumnName"}
    assert located(api("POST", PATH, json={**body, "extra": 1})) == {"extra"}
    assert located(api("POST", PATH, json={**body, "predictionTimeout": 1201})) == {"predictionTimeout"}
    assert located(api("POST", PATH, json={})) == {"promptColumnName", "targetColumnName", "deploymentId"}
    assert located(api("POST", PATH, json={**body, "deploymentId": "0123"})) == {"deploymentId"}
    assert located(api("GET", PATH, params={"completedOnly": "maybe"})) == {"completedOnly"}
    for method in ("GET", "DELETE"):
        assert located(api(method, f"{PATH}0123/"), 404) == "Not Found"
    assert located(api("POST", f"{PATH}0123/revalidate/"), 404) == "Not Found"
    assert set(components["schemas"]["ValidationError"]["required"]) == {"loc", "msg", "type"}


def test_list_filters_and_order(api, conforms):
    names = ["bravo", "alpha", "charlie"]
    ids = {n: api("POST", PATH, json={**payload(api), "name": n, "useCaseId": n}).json()["id"] for n in names}
    page = conforms("ListCustomModelVectorDatabaseValidationsResponse", api("GET", PATH))
    assert [v["name"] for v in page["data"]] == names[::-1]
    by_name = api("GET", PATH, params={"sort": "name"}).json()["data"]
    assert [v["name"] for v in by_name] == sorted(names)
    newest = api("GET", PATH, params={"orderBy": "-creationDate", "limit": 1}).json()
    assert [v["name"] for v in newest["data"]] == ["charlie"]
    assert newest["next"]
    some = api("GET", PATH, params=[("useCaseId", "alpha"), ("useCaseId", "bravo")]).json()
    assert some["totalCount"] == 2
    assert api("GET", PATH, params={"search": "ALPH"}).json()["totalCount"] == 1
    assert api("GET", PATH, params={"completedOnly": "False", "promptColumnName": "other"}).json()["totalCount"] == 0
    finished(api, ids["alpha"])
    finished(api, ids["charlie"])
    api.wait_until(lambda: api("GET", PATH, params={"completedOnly": "True"}).json()["totalCount"] == 3)


def test_update_and_revalidate_start_the_validation_again(api, conforms):
    validation = api("POST", PATH, json=payload(api)).json()["id"]
    finished(api, validation)
    one = f"{PATH}{validation}/"
    renamed = conforms(SCHEMA, api("PATCH", one, json={"name": "New", "predictionTimeout": None}))
    assert (renamed["name"], renamed["validationStatus"]) == ("New", "PASSED")
    assert located(api("PATCH", one, json={"name": ""})) == {"name"}
    changed = conforms(SCHEMA, api("PATCH", one, json={"targetColumnName": "texts"}))
    assert changed["validationStatus"] == "TESTING"
    finished(api, validation)
    assert conforms(SCHEMA, api("POST", one + "revalidate/"))["validationStatus"] == "TESTING"
    assert finished(api, validation)["validationStatus"] == "PASSED"


def test_delete(api):
    validation = api("POST", PATH, json=payload(api)).json()["id"]
    assert api("DELETE", f"{PATH}{validation}/").status_code == 204
    assert api("GET", f"{PATH}{validation}/").status_code == 404
    assert api("GET", PATH).json()["data"] == []


def test_status_families_do_not_mix(api):
    response = api("POST", PATH, json=payload(api))
    other = response.headers["Location"].replace("/genai/", "/")
    assert api("GET", other).status_code == 404


def test_outcomes_can_be_set(api):
    sentence = "Document retrieval failed"
    api.control("POST", "outcomes", {"kind": "vector_database_validation", "outcome": "failed", "message": sentence})
    failed = api("POST", PATH, json=payload(api))
    assert finished(api, failed.json()["id"])["errorMessage"] == sentence
    for outcome, word in (("expired", "EXPIRED"), ("cancelled", "ABORTED")):
        api.control("POST", "outcomes", {"kind": "vector_database_validation", "outcome": outcome})
        response = api("POST", PATH, json=payload(api))
        assert api.finish(response).json()["status"] == word
        assert api("GET", f"{PATH}{response.json()['id']}/").status_code == 404


def test_injected_message_is_not_a_violation(api):
    outcome = {"kind": "vector_database_validation", "outcome": "failed", "message": "an undocumented message"}
    api.control("POST", "outcomes", outcome)
    failed = finished(api, api("POST", PATH, json=payload(api)).json()["id"])
    assert failed["errorMessage"] == outcome["message"]
    assert api.violations() == []
