"""Where the API lives: from what a person types into a connection to the URL of a request, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from datarobot_provider.client.routes import leads_up
from datarobot_provider.exceptions import ConfigurationError

API_PREFIX = "/api/v2/"
_EXAMPLE = "https://app.datarobot.com/api/v2"
_LONGEST_LOCATION = 4096
#: A part of a host name between two dots. Underscores are common inside of clusters.
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
        """Read the host of a connection.

        :param host: with or without scheme, ``/api/v2`` and trailing slash.
        :param port: used where ``host`` names none.
        :param schema: ``http`` or ``https``, used where ``host`` names no scheme; anything else means ``https``.
        :returns: the endpoint.
        :raises ConfigurationError: if it is empty or cannot be the address of a DataRobot API.
        """
        text = (host or "").strip()
        if not text:
            raise ConfigurationError(f"The connection has no host. Set it to the API endpoint, such as {_EXAMPLE}")
        scheme, there, rest = text.rpartition("://")
        if not there:
            scheme = "http" if (schema or "").strip().lower().rstrip(":/") == "http" else "https"
        split = _split(f"{scheme}://{f'[{rest}]' if _is_ipv6(rest) else rest}")
        if split.path.rstrip("/") not in ("", "/api/v2"):
            raise ConfigurationError(f"The connection's host ends in {split.path!r}. It should look like {_EXAMPLE}")
        if split.port is None:
            return cls(f"{split.scheme}://{split.netloc.rstrip(':')}" + (f":{port}" if port else ""))
        return cls(f"{split.scheme}://{split.netloc}")

    def url(self, path: str) -> str:
        """Return the absolute URL of ``path``, which is relative to ``/api/v2/``."""
        return self.origin + API_PREFIX + path

    def page(self, path: str) -> str:
        """Return the URL of a page of DataRobot's own web interface."""
        return f"{self.origin}/{path}"


def api_path(location: str) -> str | None:
    """Return the part of a URL below ``/api/v2/``, or ``None`` if it is not a route of the API.

    Only the path is taken: a request always goes to the connection's own host, so that a ``Location`` or ``next`` that
    names another host can never receive the token.

    :param location: an absolute URL, or a path that starts with ``/api/v2/``.
    """
    location = location.strip()
    if len(location) > _LONGEST_LOCATION or not location.isprintable():
        return None
    try:
        split = urlsplit(location)
    except ValueError:
        return None
    path = split.path
    web = split.scheme in ("", "http", "https")
    if not web or not path.startswith(API_PREFIX) or leads_up(unquote(path)):
        return None
    return path.removeprefix(API_PREFIX) + (f"?{split.query}" if split.query else "")


def is_host(name: str | None) -> bool:
    """Return whether a host can be looked up: an address, or a name of the form that DNS knows.

    The libraries below end in errors of any kind over other names, each at another time.

    :param name: without brackets and port; may hold letters of any script.
    """
    try:
        return bool(ip_address((name or "").partition("%")[0]))
    except ValueError:
        pass
    try:
        # The form in which the resolver of the standard library asks.
        labels = (name or "").removesuffix(".").encode("idna").decode().split(".")
    except UnicodeError:
        return False
    usable = str(name).isprintable() and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()
    return usable and len(".".join(labels)) <= _LONGEST_HOST


def _is_ipv6(text: str) -> bool:
    """Return whether it is an address without brackets, as Airflow reads it out of a URI."""
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
        raise ConfigurationError(f"The connection's host is not a web address. It should look like {_EXAMPLE}")
    if split.username or split.password:
        raise ConfigurationError(
            "The connection's host must not hold a user or a password; the API token belongs into the password field."
        )
    if split.query or split.fragment:
        raise ConfigurationError(f"The connection's host must end with the path. It should look like {_EXAMPLE}")
    return split
