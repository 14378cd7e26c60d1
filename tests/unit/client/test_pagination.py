from __future__ import annotations

import pytest

from datarobot_provider.client.pagination import get_all_pages, items, pages
from datarobot_provider.client.request import Request
from datarobot_provider.exceptions import MalformedResponseError
from tests.unit.support import ORIGIN, FakeApi, response

FIRST = Request("GET", "customModelTests/", params={"customModelId": "1"})


def page(data: list[int], following: object = None) -> object:
    return response(body={"data": data, "next": following})


def numbers(api: FakeApi) -> list[int]:
    return [item for found in pages(api.send, FIRST) for item in found["data"]]


def test_all_pages_of_a_list_are_read():
    api = FakeApi()
    api.on("GET", "customModelTests/", page([1, 2], f"{ORIGIN}/api/v2/customModelTests/?offset=2"))
    api.on("GET", "customModelTests/?offset=2", page([3], f"{ORIGIN}/api/v2/customModelTests/?offset=3"))
    api.on("GET", "customModelTests/?offset=3", page([4]))
    assert numbers(api) == [1, 2, 3, 4]
    assert api.requests[0].params == {"customModelId": "1"}


@pytest.mark.parametrize("end", [None, ""])
def test_a_list_ends_when_next_is_empty(end):
    api = FakeApi()
    api.on("GET", "customModelTests/", page([1], end))
    assert numbers(api) == [1]


def test_pages_are_requested_lazily():
    api = FakeApi()
    api.on("GET", "customModelTests/", page([1], f"{ORIGIN}/api/v2/customModelTests/?offset=1"))
    assert next(pages(api.send, FIRST))["data"] == [1]
    assert len(api.requests) == 1


def test_the_host_of_next_is_ignored():
    api = FakeApi()
    api.on("GET", "customModelTests/", page([1], "https://evil.example/api/v2/customModelTests/?offset=1"))
    api.on("GET", "customModelTests/?offset=1", page([2]))
    assert numbers(api) == [1, 2]
    assert api.paths() == ["customModelTests/", "customModelTests/?offset=1"]


def test_a_circular_list_is_refused():
    api = FakeApi()
    api.on("GET", "customModelTests/", page([1], f"{ORIGIN}/api/v2/customModelTests/?offset=1"))
    api.on("GET", "customModelTests/?offset=1", page([2], f"{ORIGIN}/api/v2/customModelTests/?offset=1"))
    with pytest.raises(MalformedResponseError, match="the URL of a previous page"):
        numbers(api)
    assert len(api.requests) == 2


@pytest.mark.parametrize("following", [f"{ORIGIN}/login", "garbage", 5, f"{ORIGIN}/api/v2/../admin/"])
def test_a_next_outside_the_api_is_refused(following):
    api = FakeApi()
    api.on("GET", "customModelTests/", page([1], following))
    with pytest.raises(MalformedResponseError, match="not a route of the API"):
        numbers(api)


def follow(api: FakeApi, *found: list[int]) -> None:
    """Serve a list with these pages."""
    for number, data in enumerate(found):
        following = f"{ORIGIN}/api/v2/list/?page={number + 1}" if number + 1 < len(found) else None
        api.on("GET", f"list/?page={number}" if number else "list/", page(data, following))


def test_the_items_of_all_pages_are_returned():
    api = FakeApi()
    follow(api, [1, 2], [], [3])
    assert items(api.send, "list/", {"customModelId": "m", "unset": None}) == [1, 2, 3]
    assert api.requests[0].query() == {"offset": "0", "limit": "100", "customModelId": "m"}


@pytest.mark.parametrize(
    ("limit", "asked", "found"), [(1, "1", [1]), (2, "2", [1, 2]), (3, "3", [1, 2, 3]), (500, "100", [1, 2, 3, 4])]
)
def test_no_more_items_are_requested_than_the_limit(limit, asked, found):
    api = FakeApi()
    follow(api, [1, 2], [3, 4])
    assert items(api.send, "list/", {}, limit=limit) == found
    assert api.requests[0].query()["limit"] == asked
    assert len(api.requests) == (1 if limit <= 2 else 2)


def test_a_list_without_items_is_empty():
    api = FakeApi()
    api.on("GET", "list/", response(body={"data": []}))
    assert items(api.send, "list/", {}) == []


@pytest.mark.parametrize("body", [{}, {"data": None}])
def test_a_response_that_is_not_a_list_is_an_error(body):
    api = FakeApi()
    api.on("GET", "list/", response(body=body))
    with pytest.raises(MalformedResponseError, match="no field 'data'"):
        items(api.send, "list/", {})


def test_an_object_of_one_page_is_returned_unchanged():
    api = FakeApi()
    api.on("GET", "thing/", response(body={"list": [1], "next": None, "count": 1}))
    assert get_all_pages(api.send, "thing/") == {"list": [1], "next": None, "count": 1}


@pytest.mark.parametrize("first", [[1], None, ...], ids=["a list", "null", "left out"])
def test_the_pages_of_an_object_are_merged(first):
    api = FakeApi()
    given = {} if first is ... else {"list": first}
    api.on("GET", "thing/", response(body={**given, "next": f"{ORIGIN}/api/v2/thing/?offset=1"}))
    api.on("GET", "thing/?offset=1", response(body={"list": [2], "next": None}))
    assert get_all_pages(api.send, "thing/") == {"list": [*(given.get("list") or []), 2], "next": None}
