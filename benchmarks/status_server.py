"""A server that reports running jobs on the status routes of all clients, with little overhead, and counts requests.

It runs in a separate process: ``python -m benchmarks.status_server --pem PEM``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
from dataclasses import asdict, dataclass
from typing import cast

from benchmarks.subprocesses import print_ports
from harness.processes import LOCALHOST

_BACKLOG = 4096
_LIST = b"/api/v2/status/?limit=0"
_CHANGING = 100
#: The response of each status route, by a part of its path: the smallest one that its client interprets as running.
_RUNNING = {
    b"/dependencyBuild/": (b"200 OK", {"buildStatus": "processing", "buildStart": "2026-01-01T00:00:00.000000Z"}),
    b"/jobs/runs/get": (
        b"200 OK",
        {"run_id": 1, "state": {"life_cycle_state": "RUNNING", "result_state": "", "state_message": ""}},
    ),
    b"/api/v2/accounts/": (b"200 OK", {"data": {"id": 1, "status": 3}, "status": {"code": 200}}),
    b"/sensor": (b"404 Not Found", {}),
    b"/status/0": (b"200 OK", {"statusId": "0", "status": "RUNNING", "message": "", "code": 0}),
    b"/jobs/": (b"200 OK", {"jobId": 1, "status": "running", "jobType": "sync", "connectionId": "", "startTime": ""}),
}
_OTHER = (b"200 OK", {"access_token": "a", "token_type": "bearer", "expires_in": 86400})


@dataclass
class Counts:
    """The number of accepted TLS connections, of requests, of polls and lists among these; and of the listed jobs."""

    connections: int = 0
    requests: int = 0
    polls: int = 0
    lists: int = 0
    jobs: int = 0


class StatusProtocol(asyncio.Protocol):
    """Responds to the requests of one connection until the client closes it."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._seen = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection after its TLS handshake."""
        self._transport = cast("asyncio.Transport", transport)
        self._counts.connections += 1

    def data_received(self, data: bytes) -> None:
        """Respond to every complete request."""
        self._seen += data
        while (end := self._seen.find(b"\r\n\r\n")) >= 0:
            head, rest = self._seen[:end], self._seen[end + 4 :]
            length = _content_length(head)
            if len(rest) < length:
                return
            self._seen = rest[length:]
            self._counts.requests += 1
            self._transport.write(self._response(head.split(b" ", 2)[1]))

    def _response(self, path: bytes) -> bytes:
        if path.endswith(_LIST):
            self._counts.lists += 1
            return _http(b"200 OK", _status_list(self._counts.jobs, self._counts.lists))
        for part, response in _RESPONSES.items():
            if part in path:
                self._counts.polls += 1
                return response
        return _OTHER_RESPONSE


def _status_list(jobs: int, number: int) -> dict[str, object]:
    """Return the list of all status records. The messages of one in a hundred change with every response."""
    records = (
        {
            "statusId": f"{job:024x}",
            "status": "RUNNING",
            "message": f"step {number}" if (job + number) % _CHANGING == 0 else "",
            "description": "",
            "code": 0,
            "created": "2026-01-01T00:00:00.000000Z",
            "statusType": None,
            "type": None,
        }
        for job in range(jobs)
    )
    return {"data": list(records), "count": jobs, "next": None, "previous": None}


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _http(status: bytes, body: object) -> bytes:
    text = json.dumps(body).encode()
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text)


_RESPONSES = {part: _http(*response) for part, response in _RUNNING.items()}
_OTHER_RESPONSE = _http(*_OTHER)


async def serve(pem: str, jobs: int) -> None:
    """Serve until the process is stopped.

    :param pem: path of a PEM file with the certificate and its key.
    :param jobs: the number of jobs in the list of the status records.
    """
    counts = Counts(jobs=jobs)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def report(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps(asdict(counts)).encode())
        writer.close()

    loop = asyncio.get_running_loop()
    status = await loop.create_server(lambda: StatusProtocol(counts), LOCALHOST, 0, ssl=context, backlog=_BACKLOG)
    # Plain TCP and not counted, so that reading the counts does not change them.
    counter = await asyncio.start_server(report, LOCALHOST, 0)
    print_ports(port=status.sockets[0].getsockname()[1], counts_port=counter.sockets[0].getsockname()[1])
    await asyncio.gather(status.serve_forever(), counter.serve_forever())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pem", required=True)
    parser.add_argument("--jobs", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(serve(options.pem, options.jobs))
