"""Faults that the control API injects: error responses, delays and aborted connections."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

_ids = itertools.count(1)


@dataclass
class Fault:
    """A fault that is injected into requests.

    :param method: the HTTP method of the requests, or None for all.
    :param path: a regular expression to search for in the path, or None for all paths.
    :param times: the number of requests to affect, or None for an unlimited number.
    :param after: the number of matching requests to leave unaffected first.
    :param status: the status of the error response, or None for no error response.
    :param retry_after: the Retry-After header of the error response.
    :param body: the body of the error response.
    :param content_type: the content type of the error response.
    :param cut: when to abort the connection: ``before`` or ``after`` handling the request, or ``inside`` the response.
    :param delay: the seconds to wait before the request is handled.
    :param apply: whether the request is handled although the response is an error.
    """

    method: str | None = None
    path: str | None = None
    times: int | None = 1
    after: int = 0
    status: int | None = None
    retry_after: str | None = None
    body: Any = None
    content_type: str = "application/json"
    cut: str | None = None
    delay: float = 0.0
    apply: bool = False
    id: str = field(default_factory=lambda: f"fault-{next(_ids)}")

    def matches(self, method: str, path: str) -> bool:
        """Return whether the fault affects a request and is not used up."""
        if self.times == 0 or (self.method and self.method != method):
            return False
        return self.path is None or re.search(self.path, path) is not None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of the control API. ``remaining`` is null for an unlimited fault."""
        return {
            "id": self.id,
            "method": self.method,
            "path": self.path,
            "remaining": self.times,
            "after": self.after,
            "status": self.status,
            "retryAfter": self.retry_after,
            "body": self.body,
            "contentType": self.content_type,
            "cut": self.cut,
            "delay": self.delay,
            "apply": self.apply,
        }


class Faults:
    """The injected faults, oldest first."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that affects a request and count it as used, or return None."""
        for fault in self.all:
            if not fault.matches(method, path):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None
