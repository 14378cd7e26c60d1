"""The clients of the rows ``transfers`` and ``files``. Each uploads or downloads one model."""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import TOKEN
from benchmarks.waiting_clients import CA, PORT
from harness.processes import LOCALHOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Transfer = Callable[[Path], object]

PIECE = 1024 * 1024
MODEL, VERSION = "64f000000000000000000001", "64f000000000000000000002"


def endpoint() -> str:
    """Return the URL of the API."""
    return f"https://{LOCALHOST}:{os.environ[PORT]}/api/v2"


def _versions() -> str:
    return f"{endpoint()}/customModels/{MODEL}/versions/"


def files_of(folder: Path) -> list[Path]:
    """Return the files of a model, in a stable order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def ours_up() -> Transfer:
    """Upload as ``CreateVersionOperator`` does."""
    from datarobot_provider.client.folders import folder_files
    from datarobot_provider.client.version_upload import version_upload
    from datarobot_provider.hooks.datarobot import DataRobotHook

    return lambda folder: (
        DataRobotHook()
        .client.send(version_upload("POST", MODEL, [("isMajorUpdate", "true")], folder_files(str(folder))))
        .object()
    )


def ours_down() -> Transfer:
    """Download as ``DownloadVersionOperator`` does."""
    from datarobot_provider.client.download import Expected
    from datarobot_provider.client.request import Request
    from datarobot_provider.core.arguments.storage import StorageSink
    from datarobot_provider.hooks.datarobot import DataRobotHook

    def fetch(folder: Path) -> object:
        client = DataRobotHook().client
        request = Request("GET", f"customModels/{MODEL}/versions/{VERSION}/download/")
        downloader = client.downloader(lambda _: None, lambda _: None)
        return downloader.fetch(request, StorageSink(str(folder / "ours.zip")), Expected())

    return fetch


def official_up() -> Transfer:
    """Upload with DataRobot's own Python client."""
    import datarobot

    def send(folder: Path) -> object:
        datarobot.Client(endpoint=endpoint(), token=TOKEN, ssl_verify=os.environ[CA])
        return datarobot.CustomModelVersion.create_clean(MODEL, is_major_update=True, folder_path=str(folder))

    return send


def official_down() -> Transfer:
    """Download with DataRobot's own Python client."""
    import datarobot

    def fetch(folder: Path) -> object:
        datarobot.Client(endpoint=endpoint(), token=TOKEN, ssl_verify=os.environ[CA])
        return datarobot.CustomModelVersion.get(MODEL, VERSION).download(str(folder / "official.zip"))

    return fetch


class _Pieces:
    """A request body in pieces of 1 MiB, with which ``requests`` is fastest.

    :param head: the bytes before the file.
    :param file: the file.
    :param foot: the bytes after the file.
    """

    def __init__(self, head: bytes, file: Path, foot: bytes) -> None:
        self._head, self._file, self._foot = head, file, foot

    def __len__(self) -> int:
        return len(self._head) + self._file.stat().st_size + len(self._foot)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        with self._file.open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece
        yield self._foot


def requests_up() -> Transfer:
    """Upload one file with bare ``requests``."""
    import requests

    def send(folder: Path) -> object:
        (file,) = files_of(folder)
        head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'.encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "multipart/form-data; boundary=b"}
        body: Any = _Pieces(head, file, b"\r\n--b--\r\n")
        response = requests.post(_versions(), data=body, headers=headers, timeout=600)
        response.raise_for_status()
        return response.json()

    return send


def tls_up() -> Transfer:
    """Send the same number of bytes over plain TLS from memory, without files and without an HTTP library."""

    def send(folder: Path) -> object:
        size = sum(file.stat().st_size for file in files_of(folder))
        piece = memoryview(os.urandom(PIECE))
        context = ssl.create_default_context(cafile=os.environ[CA])
        with (
            socket.create_connection((LOCALHOST, int(os.environ[PORT]))) as plain,
            context.wrap_socket(plain, server_hostname=LOCALHOST) as wire,
        ):
            wire.sendall(f"POST /api/v2/ HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode())
            for left in range(size, 0, -PIECE):
                wire.sendall(piece[:left])
            return wire.recv(PIECE)

    return send


def curl_up(folder: Path) -> list[str]:
    """Return the command that uploads with curl."""
    form = ["-F", "isMajorUpdate=true"]
    for file in files_of(folder):
        form += ["-F", f"file=@{file};type=application/octet-stream", "-F", f"filePath={file.relative_to(folder)}"]
    return [*_curl(), *form, "-o", os.devnull, _versions()]


def curl_down(folder: Path) -> list[str]:
    """Return the command that downloads with curl."""
    return [*_curl(), "-o", str(folder / "curl.zip"), f"{_versions()}{VERSION}/download/"]


def _curl() -> list[str]:
    return ["curl", "-sS", "--fail", "--cacert", os.environ[CA], "-H", f"Authorization: Bearer {TOKEN}"]


#: For each client and direction: a factory of the function that transfers the model, or of the command.
IN_PROCESS: dict[tuple[str, str], Callable[[], Transfer]] = {
    ("ours", "upload"): ours_up,
    ("ours", "download"): ours_down,
    ("official", "upload"): official_up,
    ("official", "download"): official_down,
    ("requests", "upload"): requests_up,
    ("tls", "upload"): tls_up,
}
COMMANDS: dict[tuple[str, str], Callable[[Path], list[str]]] = {
    ("curl", "upload"): curl_up,
    ("curl", "download"): curl_down,
}
