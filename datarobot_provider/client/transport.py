"""What the sync and the async sender have in common: settings, headers, and words for what can go wrong on the way."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datarobot_provider import __version__
from datarobot_provider.client.retry import RetryPolicy
from datarobot_provider.exceptions import TransportError

if TYPE_CHECKING:
    from datarobot_provider.client.request import Request

USER_AGENT = f"airflow-provider-datarobot-mlops/{__version__} Python/{platform.python_version()}"
POOL_SIZE = 50

_ADVICE = {
    "dns": "the host name is not known; check the connection's host",
    "refused": "nothing listens there; check the connection's host and port, and any proxy",
    "tls": "the TLS handshake failed; check the certificate, or name your own CA in the extra 'ca_bundle'",
    "timeout": "no answer in time; DataRobot or the network is slow, or the timeouts of the connection are too short",
    "lost": "the connection broke off before the reply was complete",
}


@dataclass(frozen=True)
class TransportSettings:
    """How a sender behaves; set through the extras of the Airflow connection.

    :param connect_timeout: seconds to reach the host; default 10.
    :param read_timeout: seconds without a byte of the reply; default 60.
    :param upload_timeout: the same for requests that upload files; default 600.
    :param ca_bundle: path of a file with the CA certificates to trust instead of the system's.
    :param retry: the retry policy.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    upload_timeout: float = 600.0
    ca_bundle: str | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def read_timeout_of(self, request: Request) -> float:
        """Return the read timeout of ``request``, in seconds."""
        return self.upload_timeout if request.upload else self.read_timeout


def transport_error(request: Request, reason: str, *, sent: bool) -> TransportError:
    """Build the error for a request that got no reply.

    It names no host: the text also travels in the events of triggers, which hold ids only.

    :param request: what was to be sent.
    :param reason: ``dns``, ``refused``, ``tls``, ``timeout`` or ``lost``.
    :param sent: whether the request may have reached the application.
    """
    message = f"No reply from DataRobot to {request.method} {request.path}: {_ADVICE[reason]}."
    if sent and request.method not in {"GET", "HEAD"}:
        message += " DataRobot may have handled the request all the same."
    return TransportError(message, reason=reason, sent=sent)
