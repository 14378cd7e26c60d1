"""Classification of the errors of ``requests`` and of the libraries below it."""

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
#: Beginning of the message of ``http.client`` when a proxy refuses a tunnel. There is no error class for it.
_NO_TUNNEL = "Tunnel connection failed"
#: Functions of the libraries that open a tunnel through a proxy, or that begin TLS.
_BEFORE_REQUEST = frozenset({"_tunnel", "do_handshake"})


def classify(error: BaseException, handled: BaseException | None) -> tuple[str, bool]:
    """Return the reason of a failed request, and whether the request may have been sent.

    :param error: the error of the request.
    :param handled: the exception that was being handled when the request was sent. It and its causes are ignored.
    :returns: a reason of :func:`transport_error`, and whether the application may have received the request.
    """
    errors = list(_causes(error, handled))
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


def _causes(error: BaseException, handled: BaseException | None) -> Iterator[BaseException]:
    """Yield ``error`` and all its causes. The libraries also pass causes as arguments of exceptions."""
    seen, found = {id(handled)}, [error]
    while found:
        each = found.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        nested = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        found += [cause for cause in nested if isinstance(cause, BaseException)]


def _is_before_request(error: BaseException) -> bool:
    """Return whether the tunnel or the TLS handshake failed, according to the traceback."""
    return any(frame.f_code.co_name in _BEFORE_REQUEST for frame, _ in traceback.walk_tb(error.__traceback__))
