"""Synchronous transport, based on ``requests``. Used on workers."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from sys import exception
from typing import TYPE_CHECKING, Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from datarobot_provider.client.body import ACCEPT_ENCODING, Body, UnreadableBodyError
from datarobot_provider.client.json_values import NotSerializableError, dump
from datarobot_provider.client.limits import Deadline, DownloadLimit, MinimumRate
from datarobot_provider.client.proxy import Proxy, proxy_for
from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.retry import retry_steps
from datarobot_provider.client.sync_connections import LimitedAdapter, limited
from datarobot_provider.client.sync_errors import classify
from datarobot_provider.client.transport import POOL_SIZE, USER_AGENT, TransportSettings, transport_error
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.endpoint import Endpoint
    from datarobot_provider.exceptions import TransportError

#: Size of a chunk, in bytes. For larger chunks, malloc gets new memory from the system each time, which is slower.
CHUNK_SIZE = 64 * 1024
#: Errors of a request. The body is read with ``urllib3``, which raises its own errors.
_FAILURES = (requests.RequestException, HTTPError, OSError)


class BearerAuth(AuthBase):
    """Sets the bearer header. ``requests`` lets ``~/.netrc`` replace a header that is not set by an auth object."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header to ``request``."""
        request.headers["Authorization"] = self._token.header()
        return request


class _Session(requests.Session):
    """Session that ignores the target of a redirect.

    ``requests`` prepares the redirected request even if it must not send it, and raises a bare ``ValueError`` if the
    ``Location`` is not a URL.

    :param auth: sets the ``Authorization`` header.
    :param proxy: the proxy of all requests.
    """

    def __init__(
        self, auth: Callable[[requests.PreparedRequest], requests.PreparedRequest], proxy: Proxy | None
    ) -> None:
        super().__init__()
        self.auth = auth
        # The environment is read in ``proxy.py``, as in the triggerer. ``~/.netrc`` is not read.
        self.trust_env = False
        if proxy:
            self.proxies = {"http": proxy.url, "https": proxy.url}
        self.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPT_ENCODING})
        for scheme in ("http://", "https://"):
            self.mount(scheme, LimitedAdapter(POOL_SIZE, proxy))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return ``None``."""


class SyncTransport:
    """Sends requests over one pooled session. It does not follow redirects.

    :param endpoint: the endpoint of the installation.
    :param token: the API token.
    :param settings: the settings, including the retry policy.
    """

    def __init__(self, endpoint: Endpoint, token: Token, settings: TransportSettings) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._session = _Session(BearerAuth(token), proxy_for(endpoint.origin))
        if settings.client_cert:
            key = settings.client_key
            self._session.cert = (settings.client_cert, key) if key else settings.client_cert
        self._session.headers["Accept"] = "application/json"

    @property
    def _verify(self) -> str | bool:
        if not self._settings.verify:
            return False
        named = (self._settings.ca_bundle, *map(os.environ.get, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")))
        return next(filter(None, named), True)

    def send(self, request: Request) -> Response:
        """Send ``request``, with the attempts that the retry policy allows.

        :returns: the response, whatever its status.
        :raises TransportError: if there is no response.
        """
        steps = retry_steps(request, self._settings.retry_of(request))
        step = next(steps)
        while True:
            try:
                if step is None:
                    step = steps.send(self._attempt(request))
                else:
                    time.sleep(step)
                    step = next(steps)
            except StopIteration as stop:
                response: Response = stop.value
                return response

    @contextmanager
    def stream(self, request: Request, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        """Send ``request`` once and return the response before its body is read. Redirects are not followed.

        :raises TransportError: if there is no response, or the connection is lost while it is read.
        """
        url = self._endpoint.url(request.path)
        options = {"params": request.query(), "headers": headers}
        with self._streamed(self._session, request, url, options) as response:
            yield response

    @contextmanager
    def stream_url(self, request: Request, url: str, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        """Send a GET request to ``url``, on another host, without the token and the client certificate.

        :param request: the request that was redirected, for errors.
        :param url: target of the redirect, which is secret.
        :param headers: headers to send.
        """
        with (
            _Session(_no_auth, proxy_for(url)) as session,
            self._streamed(session, request, url, {"headers": headers}) as response,
        ):
            yield response

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    @contextmanager
    def _streamed(
        self, session: requests.Session, request: Request, url: str, options: Mapping[str, Any]
    ) -> Iterator[requests.Response]:
        handled, seconds = exception(), self._settings.read_timeout
        limit = DownloadLimit(seconds)
        try:
            with limited(limit):
                response = session.get(
                    url,
                    stream=True,
                    allow_redirects=False,
                    timeout=self._timeouts(seconds),
                    verify=self._verify,
                    **options,
                )
            limit.begin_body()
            with response:
                yield response
        except (requests.RequestException, HTTPError) as error:
            reason, sent = classify(error, handled)
            raise transport_error(request, reason, sent=sent) from None

    def _timeouts(self, seconds: float) -> tuple[float, float]:
        """Return the timeouts of single socket operations. The total time is limited by ``limits.py``."""
        return self._settings.connect_timeout, seconds

    def _attempt(self, request: Request) -> Response | TransportError:
        handled, seconds = exception(), self._settings.read_timeout_of(request)
        try:
            with (
                limited(MinimumRate(seconds) if request.upload else Deadline(seconds)),
                self._session.request(
                    request.method,
                    self._endpoint.url(request.path),
                    params=request.query(),
                    allow_redirects=False,
                    stream=True,
                    timeout=self._timeouts(seconds),
                    verify=self._verify,
                    **_body(request),
                ) as response,
            ):
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.status_code, headers, _read(request, response, headers))
        except UnreadableBodyError:
            return transport_error(request, "lost", sent=True)
        except _FAILURES as error:
            reason, sent = classify(error, handled)
            return transport_error(request, reason, sent=sent)


def _read(request: Request, response: requests.Response, headers: Mapping[str, str]) -> bytes:
    body = Body(request, response.status_code, headers)
    for chunk in response.raw.stream(CHUNK_SIZE, decode_content=False):
        for _ in body.add(chunk):
            pass
        if body.is_full:
            break
    return body.finish()


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _body(request: Request) -> dict[str, Any]:
    if request.upload:
        upload = request.upload()
        return {"data": upload, "headers": {"Content-Type": upload.content_type}}
    if request.json is None:
        return {}
    try:
        body = dump(request.json).encode()
    except NotSerializableError as error:
        raise InputError(
            f"The body of {request.method} {request.path} cannot be serialized as JSON: {error}."
        ) from None
    return {"data": body, "headers": {"Content-Type": "application/json"}}
