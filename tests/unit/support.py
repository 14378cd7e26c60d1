"""Fakes and helpers for the unit tests."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.auth import Token
from datarobot_provider.client.client import DataRobotClient
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.request import Request, Response
from datarobot_provider.core.submission.record import STORE_KEY, SubmissionRecord
from datarobot_provider.jobs.model import JobRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ORIGIN = "https://datarobot.example"
TOKEN = "unit-test-token-0123456789"


def response(status: int = 200, body: Any = None, **headers: str) -> Response:
    """Return a response; ``retry_after="3"`` becomes the header ``retry-after``."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"content-type": "application/json", **names}, content)


class FakeApi:
    """Transport that returns scripted responses and stores the requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.closed = 0
        self._responses: dict[tuple[str, str], list[Any]] = defaultdict(list)

    def on(self, method: str, path: str, *responses: Any) -> None:
        """Set the responses of one route: responses, exceptions or functions. The last one is repeated."""
        self._responses[(method, path)] = list(responses)

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        responses = self._responses.get((request.method, request.path))
        if not responses:
            raise AssertionError(f"unexpected request {request.method} {request.path}")
        outcome = responses.pop(0) if len(responses) > 1 else responses[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome(request) if callable(outcome) else outcome

    def close(self) -> None:
        self.closed += 1

    def sent(self, method: str) -> list[Request]:
        """Return the requests with this method."""
        return [request for request in self.requests if request.method == method]

    def paths(self, method: str = "GET") -> list[str]:
        """Return the paths of the requests with this method."""
        return [request.path for request in self.sent(method)]

    def client(self) -> DataRobotClient:
        """Return a client with this transport."""
        return DataRobotClient(Endpoint(ORIGIN), Token(TOKEN), self)

    def asynchronous(self) -> AsyncFakeApi:
        """Return the asynchronous version of this transport."""
        return AsyncFakeApi(self)


class AsyncFakeApi:
    """Asynchronous version of :class:`FakeApi`."""

    def __init__(self, fake: FakeApi) -> None:
        self._fake = fake

    async def send(self, request: Request) -> Response:
        return self._fake.send(request)

    async def close(self) -> None:
        self._fake.close()


class FakeTaskInstance:
    """Task instance that stores XComs and counts attempts as Airflow does.

    :param retries: number of retries of the task.
    """

    def __init__(self, retries: int = 0) -> None:
        self.xcoms: dict[str, Any] = {}
        self.retries = retries
        self.try_number = 1
        self.max_tries = retries

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value

    def retry(self) -> None:
        """Begin the next attempt of the task."""
        self.try_number += 1
        self.xcoms.clear()

    def clear(self) -> None:
        """Clear the task, as ``clear_task_instances`` of Airflow does."""
        self.max_tries = self.try_number + self.retries
        self.retry()


class FakeStore:
    """Task state store of Airflow 3.3."""

    def __init__(self, **values: str) -> None:
        self.values = dict(values)
        self.history: list[tuple[str, str]] = []

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.values[key] = value
        self.history.append(("set", key))

    def delete(self, key: str) -> None:
        self.values.pop(key, None)
        self.history.append(("delete", key))


def remember(context: dict[str, Any], task: Any, made: Any) -> None:
    """Store the record of a finished attempt, and begin the next one."""
    SubmissionRecord.load_or_create(context, task).save_result(made)
    context["ti"].retry()


def remembered(store: FakeStore) -> list[Any]:
    """Return the content of the records of a task: jobs, other results, or ``None`` for a planned request."""
    calls = json.loads(store.values.get(STORE_KEY, '{"calls": []}'))["calls"]
    return [JobRef.loads(call["ref"]) if "ref" in call else call.get("done") for call in calls]


class FakeClock:
    """Clock that is advanced by ``sleep`` only."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextlib.contextmanager
def raw_server(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve connections with ``handle`` in a thread, one after the other; return the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                handle(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


def read_request(connection: socket.socket) -> bytes:
    """Read one complete HTTP request."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return received
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http_response(body: bytes = b"{}", status: str = "200 OK", length: int | None = None) -> bytes:
    """Return the bytes of an HTTP response."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """Return a port whose backlog is full, so that no connection is accepted."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def free_port() -> int:
    """Return a closed port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
