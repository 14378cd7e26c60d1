"""Access control of custom models."""

import pytest

OWNER = "emulator@example.com"
READER = "reviewer@example.com"


@pytest.fixture
def path(api):
    return f"/customModels/{api.model()}/accessControl/"


def roles(api, path):
    return {entry["username"]: entry["role"] for entry in api("GET", path).json()["data"]}


def share(api, path, *entries):
    data = [{"username": name, "role": role, **more} for name, role, more in entries]
    return api("PATCH", path, json={"data": data})


def test_creator_of_a_model_is_its_first_owner(api, conforms, path):
    body = conforms("CustomModelAccessControlListResponse", api("GET", path))
    assert [(e["username"], e["role"], e["canShare"]) for e in body["data"]] == [(OWNER, "OWNER", True)]
    assert "totalCount" not in body


def test_roles_are_granted_changed_and_revoked(api, conforms, path):
    response = share(api, path, (READER, "READ_ONLY", {"canShare": False}), ("operator@example.com", "EDITOR", {}))
    assert (response.status_code, response.content) == (204, b"")
    body = conforms("CustomModelAccessControlListResponse", api("GET", path))
    assert {e["username"]: e["canShare"] for e in body["data"]} == {
        OWNER: True,
        READER: False,
        "operator@example.com": True,
    }
    assert len({e["userId"] for e in body["data"]}) == 3
    share(api, path, (READER, "READ_WRITE", {"canUseData": True}))
    assert roles(api, path)[READER] == "READ_WRITE"
    share(api, path, (READER, None, {}), ("auditor@example.com", None, {}))
    assert set(roles(api, path)) == {OWNER, "operator@example.com"}


def test_last_owner_cannot_be_removed(api, path):
    for role in (None, "READ_ONLY"):
        response = share(api, path, (OWNER, role, {}), (READER, "EDITOR", {}))
        assert response.status_code == 409
        assert "owner" in response.json()["message"]
    assert roles(api, path) == {OWNER: "OWNER"}
    assert share(api, path, (OWNER, None, {}), (READER, "OWNER", {})).status_code == 204
    assert roles(api, path) == {READER: "OWNER"}


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"username": "nobody@example.com", "role": "OWNER"}, ["0", "username"]),
        ({"username": READER, "role": "KING"}, ["0", "role"]),
        ({"username": READER}, ["0", "role"]),
        ({"username": READER, "role": "OWNER", "canShare": "yes"}, ["0", "canShare"]),
        ({"username": READER, "role": "OWNER", "colour": "red"}, ["0", "colour"]),
    ],
)
def test_invalid_fields_are_named(api, path, rejected_fields, entry, place):
    found = rejected_fields(api("PATCH", path, json={"data": [entry]}))["data"]
    for key in place:
        found = found[key]
    assert found
    assert roles(api, path) == {OWNER: "OWNER"}


def test_more_than_100_entries_are_rejected(api, path, rejected_fields):
    entries = [{"username": READER, "role": "EDITOR"}] * 101
    assert "data" in rejected_fields(api("PATCH", path, json={"data": entries}))
    assert "data" in rejected_fields(api("PATCH", path, json={}))


def test_pages_and_filters(api, path):
    share(api, path, (READER, "EDITOR", {}), ("auditor@example.com", "OBSERVER", {}))
    first = api("GET", path, params={"limit": 2}).json()
    rest = api("GET", first["next"]).json()
    assert [len(first["data"]), len(rest["data"]), rest["next"]] == [2, 1, None]
    only = api("GET", path, params={"username": READER}).json()["data"]
    assert [e["username"] for e in only] == [READER]
    assert api("GET", path, params={"userId": only[0]["userId"]}).json()["data"] == only
    assert api("GET", path, params={"username": READER, "userId": only[0]["userId"]}).status_code == 400


def test_unknown_model(api):
    assert api("GET", "/customModels/0123/accessControl/").status_code == 404
    assert api("PATCH", "/customModels/0123/accessControl/", json={"data": []}).status_code == 404
