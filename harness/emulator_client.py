"""The resources, jobs and requests of an emulator."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from datarobot_provider.emulator import Emulator
from datarobot_provider.testing.emulator import DataRobotEmulator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = dict[str, Any]
PAGE = 100
TIMEOUT = 30.0
#: Start of the provider's User-Agent.
PROVIDER = "airflow-provider-datarobot"
ID = re.compile(r"[0-9a-f]{24}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORD = re.compile(r"[\w-]+")
#: What the pipeline creates once for each model: the columns of the report, and for jobs their kind in the emulator.
RESOURCES = ("models", "versions", "guarded")
JOBS = {
    "training data": "training_data",
    "builds": "dependency_build",
    "tests": "model_test",
    "impacts": "feature_impact",
}


@dataclass
class Created:
    """What was created for one model.

    :param names: the name of the model, and the ids that belong to it.
    :param counts: the number of resources and jobs of each type.
    """

    names: set[str]
    counts: Counter[str] = field(default_factory=Counter)


class EmulatorClient(DataRobotEmulator):
    """Client of an emulator in another process: of its control API, and of the emulated API.

    It shares no code with the client of the provider.

    :param endpoint: URL of the API.
    :param token: an API token that the emulator accepts.
    """

    def __init__(self, endpoint: str, token: str) -> None:
        self.url = endpoint.removesuffix("/api/v2")
        super().__init__(Emulator(self.url, token))
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, **options: Any) -> Json:
        """Send a valid request to the API; return the JSON of its response, and its ``location``."""
        url = f"{self.endpoint}/{path}"
        response = self._session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)
        if not response.ok:
            raise requests.HTTPError(f"{method} {url}: {response.status_code} {response.text[:300]}", response=response)
        return {"location": response.headers.get("Location"), **(response.json() if response.content else {})}

    def entries(self, path: str, **query: str) -> list[Json]:
        """Return all entries of a list of the API."""
        found: list[Json] = []
        while True:
            page = self.send("GET", path, params={"limit": PAGE, "offset": len(found), **query})
            found += page["data"]
            if page.get("next") is None:
                return found

    def provider_requests(self) -> list[Json]:
        """Return the requests that the provider has sent."""
        return [each for each in self.requests() if each["userAgent"].startswith(PROVIDER)]

    def models(self) -> dict[str, str]:
        """Return all custom models: id -> name."""
        return {each["id"]: each["name"] for each in self.entries("customModels/")}

    def created(self) -> dict[str, Created]:
        """Return what was created for each model, by model name. Only resources that the API lists are counted."""
        jobs, found = self.jobs(), dict[str, Created]()
        for model_id, name in self.models().items():
            created = found.setdefault(name, Created({name}))
            created.names.add(model_id)
            created.counts["models"] += 1
            for version in self.entries(f"customModels/{model_id}/versions/"):
                created.names.add(version["id"])
                guards = self.entries("guardConfigurations/", entityType="customModelVersion", entityId=version["id"])
                created.counts["guarded" if guards else "versions"] += 1
            for job in jobs:
                if model_id in job["ids"].values():
                    created.names |= set(job["ids"].values())
                    created.counts.update(column for column, kind in JOBS.items() if kind == job["kind"])
        return found


def requests_by_model(log: Iterable[Json], created: Mapping[str, Created]) -> tuple[Counter[str], int]:
    """Return the number of requests related to each model, and of those related to no single model.

    A request is related to a model if its path or query contains the name of the model, or an id that belongs to no
    other model.
    """
    owners: dict[str, str] = {}
    shared = Counter(each for model in created.values() for each in model.names)
    for name, model in created.items():
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
    """Return the number of requests of each route: the method and the path, with ``ID`` in place of every id."""
    return Counter(f"{each['method']} {ID.sub('ID', each['path'])}" for each in log)
