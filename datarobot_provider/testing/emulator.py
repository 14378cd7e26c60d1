"""The emulator as the fixture ``datarobot_emulator`` returns it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datarobot_provider.emulator import running
from datarobot_provider.emulator.store.seed_loader import DEFAULT_SEED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from datarobot_provider.emulator import Emulator

#: Factor on the duration of jobs: a dependency build takes 70 ms instead of 14 s.
TIME_SCALE = 0.005

Json = dict[str, Any]


class DataRobotEmulator:
    """A running emulator of the DataRobot API.

    :param server: the emulator.
    """

    def __init__(self, server: Emulator) -> None:
        self._server = server

    @property
    def endpoint(self) -> str:
        """The URL of the API, such as ``http://127.0.0.1:40123/api/v2``."""
        return self._server.endpoint

    @property
    def token(self) -> str:
        """The API token that the emulator accepts."""
        return self._server.token

    @property
    def connection(self) -> str:
        """The Airflow connection to the emulator, as the value of an environment variable ``AIRFLOW_CONN_…``."""
        return json.dumps({"conn_type": "datarobot", "host": self.endpoint, "password": self.token})

    def requests(self, method: str | None = None, path: str | None = None) -> list[Json]:
        """Return the requests that the API received, oldest first.

        :param method: an HTTP method; default ``None``: all.
        :param path: a regular expression that the path matches; default ``None``: all.
        :returns: objects with ``method``, ``path``, ``query`` and ``status``, among others.
        """
        query = urlencode({name: value for name, value in (("method", method), ("path", path)) if value})
        rows: list[Json] = self.control("GET", f"requests?{query}")["data"]
        return rows

    def jobs(self, kind: str | None = None) -> list[Json]:
        """Return the jobs that were started, oldest first.

        :param kind: the kind of job, such as ``model_test``; default ``None``: all.
        :returns: objects with ``kind``, ``ids``, ``state`` and ``active``, among others.
        """
        rows: list[Json] = self.control("GET", "jobs")["data"]
        return [row for row in rows if kind in (None, row["kind"])]

    def fail_next(self, kind: str, reason: str, **target: str) -> None:
        """Let the next job of a kind fail.

        :param kind: the kind of job, such as ``dependency_build``, ``model_test`` or ``feature_impact``.
        :param reason: the reason that DataRobot reports.
        :param target: ``customModelId`` or ``customModelVersionId``: only a job of this model or version fails.
        """
        self.outcome(kind, "failed", message=reason, **target)

    def outcome(self, kind: str, outcome: str, **fields: Any) -> None:
        """Set the outcome of the next jobs of a kind.

        :param kind: the kind of job.
        :param outcome: ``succeeded``, ``failed``, ``warning``, ``cancelled``, ``expired``, ``unknown`` or ``stuck``.
        :param fields: other fields of ``POST outcomes``, such as ``times`` and ``seconds``.
        """
        self.control("POST", "outcomes", {"kind": kind, "outcome": outcome, **fields})

    def fault(self, method: str | None = None, path: str | None = None, **fields: Any) -> None:
        """Inject a fault into the next requests.

        :param method: the HTTP method of the requests; default ``None``: all.
        :param path: a regular expression that the path matches; default ``None``: all.
        :param fields: other fields of ``POST faults``, such as ``status=503``, ``cut="after"`` and ``times=2``.
        """
        named = {name: value for name, value in (("method", method), ("path", path)) if value is not None}
        self.control("POST", "faults", {**named, **fields})

    def seed(self, **entries: list[Json]) -> None:
        """Add resources.

        :param entries: lists of entries by kind, as in ``seed.json``: ``datasets``, ``environments``,
            ``customModels``, among others.
        """
        self.control("POST", "seed", entries)

    def reset(self) -> None:
        """Remove all resources, jobs, outcomes, faults and recorded requests, and load the seed again."""
        self.control("POST", "reset")

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request to the control API of the emulator.

        :param method: the HTTP method.
        :param path: the path below ``/__emulator__/``.
        :param body: the JSON body; default ``None``: no body.
        :returns: the decoded response, or ``None`` if it has no body.
        :raises RuntimeError: if the status is not 2xx; the message contains the response.
        """
        return self._server.control(method, path, body)


@contextmanager
def running_emulator() -> Iterator[DataRobotEmulator]:
    """Run an emulator with the default seed in a thread, on a free port, for the duration of a ``with`` block."""
    with running(seed=DEFAULT_SEED, time_scale=TIME_SCALE) as server:
        yield DataRobotEmulator(server)
