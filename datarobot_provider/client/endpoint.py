"""Parse and build the URLs of a DataRobot installation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from datarobot_provider.client.routes import has_dot_segment
from datarobot_provider.exceptions import ConfigurationError

API_PREFIX = "/api/v2/"
_EXAMPLE = "https://app.datarobot.com/api/v2"
_LONGEST_LOCATION = 4096
#: Label of a host name. Underscores are common within clusters.
_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.IGNORECASE)
_LONGEST_HOST = 253


@dataclass(frozen=True)
class Endpoint:
    """The root of one DataRobot installation.

    :param origin: scheme, host and port, such as ``https://app.datarobot.com``.
    """

    origin: str

    @classmethod
    def parse(cls, host: str | None, port: int | None = None, schema: str | None = None) -> Endpoint:
        """Parse the host of a connection.

        :param host: host with or without scheme, ``/api/v2`` and trailing slash.
        :param port: port, if ``host`` has none.
        :param schema: ``http`` or ``https``, if ``host`` has no scheme; any other value means ``https``.
        :returns: the endpoint.
        :raises ConfigurationError: if the host is empty or is not a valid URL of the API.
        """
        text = (host or "").strip()
        if not text:
            raise ConfigurationError(f"the host is empty. Set it to the API endpoint, such as {_EXAMPLE}")
        scheme, separator, rest = text.rpartition("://")
        if not separator:
            scheme = "http" if (schema or "").strip().lower().rstrip(":/") == "http" else "https"
        split = _split(f"{scheme}://{f'[{rest}]' if _is_ipv6(rest) else rest}")
        if split.path.rstrip("/") not in ("", "/api/v2"):
            raise ConfigurationError(f"the host has the path {split.path!r}. It must look like {_EXAMPLE}")
        if split.port is None:
            return cls(f"{split.scheme}://{split.netloc.rstrip(':')}" + (f":{port}" if port else ""))
        return cls(f"{split.scheme}://{split.netloc}")

    def url(self, path: str) -> str:
        """Return the absolute URL of ``path``, which is relative to ``/api/v2/``."""
        return self.origin + API_PREFIX + path

    def page(self, path: str) -> str:
        """Return the URL of a page of the web interface."""
        return f"{self.origin}/{path}"


def api_path(location: str) -> str | None:
    """Return the path of ``location`` below ``/api/v2/``, or ``None`` if it is not a route of the API.

    Scheme and host are dropped: every request goes to the host of the connection, so that the token is never sent to
    another host that a ``Location`` or ``next`` names.

    :param location: an absolute URL, or a path that begins with ``/api/v2/``.
    """
    location = location.strip()
    if len(location) > _LONGEST_LOCATION or not location.isprintable():
        return None
    try:
        split = urlsplit(location)
    except ValueError:
        return None
    path = split.path
    is_web = split.scheme in ("", "http", "https")
    if not is_web or not path.startswith(API_PREFIX) or has_dot_segment(unquote(path)):
        return None
    return path.removeprefix(API_PREFIX) + (f"?{split.query}" if split.query else "")


def is_host(name: str | None) -> bool:
    """Return whether ``name`` is an IP address or a valid host name.

    For an invalid name, the HTTP libraries raise various errors.

    :param name: the host without brackets and port. International names are supported.
    """
    try:
        return bool(ip_address((name or "").partition("%")[0]))
    except ValueError:
        pass
    try:
        # The form that the resolver of the standard library uses.
        labels = (name or "").removesuffix(".").encode("idna").decode().split(".")
    except UnicodeError:
        return False
    usable = str(name).isprintable() and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()
    return usable and len(".".join(labels)) <= _LONGEST_HOST


def _is_ipv6(text: str) -> bool:
    """Return whether ``text`` is an IPv6 address without brackets, as Airflow extracts it from a URI."""
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    try:
        split = urlsplit(url)
        usable = (
            split.scheme in ("http", "https") and is_host(split.hostname) and (split.port is None or split.port > 0)
        )
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url):
        raise ConfigurationError(f"the host is not a valid URL. It must look like {_EXAMPLE}")
    if split.username or split.password:
        raise ConfigurationError(
            "the host must not contain a user or a password. Set the API token as the password of the connection."
        )
    if split.query or split.fragment:
        raise ConfigurationError(f"the host must not have a query or a fragment. It must look like {_EXAMPLE}")
    return split
