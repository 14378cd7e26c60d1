"""Proxy settings from the environment variables, for both transports."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from datarobot_provider.client.endpoint import is_host
from datarobot_provider.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    """HTTP proxy.

    :param url: scheme, host and port, without credentials.
    :param headers: ``Proxy-Authorization``, if the proxy requires authentication.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def proxy_for(url: str, environ: Mapping[str, str] = os.environ) -> Proxy | None:
    """Return the proxy for a request, according to the environment variables.

    ``https_proxy`` or ``http_proxy``, depending on the scheme of ``url``, has precedence over ``all_proxy``. A name in
    lower case has precedence over the same name in upper case, even if its value is empty, which means: no proxy.

    :param url: URL of the request.
    :param environ: environment variables, default those of the process.
    :returns: the proxy, or ``None`` for a direct connection.
    :raises ConfigurationError: if the variable is not the URL of an HTTP proxy. The error names the variable.
    """
    target = urlsplit(url)
    for scheme in (target.scheme, "all"):
        name, value = _variable(environ, f"{scheme}_proxy")
        if value:
            return None if is_exempt(url, _variable(environ, "no_proxy")[1]) else _proxy(name, value)
    return None


def is_exempt(url: str, no_proxy: str) -> bool:
    """Return whether ``no_proxy`` exempts a URL.

    :param url: URL of the request.
    :param no_proxy: entries, separated by commas or white space: ``*`` for all hosts, a host name (which includes its
        subdomains, with or without a leading dot or ``*.``), a name with ``*``, an IP address or a network such as
        ``10.0.0.0/8``. An entry with a port applies to that port only. Names are not resolved.
    """
    target = urlsplit(url)
    host = (target.hostname or "").rstrip(".")
    port = target.port or _PORTS.get(target.scheme)
    return any(_matches(entry.lower(), host, port) for entry in re.split(r"[,\s]+", no_proxy) if entry)


def _variable(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return the name under which a variable is set, and its value."""
    used = name if name in environ else name.upper()
    return used, environ.get(used, "").strip()


def _matches(entry: str, host: str, port: int | None) -> bool:
    address = _address(host)
    if "/" in entry:
        return address is not None and address in _network(entry)
    name, only = _host_and_port(entry)
    if only is not None and only != port:
        return False
    if address is not None and _address(name) == address:
        return True
    name = name.removeprefix("*.").strip(".") or name
    if "*" in name:
        return re.fullmatch(".*".join(map(re.escape, name.split("*"))), host) is not None
    return host == name or (address is None and host.endswith(f".{name}"))


def _network(entry: str) -> IPv4Network | IPv6Network | tuple[()]:
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return ()


def _host_and_port(entry: str) -> tuple[str, int | None]:
    """Split an entry. An IPv6 address can have a port only after brackets."""
    name, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(port)
    return entry.strip("[]"), None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _proxy(name: str, value: str) -> Proxy:
    split = _split(value if "://" in value else f"http://{value}")
    if split is not None and split.scheme not in _PORTS:
        raise ConfigurationError(
            f"The proxy scheme {split.scheme!r} in the environment variable {name} is not supported. Set an HTTP proxy "
            "in https_proxy (http_proxy for an http:// host), or add the host of DataRobot to no_proxy."
        )
    if split is None:
        raise ConfigurationError(
            f"The environment variable {name} is not a valid URL of a proxy. It must look like http://proxy:3128, with "
            "special characters in user and password percent-encoded."
        )
    host = split.netloc.rpartition("@")[2].rstrip(":")
    if split.username is None:
        return Proxy(f"{split.scheme}://{host}")
    login = f"{unquote(split.username)}:{unquote(split.password or '')}".encode()
    return Proxy(f"{split.scheme}://{host}", {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"})


def _split(url: str) -> SplitResult | None:
    """Return the parts of a valid URL. No error contains the URL, because it may include a password."""
    try:
        split = urlsplit(url)
        usable = is_host(split.hostname) and split.port != 0 and not re.search(r"\s", url)
    except ValueError:
        return None
    return split if usable else None
