"""Settings, headers and errors that both transports share."""

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
MAX_POLLS_PER_SECOND = 10.0

#: Reasons of OpenSSL for a first byte that does not begin a TLS record.
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
#: Cause and remedy for each reason.
_CAUSES = {
    "dns": "the host name cannot be resolved. Check the host of the Airflow connection",
    "refused": "the connection was refused. Check host and port of the Airflow connection, and any proxy",
    "proxy": "the proxy refused the request. Check URL, user and password of the proxy in the environment",
    "tls": "the TLS handshake failed. Check the certificate of the server. For a private CA, set the extra 'ca_bundle'",
    "plain http": "the server does not use TLS. Begin the host of the Airflow connection with http://, or set the port "
    "that uses TLS",
    "timeout": "the request timed out. DataRobot or the network is slow, or the timeouts of the Airflow connection are "
    "too short",
    "lost": "the connection was lost before the response was complete",
}


@dataclass(frozen=True)
class TransportSettings:
    """Settings of a transport. They are set in the extras of the Airflow connection.

    :param connect_timeout: seconds to connect to the host, default 10.
    :param read_timeout: seconds for one attempt of a request, from connecting to the last byte of the response; default
        60. For a download: seconds for the head of the response, and for each measurement of the transfer rate.
    :param upload_timeout: seconds for the response to an upload, and for each measurement of the transfer rate; default
        600.
    :param ca_bundle: path of a file with the CA certificates to trust instead of those of the system.
    :param client_cert: path of a PEM file with the client certificate and its chain. It also contains the key if
        ``client_key`` is not given.
    :param client_key: path of a PEM file with the key of ``client_cert``, without a passphrase.
    :param verify: whether to verify the certificate of the server, default ``True``.
    :param upload_attempts: maximum number of attempts of a request that uploads files, default 3.
    :param poll_failure_timeout: seconds for which the polls of a running job may fail in a row, default 900.
    :param max_polls_per_second: maximum number of polls per second that the triggerer sends, default 10.
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
    max_polls_per_second: float = MAX_POLLS_PER_SECOND
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def read_timeout_of(self, request: Request) -> float:
        """Return the timeout of ``request``, in seconds."""
        return self.upload_timeout if request.upload else self.read_timeout

    def retry_of(self, request: Request) -> RetryPolicy:
        """Return the retry policy of ``request``. Uploads have their own number of attempts, lists of jobs have one."""
        if request.lists_jobs:
            return replace(self.retry, attempts=1)
        return replace(self.retry, attempts=self.upload_attempts) if request.upload else self.retry

    def tls(self) -> ssl.SSLContext:
        """Return the TLS context.

        :raises ConfigurationError: if a file cannot be used. The error names the extra.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca_bundle)
        except OSError:
            raise ConfigurationError(
                f"the extra 'ca_bundle' is {self.ca_bundle!r}, which cannot be read or contains no PEM certificates."
            ) from None
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.client_cert:
            _load_client_certificate(context, self.client_cert, self.client_key)
        return context


def _load_client_certificate(context: ssl.SSLContext, client_cert: str, client_key: str | None) -> None:
    try:
        # Without a password function, OpenSSL asks for the passphrase of an encrypted key on the terminal.
        context.load_cert_chain(client_cert, client_key, password=lambda: "")
    except OSError:
        key = f" with the key {client_key!r}" if client_key else " (which must also contain the key)"
        raise ConfigurationError(
            f"the extra 'client_cert' is {client_cert!r}{key}, which cannot be used. The files must be readable and in "
            "PEM format, and the key must belong to the certificate and have no passphrase."
        ) from None


def transport_error(request: Request, reason: str, *, sent: bool) -> TransportError:
    """Build the error for a request that got no response.

    The text does not contain the host, because it is also stored in trigger events.

    :param request: the request.
    :param reason: ``dns``, ``refused``, ``proxy``, ``tls``, ``plain http`` (reported as ``tls``), ``timeout`` or
        ``lost``.
    :param sent: whether the request may have reached the application.
    """
    message = f"No response from DataRobot to {request.method} {request.path}: {_CAUSES[reason]}."
    if sent and request.method not in {"GET", "HEAD"}:
        message += " DataRobot may have processed the request."
    return TransportError(message, reason="tls" if reason == "plain http" else reason, sent=sent)


def is_plain_http(error: BaseException) -> bool:
    """Return whether a TLS handshake failed because the server does not speak TLS."""
    return isinstance(error, ssl.SSLError) and getattr(error, "reason", None) in _NOT_TLS
