"""What the sync and the async sender have in common: settings, headers, and words for what can go wrong on the way."""

from __future__ import annotations

import platform
import ssl
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from datarobot_provider import __version__
from datarobot_provider.client.retry import POLL_FAILURE_TIMEOUT, RetryPolicy
from datarobot_provider.exceptions import ConfigurationError, TransportError

if TYPE_CHECKING:
    from datarobot_provider.client.request import Request

USER_AGENT = f"airflow-provider-datarobot-mlops/{__version__} Python/{platform.python_version()}"
POOL_SIZE = 50

#: What OpenSSL says of a first byte that begins no TLS record.
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
_ADVICE = {
    "dns": "the host name is not known; check the connection's host",
    "refused": "nothing listens there; check the connection's host and port, and any proxy",
    "proxy": "the proxy that the environment names refuses the way to DataRobot; check its address and its login",
    "tls": "the TLS handshake failed; check the certificate, or name your own CA in the extra 'ca_bundle'",
    "plain http": "the server speaks plain HTTP; write http:// before the connection's host, or name its TLS port",
    "timeout": "no answer in time; DataRobot or the network is slow, or the timeouts of the connection are too short",
    "lost": "the connection broke off before the response was complete",
}


@dataclass(frozen=True)
class TransportSettings:
    """How a sender behaves; set through the extras of the Airflow connection.

    :param connect_timeout: seconds to reach the host; default 10.
    :param read_timeout: seconds for one attempt of a request, from connecting to the last byte of the response; for the
        head of a download, and over how long the pace of its body is taken; default 60.
    :param upload_timeout: seconds for the response to an upload, and over how long its pace is taken; default 600.
    :param ca_bundle: path of a file with the CA certificates to trust instead of the system's.
    :param client_cert: path of a PEM with the certificate to show to a server that wants one, and its chain; the key
        too where ``client_key`` is not given.
    :param client_key: path of a PEM with the key of ``client_cert``, without a passphrase.
    :param verify: whether to check who answers over TLS; default ``True``.
    :param upload_attempts: how often a request that uploads files is sent at the most; default 3.
    :param poll_failure_timeout: seconds for which the polls of a running job may fail in a row; default 900.
    :param retry: the retry policy.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    upload_timeout: float = 600.0
    ca_bundle: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    verify: bool = True
    upload_attempts: int = 3
    poll_failure_timeout: float = POLL_FAILURE_TIMEOUT
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def read_timeout_of(self, request: Request) -> float:
        """Return the timeout of ``request``, in seconds."""
        return self.upload_timeout if request.upload else self.read_timeout

    def retry_of(self, request: Request) -> RetryPolicy:
        """Return the retry policy of ``request``: uploads have a budget of their own."""
        return replace(self.retry, attempts=self.upload_attempts) if request.upload else self.retry

    def tls(self) -> ssl.SSLContext:
        """Return what a TLS connection is made with.

        :raises ConfigurationError: naming the extra whose file cannot be used.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca_bundle)
        except OSError:
            raise ConfigurationError(
                f"the extra 'ca_bundle' names {self.ca_bundle!r}, which cannot be read or holds no PEM certificates."
            ) from None
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.client_cert:
            _show(context, self.client_cert, self.client_key)
        return context


def _show(context: ssl.SSLContext, client_cert: str, client_key: str | None) -> None:
    try:
        # Without an answer ready, OpenSSL would ask the terminal for the passphrase of an encrypted key.
        context.load_cert_chain(client_cert, client_key, password=lambda: "")
    except OSError:
        key = f" with the key {client_key!r}" if client_key else " (which has to hold the key too)"
        raise ConfigurationError(
            f"the extra 'client_cert' names {client_cert!r}{key}, which cannot be used: the files have to be readable "
            "PEM, certificate and key have to fit, and the key may have no passphrase."
        ) from None


def transport_error(request: Request, reason: str, *, sent: bool) -> TransportError:
    """Build the error for a request that got no response.

    It names no host: the text also travels in the events of triggers, which hold ids only.

    :param request: what was to be sent.
    :param reason: ``dns``, ``refused``, ``proxy``, ``tls``, ``plain http`` (a ``tls`` of its own kind), ``timeout`` or
        ``lost``.
    :param sent: whether the request may have reached the application.
    """
    message = f"No response from DataRobot to {request.method} {request.path}: {_ADVICE[reason]}."
    if sent and request.method not in {"GET", "HEAD"}:
        message += " DataRobot may have handled the request all the same."
    return TransportError(message, reason="tls" if reason == "plain http" else reason, sent=sent)


def is_plain_http(error: BaseException) -> bool:
    """Return whether a TLS handshake failed because the other side does not speak TLS at all."""
    return isinstance(error, ssl.SSLError) and error.reason in _NO_TLS
