"""Following ``next`` through a list, without ever leaving the connection's host or running in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.endpoint import api_path
from datarobot_provider.client.request import Request, Response
from datarobot_provider.exceptions import MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


PAGE_SIZE = 100


def pages(send: Callable[[Request], Response], first: Request) -> Iterator[dict[str, Any]]:
    """Yield every page of a list, the first one included.

    :param send: sends a request and raises for an error response.
    :param first: the request of the first page.
    :raises MalformedResponseError: if ``next`` is not a route of the API, or comes back to a page already seen.
    """
    seen = {first.path}
    page = send(first).object()
    yield page
    while page.get("next"):
        path = api_path(str(page["next"]))
        if path is None or path in seen:
            fault = "leads nowhere" if path is None else "leads in a circle"
            raise MalformedResponseError(f"The list {first.path} cannot be read to its end: 'next' {fault}.")
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
    """Return the entries of a list, page by page.

    :param send: sends a request and raises for an error response.
    :param path: the list.
    :param params: its filters, in the API's names; ``None`` means not set.
    :param limit: most entries to return; ``None`` for all.
    :param page_size: most entries to ask for at once.
    :raises MalformedResponseError: see :func:`pages`.
    """
    size = page_size if limit is None else min(limit, page_size)
    found: list[dict[str, Any]] = []
    for page in pages(send, Request("GET", path, params={"offset": 0, "limit": size, **params})):
        data = page.get("data")
        if not isinstance(data, list):
            raise MalformedResponseError(f"The response has no 'data', which the entries of {path} should stand in.")
        found += data
        if limit is not None and len(found) >= limit:
            return found[:limit]
    return found


def get_all_pages(send: Callable[[Request], Response], path: str) -> dict[str, Any]:
    """Return an object, the lists in it put together from all its pages.

    :param send: sends a request and raises for an error response.
    :param path: the object.
    :raises MalformedResponseError: see :func:`pages`.
    """
    first, *others = pages(send, Request("GET", path))
    for page in others:
        for name, value in page.items():
            if isinstance(value, list):
                first[name] = [*(first.get(name) or []), *value]
    return {**first, "next": None} if others else first
