"""The kinds of requests that the operations of the API consist of; each takes a path below ``/api/v2/``."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from datarobot_provider.client import pagination
from datarobot_provider.client.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.client.request import Response


class Operations:
    """Requests with JSON in and JSON out."""

    @abstractmethod
    def send(self, request: Request) -> Response:
        """Send a request."""

    def request(self, method: str, path: str, json: Any = None, params: Mapping[str, Any] | None = None) -> Response:
        """Send a request and return its response.

        :param method: HTTP method.
        :param path: path below ``/api/v2/``.
        :param json: JSON body, in the API's names.
        :param params: query parameters; ``None`` as a value means not set.
        :raises ApiError: if the API responds with an error.
        :raises TransportError: if there is no response.
        """
        return self.send(Request(method, path, params=params or {}, json=json))

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return one object."""
        return self.request("GET", path, params=params).object()

    def get_all_pages(self, path: str) -> dict[str, Any]:
        """Return one object whose lists are paginated; the lists are complete."""
        return pagination.get_all_pages(self.send, path)

    def items(
        self,
        path: str,
        filters: Mapping[str, Any] | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return the entries of a list.

        :param path: path of the list.
        :param filters: query parameters; ``None`` as a value means not set.
        :param limit: maximum number of entries; default ``None``: all of them.
        :param page_size: entries for each request; default 100.
        """
        size = page_size or pagination.PAGE_SIZE
        return pagination.items(self.send, path, filters or {}, limit=limit, page_size=size)

    def unpaged_items(self, path: str, filters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the entries of a list that has no pages.

        :param path: path of the list.
        :param filters: query parameters.
        """
        return pagination.unpaged_items(self.send, path, filters or {})
