"""Faults ordered through the control API: error responses, slow responses and connections that are cut."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

_ids = itertools.count(1)


@dataclass
class Fault:
    """One ordered fault: which requests it meets, how often, and what it does to them."""

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

    def meets(self, method: str, path: str) -> bool:
        """Return whether the fault is about such a request and not used up."""
        if self.times == 0 or (self.method and self.method != method):
            return False
        return self.path is None or re.search(self.path, path) is not None

    def view(self) -> dict[str, Any]:
        """Return the fault as the control API lists it; `remaining` is null for one that lasts for ever."""
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
    """The faults in the order in which they were ordered."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that strikes this request, or None, and count it."""
        for fault in self.all:
            if not fault.meets(method, path):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None
