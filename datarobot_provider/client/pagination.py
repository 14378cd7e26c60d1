"""Pagination of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.endpoint import api_path
from datarobot_provider.client.request import Request, Response
from datarobot_provider.exceptions import MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


PAGE_SIZE = 100


def pages(send: Callable[[Request], Response], first: Request) -> Iterator[dict[str, Any]]:
    """Yield all pages of a list.

    Only the path of ``next`` is used, so that no request goes to another host.

    :param send: sends a request and raises an error for an error response.
    :param first: request of the first page.
    :raises MalformedResponseError: if ``next`` is not a route of the API, or is the URL of a previous page.
    """
    seen = {first.path}
    page = send(first).object()
    yield page
    while page.get("next"):
        path = api_path(str(page["next"]))
        if path is None or path in seen:
            fault = "is not a route of the API" if path is None else "is the URL of a previous page"
            raise MalformedResponseError(f"The list {first.path} cannot be read completely: 'next' {fault}.")
        seen.add(path)
        page = send(Request("GET", path)).object()
        yield page


def items(
    send: Callable[[Request], Response],
    path: str,
    params: Mapping[str, Any],
    *,
    limit: int | None = None,
    page_size: int = PAGE_SIZE,
) -> list[dict[str, Any]]:
    """Return the items of a list, from all its pages.

    :param send: sends a request and raises an error for an error response.
    :param path: path of the list.
    :param params: filters, with the field names of the API; those with the value ``None`` are not sent.
    :param limit: maximum number of items; ``None`` (the default) for all.
    :param page_size: maximum number of items in a page.
    :raises MalformedResponseError: see :func:`pages`.
    """
    size = page_size if limit is None else min(limit, page_size)
    found: list[dict[str, Any]] = []
    for page in pages(send, Request("GET", path, params={"offset": 0, "limit": size, **params})):
        data = page.get("data")
        if not isinstance(data, list):
            raise MalformedResponseError(f"The response for the list {path} has no field 'data' with its items.")
        found += data
        if limit is not None and len(found) >= limit:
            return found[:limit]
    return found


def unpaged_items(send: Callable[[Request], Response], path: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the items of a list that has no pages.

    :param send: sends a request and raises an error for an error response.
    :param path: path of the list.
    :param params: filters, with the field names of the API.
    :raises MalformedResponseError: if the response has no list of objects.
    """
    found = send(Request("GET", path, params=params)).object().get("data")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise MalformedResponseError(f"The list {path} cannot be used: its field 'data' is not a list of objects.")
    return found


def get_all_pages(send: Callable[[Request], Response], path: str) -> dict[str, Any]:
    """Return an object. Its paginated lists are complete.

    :param send: sends a request and raises an error for an error response.
    :param path: path of the object.
    :raises MalformedResponseError: see :func:`pages`.
    """
    first, *others = pages(send, Request("GET", path))
    for page in others:
        for name, value in page.items():
            if isinstance(value, list):
                first[name] = [*(first.get(name) or []), *value]
    return {**first, "next": None} if others else first
