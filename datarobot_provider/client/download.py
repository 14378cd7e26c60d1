"""Downloads: streamed, hashed on the way, resumed after a cut, and under their final name only when complete."""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol
from urllib.parse import urljoin, urlsplit

from datarobot_provider.client.auth import redacted, signatures
from datarobot_provider.client.body import UnreadableBodyError, content_length, decompressed
from datarobot_provider.client.endpoint import api_path, is_host
from datarobot_provider.client.errors import error_from
from datarobot_provider.client.progress import Progress
from datarobot_provider.client.request import Request, Response
from datarobot_provider.exceptions import (
    ApiError,
    DownloadError,
    InputError,
    MalformedResponseError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import requests

    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.client import SyncSender

#: Read at once, in bytes. Memory for larger pieces comes from the system anew for each, which costs more than it saves.
_PIECE = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 3
_RESUMES = 5
_PARTIAL = 206
_OK = 200
_FIRST_ERROR = 400


class Sink(Protocol):
    """Where a download goes: a temporary name first, the final one at the end."""

    def open(self) -> BinaryIO:
        """Open the temporary file for writing."""

    def commit(self) -> str:
        """Move it to its final name, which is returned."""

    def discard(self) -> None:
        """Remove it."""


@dataclass(frozen=True)
class Expected:
    """What a download must turn out to be.

    :param size: bytes.
    :param sha256: hash, hexadecimal.
    """

    size: int | None = None
    sha256: str | None = None


class _Arriving(Progress):
    """What has arrived so far, and of what."""

    etag: str | None = None
    #: Whether the server packs the file on the way, though it was asked not to.
    is_packed: bool = False


class _Discreet(logging.Filter):
    """Has the HTTP library write no signature into its own log, which not every console of Airflow's masks."""

    LOGGERS = ("urllib3.connectionpool", "urllib3.connection")

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, freed of what is secret."""
        record.msg, record.args = self._redact(record.getMessage()), ()
        # The headers that could not be read stand in the traceback.
        record.exc_info = None
        return True

    def __enter__(self) -> None:
        for name in self.LOGGERS:
            logging.getLogger(name).addFilter(self)

    def __exit__(self, *_: object) -> None:
        for name in self.LOGGERS:
            logging.getLogger(name).removeFilter(self)


class Downloader:
    """Fetches one file.

    :param transport: sends the requests.
    :param token: the API token, kept out of every text.
    :param tell: takes lines for the task log.
    :param conceal: takes texts that must not show in a log: a signed URL lets anybody in.
    """

    def __init__(
        self,
        transport: SyncSender,
        token: Token,
        report: Callable[[str], None],
        mask: Callable[[str], None],
    ) -> None:
        self._transport = transport
        self._token = token
        self._tell = report
        self._conceal = mask
        self._signatures: set[str] = set()

    def fetch(self, request: Request, sink: Sink, expected: Expected) -> dict[str, Any]:
        """Download the response of ``request`` into ``sink``.

        :returns: ``{"path", "size", "sha256"}``.
        :raises ApiError: if the API refuses it.
        :raises TransportError: if the connection breaks off too often.
        :raises DownloadError: if size or hash are wrong; what is longer than announced is not read to its end.
        :raises InputError: if it cannot be written, for one because the disk is full.
        """
        progress = _Arriving("Downloaded", self._tell)
        with _Discreet(self._redacted):
            return self._saved(self._pieces(request, progress), progress, sink, expected)

    def save(self, body: bytes, sink: Sink, expected: Expected) -> dict[str, Any]:
        """Write a body that is there already into ``sink``, with the same checks.

        :returns: ``{"path", "size", "sha256"}``.
        :raises DownloadError: if size or hash are wrong.
        :raises InputError: if it cannot be written.
        """
        progress = _Arriving("Saved", self._tell)
        progress.add(len(body))
        return self._saved(iter((body,)), progress, sink, expected)

    @staticmethod
    def _saved(pieces: Iterator[bytes], progress: _Arriving, sink: Sink, expected: Expected) -> dict[str, Any]:
        digest, path = hashlib.sha256(), None
        try:
            with sink.open() as file:
                for piece in pieces:
                    _check_size(progress, expected)
                    file.write(piece)
                    digest.update(piece)
            _verify(progress, digest.hexdigest(), expected)
            path = sink.commit()
            progress.end()
        except TransportError as error:
            # The error of the library below has the whole address in its text, the signature included.
            error.__context__ = None
            raise
        except OSError as error:
            raise InputError(f"The download could not be written: {error.strerror or error}.") from None
        finally:
            if path is None:
                sink.discard()
        return {"path": path, "size": progress.size, "sha256": digest.hexdigest()}

    def _pieces(self, request: Request, progress: _Arriving) -> Iterator[bytes]:
        """Yield the body, asking for the rest after a cut."""
        resumes = 0
        while True:
            before = progress.size
            try:
                yield from self._attempt(request, progress)
            except (TransportError, ApiError) as error:
                # Only cuts in a row count: one that comes after some progress is no loop.
                resumes = resumes + 1 if progress.size == before else 1
                if resumes > _RESUMES or not error.retryable:
                    raise
                self._tell(f"Cut off after {progress.size:,} bytes, going on from there: {error}")
                time.sleep(min(2.0**resumes, 30.0) / 4)
            else:
                return

    def _attempt(self, request: Request, progress: _Arriving) -> Iterator[bytes]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        # Of a packed file only the server knows where to go on: it is begun anew, and what is there already is skipped.
        if progress.size and not progress.is_packed:
            headers["Range"] = f"bytes={progress.size}-"
        with self._opened(request, headers) as response:
            skip = _skip(response, progress)
            for piece in _content(response):
                rest = piece[skip:]
                skip = max(0, skip - len(piece))
                if rest:
                    progress.add(len(rest))
                    yield rest
        if progress.total is not None and progress.size < progress.total:
            raise TransportError("The response was shorter than announced.", reason="lost", sent=True)

    @contextmanager
    def _opened(self, request: Request, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        """Open the response, following redirects; without the token where they lead away from the API."""
        with self._transport.stream(request, headers) as first:
            if first.status_code not in _REDIRECTS:
                yield self._checked(first, request)
                return
            home, url = first.url, _target(first.url, first.headers.get("Location"))
        for _ in range(_MAX_REDIRECTS):
            self._hide(url)
            with self._followed(request, home, url, headers) as response:
                if response.status_code not in _REDIRECTS:
                    yield self._checked(response, request)
                    return
                url = _target(response.url, response.headers.get("Location"))
        raise MalformedResponseError(f"The download of {request.path} was redirected too often.")

    def _followed(
        self, request: Request, home: str, url: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[requests.Response]:
        path = api_path(url)
        if path and urlsplit(url)[:2] == urlsplit(home)[:2]:
            return self._transport.stream(Request("GET", path), headers)
        return self._transport.stream_url(request, url, headers)

    def _hide(self, url: str) -> None:
        """Keep what makes an address secret out of the logs, and out of what its server says about it."""
        for part in signatures(url):
            self._signatures.add(part)
            self._conceal(part)

    def _redacted(self, text: str) -> str:
        return redacted(self._token.redact(text), sorted(self._signatures, key=len, reverse=True))

    def _checked(self, response: requests.Response, request: Request) -> requests.Response:
        if response.status_code in (_OK, _PARTIAL):
            return response
        # Storages like to tell the signature that they refuse. Nothing of it gets as far as the error.
        headers = {name.lower(): self._redacted(value) for name, value in response.headers.items()}
        body = next(_content(response), b"").decode("utf-8", errors="replace")
        if response.status_code < _FIRST_ERROR:
            raise MalformedResponseError(f"The download of {request.path} answered {response.status_code}.")
        refusal = Response(response.status_code, headers, self._redacted(body).encode())
        raise error_from(refusal, request, self._redacted, self._token.source)


def _content(response: requests.Response) -> Iterator[bytes]:
    """Yield the body piece by piece, unpacked.

    :raises TransportError: if it cannot be unpacked.
    """
    try:
        yield from decompressed(
            response.raw.stream(_PIECE, decode_content=False), response.headers.get("Content-Encoding")
        )
    except UnreadableBodyError:
        raise TransportError("The response cannot be unpacked.", reason="lost", sent=True) from None


def _skip(response: requests.Response, progress: _Arriving) -> int:
    """Take note of what a response announces; return how many of its first bytes are there already."""
    etag = response.headers.get("ETag")
    if progress.size and progress.etag and etag and etag != progress.etag:
        raise DownloadError("The file changed on the server while it was downloaded.")
    progress.etag = progress.etag or etag
    length = content_length(response.headers.get("Content-Length"))
    partial = response.status_code == _PARTIAL
    progress.is_packed = response.headers.get("Content-Encoding", "identity").lower() != "identity"
    if progress.is_packed:
        # What is announced is the size of the packed file.
        progress.total = None
    elif length is not None:
        progress.total = length + (progress.size if partial else 0)
    return 0 if partial else progress.size


def _target(base: str, location: str | None) -> str:
    try:
        url = urljoin(base, location or "")
        parts = urlsplit(url)
        safe = parts.scheme in ("http", "https") and is_host(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        safe = False
    if not location or not safe or (urlsplit(base).scheme == "https" and parts.scheme == "http"):
        raise MalformedResponseError("The download was redirected to an address that is not safe to follow.")
    return url


def _check_size(progress: _Arriving, expected: Expected) -> None:
    """Stop a download that has no end before it fills the disk."""
    if expected.size is not None and progress.size > expected.size:
        raise DownloadError(f"The download has more than the {expected.size:,} bytes that were announced.")


def _verify(progress: _Arriving, sha256: str, expected: Expected) -> None:
    if expected.size is not None and progress.size != expected.size:
        raise DownloadError(f"The download has {progress.size:,} bytes; {expected.size:,} were announced.")
    if expected.sha256 is not None and sha256 != expected.sha256.lower():
        raise DownloadError(f"The download's SHA-256 is {sha256}; {expected.sha256} was announced.")
