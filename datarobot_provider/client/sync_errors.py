"""Why the sync sender got no response, read from the errors of the HTTP library and of everything below it."""

from __future__ import annotations

import ssl
import traceback
from typing import TYPE_CHECKING

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ReadTimeoutError

from datarobot_provider.client.transport import is_plain_http

if TYPE_CHECKING:
    from collections.abc import Iterator

_TLS = (requests.exceptions.SSLError, ssl.SSLError)
_TIMEOUTS = (requests.exceptions.Timeout, ReadTimeoutError, TimeoutError)
#: How ``http.client`` begins the only sign of a proxy that refuses a tunnel.
_NO_TUNNEL = "Tunnel connection failed"
#: The functions of the libraries that ask a proxy for a tunnel, and that begin TLS.
_BEFORE_REQUEST = frozenset({"_tunnel", "do_handshake"})


def classify(error: BaseException, before: BaseException | None) -> tuple[str, bool]:
    """Say why there is no response, and whether the request may have arrived.

    :param error: what sending or reading ended in.
    :param before: what was being handled before; what had led to that says nothing about this request.
    :returns: a reason of :func:`transport_error`, and whether the application may have got the request.
    """
    errors = list(_causes(error, before))
    unsent = any(map(_is_before_request, errors))
    signs: tuple[tuple[bool, str, bool], ...] = (
        (any(map(is_plain_http, errors)), "plain http", not unsent),
        (_has(errors, NameResolutionError), "dns", False),
        (_has(errors, NewConnectionError), "refused", False),
        (_has(errors, requests.exceptions.ConnectTimeout, ConnectTimeoutError), "timeout", False),
        (_has(errors, *_TIMEOUTS), "timeout", not unsent),
        (_has(errors, *_TLS), "tls", not unsent),
        (any(_NO_TUNNEL in str(each) for each in errors), "proxy", False),
    )
    return next(((reason, sent) for found, reason, sent in signs if found), ("lost", not unsent))


def _has(errors: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(each, kinds) for each in errors)


def _causes(error: BaseException, before: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and everything that led to it. The libraries put causes into arguments as well."""
    seen, found = {id(before)}, [error]
    while found:
        each = found.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inside = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        found += [cause for cause in inside if isinstance(cause, BaseException)]


def _is_before_request(error: BaseException) -> bool:
    """Return whether a tunnel or TLS failed before a byte of the request was sent; only the traceback knows."""
    return any(frame.f_code.co_name in _BEFORE_REQUEST for frame, _ in traceback.walk_tb(error.__traceback__))
