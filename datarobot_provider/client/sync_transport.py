"""The sync sender, on ``requests``; used on workers."""

from __future__ import annotations

import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

from datarobot_provider.client.json_values import UnwritableError, dump
from datarobot_provider.client.request import Reply, Request
from datarobot_provider.client.retry import tries
from datarobot_provider.client.transport import POOL_SIZE, USER_AGENT, TransportSettings, transport_error
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.endpoint import Endpoint
    from datarobot_provider.exceptions import TransportError


class BearerAuth(AuthBase):
    """Sets the bearer header as an auth object, because ``requests`` lets ``~/.netrc`` replace a plain header."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header to ``request``."""
        request.headers["Authorization"] = self._token.header()
        return request


class _Session(requests.Session):
    """A session that does not even read where a redirect leads.

    ``requests`` prepares the next request also when it may not send it, and ends in a bare ``ValueError`` over a
    ``Location`` that is no URL.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Find no target."""


class SyncTransport:
    """Sends requests over one pooled session and never follows a redirect.

    :param endpoint: where the API lives.
    :param token: the API token.
    :param settings: timeouts, trust and patience.
    """

    def __init__(self, endpoint: Endpoint, token: Token, settings: TransportSettings) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._session = _Session()
        self._session.auth = BearerAuth(token)
        if settings.client_cert:
            key = settings.client_key
            self._session.cert = (settings.client_cert, key) if key else settings.client_cert
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        self._session.mount("http://", HTTPAdapter(pool_maxsize=POOL_SIZE))
        self._session.mount("https://", HTTPAdapter(pool_maxsize=POOL_SIZE))

    @property
    def _verify(self) -> str | bool | None:
        """Given with each request: what is set on a session gives way to the environment."""
        return self._settings.ca_bundle if self._settings.verify else False

    def send(self, request: Request) -> Reply:
        """Send ``request`` as often as the retry policy allows.

        :returns: the reply, whatever its status.
        :raises TransportError: if there was none.
        """
        steps = tries(request, self._settings.retry_of(request))
        step = next(steps)
        while True:
            try:
                if step is None:
                    step = steps.send(self._attempt(request))
                else:
                    time.sleep(step)
                    step = next(steps)
            except StopIteration as stop:
                reply: Reply = stop.value
                return reply

    @contextmanager
    def stream(self, request: Request, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        """Send ``request`` once and give the response before its body is read. Redirects are not followed.

        :raises TransportError: if there was no response, or if it broke off while it was read.
        """
        url = self._endpoint.url(request.path)
        options = {"params": request.query(), "headers": headers}
        with self._streamed(self._session, request, url, options) as response:
            yield response

    @contextmanager
    def stream_elsewhere(self, request: Request, url: str, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        """Do the same at another address, without the token, ``~/.netrc`` and the client certificate.

        :param request: what had been asked of the API.
        :param url: where the API has sent us, a secret.
        :param headers: sent as they are.
        """
        with _Session() as session:
            session.auth = _no_auth
            session.headers["User-Agent"] = USER_AGENT
            with self._streamed(session, request, url, {"headers": headers}) as response:
                yield response

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    @contextmanager
    def _streamed(
        self, session: requests.Session, request: Request, url: str, options: Mapping[str, Any]
    ) -> Iterator[requests.Response]:
        timeout = (self._settings.connect_timeout, self._settings.read_timeout)
        try:
            with session.get(
                url, stream=True, allow_redirects=False, timeout=timeout, verify=self._verify, **options
            ) as response:
                yield response
        except requests.RequestException as error:
            reason, sent = _classify(error)
            raise transport_error(request, reason, sent=sent) from None

    def _attempt(self, request: Request) -> Reply | TransportError:
        try:
            response = self._session.request(
                request.method,
                self._endpoint.url(request.path),
                params=request.query(),
                timeout=(self._settings.connect_timeout, self._settings.read_timeout_of(request)),
                allow_redirects=False,
                verify=self._verify,
                **_body(request),
            )
        except (requests.RequestException, OSError) as error:
            reason, sent = _classify(error)
            return transport_error(request, reason, sent=sent)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, headers, response.content)


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
    except UnwritableError as error:
        raise InputError(f"The body of {request.method} {request.path} cannot be written as JSON: {error}.") from None
    return {"data": body, "headers": {"Content-Type": "application/json"}}


def _classify(error: Exception) -> tuple[str, bool]:
    """Say why there is no reply, and whether the request may have arrived."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    signs: tuple[tuple[bool, str, bool], ...] = (
        (isinstance(error, requests.exceptions.ConnectTimeout), "timeout", False),
        (isinstance(error, requests.exceptions.SSLError), "tls", not _in_handshake(error)),
        (isinstance(error, requests.exceptions.Timeout), "timeout", True),
        (isinstance(cause, NameResolutionError), "dns", False),
        (isinstance(cause, NewConnectionError), "refused", False),
    )
    return next(((reason, sent) for found, reason, sent in signs if found), ("lost", True))


def _in_handshake(error: BaseException) -> bool:
    """Return whether TLS failed before a byte of the request was sent; only the traceback knows."""
    seen: BaseException | None = error
    while seen is not None:
        if any(frame.f_code.co_name == "do_handshake" for frame, _ in traceback.walk_tb(seen.__traceback__)):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
