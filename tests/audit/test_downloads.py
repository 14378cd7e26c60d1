"""Downloads that are redirected to a signed address on another host, which responds in different ways."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from datarobot_provider.operators.prediction_server_image import DownloadPredictionServerImageOperator
from datarobot_provider.operators.versions import DownloadVersionOperator
from tests.audit.conftest import CANARY, SECRETS
from tests.audit.echoes import ECHOES, echo
from tests.pairwise import axis, pairwise
from tests.support.proxy import Received, Response
from tests.unit.support import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.audit.conftest import AuditedRun

SIGNATURE = SECRETS["signature of a download"]
CONTENT = CANARY.encode() * 100_000
DOWNLOADS = (DownloadPredictionServerImageOperator, DownloadVersionOperator)
EVERY_DOWNLOAD = pytest.mark.parametrize("kind", DOWNLOADS)
IDS = {"custom_model_id": "m", "custom_model_version_id": "v"}


def signed(host: str, name: str = "file") -> str:
    """Return a signed address like that of a storage."""
    return f"{host}/{CANARY}/{name}?X-Amz-Date=1&X-Amz-Signature={quote(SIGNATURE, safe='')}&last=1"


@pytest.fixture
def download(audited: AuditedRun, run_and_search, tmp_path) -> Callable[..., dict[str, bytes]]:
    """Return a function that downloads from a signed address, and returns the files of the target folder."""

    def run(kind: type, host: str | None = None) -> dict[str, bytes]:
        def rule(received: Received) -> Response:
            if received.target.endswith("/metadata/"):
                metadata = {"imageSize": len(CONTENT), "hash": hashlib.sha256(CONTENT).hexdigest()}
                body = json.dumps({**metadata, "filename": "../../../evil"}).encode()
                return Response(200, {"Content-Type": "application/json"}, body)
            return Response(302, {"Location": signed(host or audited.foreign_host.url)}, received.raw())

        audited.proxy.respond = rule
        arguments = IDS if kind is DownloadVersionOperator else {}
        run_and_search(kind, target=str(tmp_path / "inner" / "target"), **arguments)
        return {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.*")} | {
            path.name: path.read_bytes() for path in tmp_path.rglob("target")
        }

    return run


@EVERY_DOWNLOAD
@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/evil", "C:\\evil", "..\\evil", "a\0b", "x" * 5000], ids=lambda name: name[:10]
)
def test_the_file_name_of_a_response_is_ignored(audited, download, kind, name):
    header = f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}".replace("\0", "%00")
    audited.foreign_host.respond = lambda _: Response(200, {"Content-Disposition": header}, CONTENT)
    assert download(kind) == {"target": CONTENT}


@pairwise(
    kind=axis(DOWNLOADS, lambda kind: kind.__name__),
    status=axis((400, 403, 404, 429, 500, 503), kind=lambda status: status in {400, 403, 404}),
    style=axis(ECHOES),
)
def test_a_storage_that_rejects_and_echoes(audited, download, kind, style, status):
    audited.foreign_host.respond = echo(style, status)
    assert download(kind) == {}


@EVERY_DOWNLOAD
@pytest.mark.parametrize("cut", [0, 1000])
def test_a_storage_that_cuts_the_connection(audited, download, kind, cut):
    audited.foreign_host.respond = lambda _: Response(200, {}, CONTENT, cut=cut)
    assert download(kind) == {}


@EVERY_DOWNLOAD
def test_a_storage_that_is_cut_once(audited, download, kind):
    responses = iter([Response(200, {}, CONTENT, cut=1000)])
    audited.foreign_host.respond = lambda _: next(responses, Response(200, {}, CONTENT))
    assert download(kind) == {"target": CONTENT}


@EVERY_DOWNLOAD
def test_a_storage_that_refuses_connections(download, kind):
    assert download(kind, f"http://localhost:{free_port()}") == {}


@EVERY_DOWNLOAD
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_storage_that_redirects_endlessly(audited, download, kind, status):
    audited.foreign_host.respond = lambda _: Response(status, {"Location": signed(audited.foreign_host.url, "again")})
    assert download(kind) == {}


@EVERY_DOWNLOAD
@pytest.mark.parametrize("location", ["ftp://host/file?", "file:///etc/passwd?", "http://[broken/?", "//?", ""])
def test_a_storage_that_redirects_to_an_invalid_location(audited, download, kind, location):
    where = location + f"X-Amz-Signature={quote(SIGNATURE, safe='')}" if location else ""
    audited.foreign_host.respond = lambda _: Response(302, {"Location": where} if where else {})
    assert download(kind) == {}


def test_an_image_longer_than_announced_is_not_read_completely(audited, download):
    audited.foreign_host.respond = lambda _: Response(200, {}, CONTENT * 20)
    assert download(DownloadPredictionServerImageOperator) == {}
