"""Downloads that are streamed, verified, and resumed after a lost connection."""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from datarobot_provider.client.auth import redact_text, url_signatures
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
    from datarobot_provider.client.protocols import Sink, SyncSender

#: Size of a chunk, in bytes. For larger chunks, malloc gets new memory from the system each time, which is slower.
_CHUNK_SIZE = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 3
_RESUMES = 5
_PARTIAL = 206
_OK = 200
_FIRST_ERROR = 400


@dataclass(frozen=True)
class Expected:
    """Expected properties of a download. A property that is ``None`` is not checked.

    :param size: size in bytes, default ``None``.
    :param sha256: SHA-256 in hexadecimal, default ``None``.
    """

    size: int | None = None
    sha256: str | None = None


class _DownloadProgress(Progress):
    """Progress of a download and the properties of the file that the server reported."""

    etag: str | None = None
    #: Whether the server compresses the body, although the request forbids it.
    is_compressed: bool = False


class _RedactingFilter(logging.Filter):
    """Removes secrets from the log of the HTTP library. Not every console of Airflow masks them."""

    LOGGERS = ("urllib3.connectionpool", "urllib3.connection")

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the message of every record."""
        record.msg, record.args = self._redact(record.getMessage()), ()
        # The traceback contains the headers that could not be parsed.
        record.exc_info = None
        return True

    def __enter__(self) -> None:
        for name in self.LOGGERS:
            logging.getLogger(name).addFilter(self)

    def __exit__(self, *_: object) -> None:
        for name in self.LOGGERS:
            logging.getLogger(name).removeFilter(self)


class Downloader:
    """Downloads files.

    :param transport: the transport that sends the requests.
    :param token: the API token, which is redacted in errors and logs.
    :param report: called with lines for the task log.
    :param mask: called with strings that must be masked in logs, such as the signature of a signed URL.
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
        self._report = report
        self._mask = mask
        self._signatures: set[str] = set()

    def fetch(self, request: Request, sink: Sink, expected: Expected) -> dict[str, Any]:
        """Send ``request`` and write the body of its response to ``sink``.

        :returns: ``{"path", "size", "sha256"}``.
        :raises ApiError: if the API responds with an error.
        :raises TransportError: if the connection is lost too often.
        :raises DownloadError: if size or hash differ from ``expected``. A body that is too long is not read to its end.
        :raises InputError: if the file cannot be written, for example because the disk is full.
        """
        progress = _DownloadProgress("Downloaded", self._report)
        with _RedactingFilter(self._redact):
            return self._write(self._chunks(request, progress), progress, sink, expected)

    def save(self, body: bytes, sink: Sink, expected: Expected) -> dict[str, Any]:
        """Write a body that was already received to ``sink``, with the same checks as :meth:`fetch`.

        :returns: ``{"path", "size", "sha256"}``.
        :raises DownloadError: if size or hash differ from ``expected``.
        :raises InputError: if the file cannot be written.
        """
        progress = _DownloadProgress("Saved", self._report)
        progress.add(len(body))
        return self._write(iter((body,)), progress, sink, expected)

    @staticmethod
    def _write(chunks: Iterator[bytes], progress: _DownloadProgress, sink: Sink, expected: Expected) -> dict[str, Any]:
        digest, path = hashlib.sha256(), None
        try:
            with sink.open() as file:
                for chunk in chunks:
                    _check_size(progress, expected)
                    file.write(chunk)
                    digest.update(chunk)
            _verify(progress, digest.hexdigest(), expected)
            path = sink.commit()
            progress.end()
        except TransportError as error:
            # The error of the HTTP library contains the signed URL.
            error.__context__ = None
            raise
        except OSError as error:
            raise InputError(f"The download could not be written: {error.strerror or error}.") from None
        finally:
            if path is None:
                sink.discard()
        return {"path": path, "size": progress.size, "sha256": digest.hexdigest()}

    def _chunks(self, request: Request, progress: _DownloadProgress) -> Iterator[bytes]:
        """Yield the chunks of the body. Resume the download after the connection is lost."""
        resumes = 0
        while True:
            before = progress.size
            try:
                yield from self._attempt(request, progress)
            except (TransportError, ApiError) as error:
                # The count starts again when an attempt has made progress.
                resumes = resumes + 1 if progress.size == before else 1
                if resumes > _RESUMES or not error.retryable:
                    raise
                self._report(f"The download was interrupted after {progress.size:,} bytes and is resumed. {error}")
                time.sleep(min(2.0**resumes, 30.0) / 4)
            else:
                return

    def _attempt(self, request: Request, progress: _DownloadProgress) -> Iterator[bytes]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        # The range of a compressed body is unknown. It is requested again, and the part already received is skipped.
        if progress.size and not progress.is_compressed:
            headers["Range"] = f"bytes={progress.size}-"
        with self._opened(request, headers) as response:
            skip = _skip(response, progress)
            for chunk in _content(response):
                rest = chunk[skip:]
                skip = max(0, skip - len(chunk))
                if rest:
                    progress.add(len(rest))
                    yield rest
        if progress.total is not None and progress.size < progress.total:
            raise TransportError(
                "The body of the response is shorter than its Content-Length.", reason="lost", sent=True
            )

    @contextmanager
    def _opened(self, request: Request, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        """Open the response and follow redirects. The token is not sent to another host."""
        with self._transport.stream(request, headers) as first:
            if first.status_code not in _REDIRECTS:
                yield self._check(first, request)
                return
            home, url = first.url, _redirect_target(first.url, first.headers.get("Location"))
        for _ in range(_MAX_REDIRECTS):
            self._mask_signatures(url)
            with self._follow_redirect(request, home, url, headers) as response:
                if response.status_code not in _REDIRECTS:
                    yield self._check(response, request)
                    return
                url = _redirect_target(response.url, response.headers.get("Location"))
        raise MalformedResponseError(f"The download of {request.path} was redirected more than {_MAX_REDIRECTS} times.")

    def _follow_redirect(
        self, request: Request, home: str, url: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[requests.Response]:
        path = api_path(url)
        if path and urlsplit(url)[:2] == urlsplit(home)[:2]:
            return self._transport.stream(Request("GET", path), headers)
        return self._transport.stream_url(request, url, headers)

    def _mask_signatures(self, url: str) -> None:
        """Mask the signatures of ``url`` in logs and in the errors of its server."""
        for part in url_signatures(url):
            self._signatures.add(part)
            self._mask(part)

    def _redact(self, text: str) -> str:
        return redact_text(self._token.redact(text), sorted(self._signatures, key=len, reverse=True))

    def _check(self, response: requests.Response, request: Request) -> requests.Response:
        if response.status_code in (_OK, _PARTIAL):
            return response
        # Object storage echoes the signature that it refuses.
        headers = {name.lower(): self._redact(value) for name, value in response.headers.items()}
        body = next(_content(response), b"").decode("utf-8", errors="replace")
        if response.status_code < _FIRST_ERROR:
            raise MalformedResponseError(
                f"The response to the download of {request.path} has the unexpected status {response.status_code}."
            )
        refusal = Response(response.status_code, headers, self._redact(body).encode())
        raise error_from(refusal, request, self._redact, self._token.source)


def _content(response: requests.Response) -> Iterator[bytes]:
    """Yield the decompressed body in chunks.

    :raises TransportError: if it cannot be decompressed.
    """
    try:
        yield from decompressed(
            response.raw.stream(_CHUNK_SIZE, decode_content=False), response.headers.get("Content-Encoding")
        )
    except UnreadableBodyError:
        raise TransportError("The body of the response cannot be decompressed.", reason="lost", sent=True) from None


def _skip(response: requests.Response, progress: _DownloadProgress) -> int:
    """Read the headers of a response. Return how many of the first bytes of its body were already received."""
    etag = response.headers.get("ETag")
    if progress.size and progress.etag and etag and etag != progress.etag:
        raise DownloadError("The file was changed on the server while it was downloaded. Start the download again.")
    progress.etag = progress.etag or etag
    length = content_length(response.headers.get("Content-Length"))
    partial = response.status_code == _PARTIAL
    progress.is_compressed = response.headers.get("Content-Encoding", "identity").lower() != "identity"
    if progress.is_compressed:
        # The Content-Length is that of the compressed body.
        progress.total = None
    elif length is not None:
        progress.total = length + (progress.size if partial else 0)
    return 0 if partial else progress.size


def _redirect_target(base: str, location: str | None) -> str:
    try:
        url = urljoin(base, location or "")
        parts = urlsplit(url)
        safe = parts.scheme in ("http", "https") and is_host(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        safe = False
    if not location or not safe or (urlsplit(base).scheme == "https" and parts.scheme == "http"):
        raise MalformedResponseError(
            "The download was redirected to an invalid URL, or from https to http, and was not followed."
        )
    return url


def _check_size(progress: _DownloadProgress, expected: Expected) -> None:
    """Stop a download that is too long before it fills the disk."""
    if expected.size is not None and progress.size > expected.size:
        raise DownloadError(f"The download has more bytes than expected: more than {expected.size:,}.")


def _verify(progress: _DownloadProgress, sha256: str, expected: Expected) -> None:
    if expected.size is not None and progress.size != expected.size:
        raise DownloadError(f"The download has {progress.size:,} bytes, but {expected.size:,} were expected.")
    if expected.sha256 is not None and sha256 != expected.sha256.lower():
        raise DownloadError(f"The SHA-256 of the download is {sha256}, but {expected.sha256} was expected.")
