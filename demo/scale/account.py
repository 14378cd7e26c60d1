"""The DataRobot account as the emulator knows it: what was made there, and by which requests."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.emulator import Emulator

Json = dict[str, Any]
PAGE = 100
TIMEOUT = 30.0
#: How the provider introduces itself; what this module asks does not count.
PROVIDER = "airflow-provider-datarobot"
ID = re.compile(r"[0-9a-f]{24}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORD = re.compile(r"[\w-]+")
#: What a pipeline makes for each model, once: a column of the table, and for jobs their kind.
ENTITIES = ("models", "versions", "guarded")
JOBS = {
    "training data": "training_data",
    "builds": "dependency_build",
    "tests": "model_test",
    "impacts": "feature_impact",
}


@dataclass
class Made:
    """What exists of one model: the ids by which requests name it, and how many of each thing."""

    names: set[str]
    counts: Counter[str] = field(default_factory=Counter)


class Account:
    """One emulator's account."""

    def __init__(self, emulator: Emulator) -> None:
        self._api, self._control = emulator.endpoint, emulator.control
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {emulator.token}"

    def jobs(self) -> list[Json]:
        """Return all jobs, oldest first: ``kind``, ``ids``, ``active``, ``created``."""
        found: list[Json] = self._get(f"{self._control}/jobs")["data"]
        return found

    def requests(self) -> list[Json]:
        """Return the provider's requests so far."""
        found = self._get(f"{self._control}/requests")["data"]
        return [each for each in found if each["userAgent"].startswith(PROVIDER)]

    def models(self) -> dict[str, str]:
        """Return all custom models: id -> name."""
        return {each["id"]: each["name"] for each in self._rows("customModels/")}

    def made(self) -> dict[str, Made]:
        """Return what was made for each model, by its name. Only what the API lists is counted."""
        jobs, found = self.jobs(), dict[str, Made]()
        for model_id, name in self.models().items():
            made = found.setdefault(name, Made({name}))
            made.names.add(model_id)
            made.counts["models"] += 1
            for version in self._rows(f"customModels/{model_id}/versions/"):
                made.names.add(version["id"])
                guards = self._rows("guardConfigurations/", entityType="customModelVersion", entityId=version["id"])
                made.counts["guarded" if guards else "versions"] += 1
            for job in jobs:
                if model_id in job["ids"].values():
                    made.names |= set(job["ids"].values())
                    made.counts.update(column for column, kind in JOBS.items() if kind == job["kind"])
        return found

    def _rows(self, path: str, **query: str) -> list[Json]:
        found: list[Json] = []
        while True:
            page = self._get(f"{self._api}/{path}", limit=PAGE, offset=len(found), **query)
            found += page["data"]
            if page.get("next") is None:
                return found

    def _get(self, url: str, **query: Any) -> Json:
        response = self._session.get(url, params=query, timeout=TIMEOUT)
        response.raise_for_status()
        body: Json = response.json()
        return body


def requests_by_model(log: Iterable[Json], made: Mapping[str, Made]) -> tuple[Counter[str], int]:
    """Return how many requests name each model, and how many name none.

    A request names a model by its name or by the id of something that belongs to it alone, in the path or the query.
    """
    owners: dict[str, str] = {}
    shared = Counter(each for model in made.values() for each in model.names)
    for name, model in made.items():
        owners.update({each: name for each in model.names if shared[each] == 1})
    named: Counter[str] = Counter()
    others = 0
    for request in log:
        words = WORD.findall(f"{request['path']} {request['query']}")
        owner = next((owners[word] for word in words if word in owners), None)
        if owner is None:
            others += 1
        else:
            named[owner] += 1
    return named, others


def requests_by_route(log: Iterable[Json]) -> Counter[str]:
    """Return how often each route was called: the method and the path, with ``ID`` for every id."""
    return Counter(f"{each['method']} {ID.sub('ID', each['path'])}" for each in log)
