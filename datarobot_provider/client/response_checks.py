"""Checks of the responses: errors are raised, secrets are redacted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from datarobot_provider.client.auth import secret_values
from datarobot_provider.client.errors import error_from
from datarobot_provider.client.transport import transport_error
from datarobot_provider.exceptions import MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Collection

    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.request import Request, Response

_FIRST_REDIRECT = 300
_FIRST_ERROR = 400
_SEE_OTHER = 303
_NOT_FOUND = 404
_PROXY_AUTHENTICATION_REQUIRED = 407
_STATUS_RECORDS = ("status/", "genai/status/")
#: Statuses that say something about a polled job. Any other status means that the poll failed.
POLL_STATUSES = frozenset({200, 303, 404, 410, 422})
RELOCATED = 307


def check_response(response: Response, request: Request, token: Token) -> Response:
    """Raise an error for an error response. Redact the secrets that the server echoes.

    :returns: the response, with the token and the secret values of the request redacted.
    :raises ApiError: if the status is 400 or higher.
    :raises TransportError: if the status is 407: a proxy requires authentication and did not forward the request.
    :raises MalformedResponseError: if the response is a redirect, or an HTML page with a status below 400 or of 404.
        The API sends neither of them, so the response comes from a proxy or from another server. Exception: the 303 of
        a status record, which means that the job is done.
    """
    if response.status == _PROXY_AUTHENTICATION_REQUIRED:
        raise transport_error(request, "proxy", sent=False)
    secrets = frozenset(secret_values(request.json))
    response = _redact(response, token, secrets)
    if response.status == _NOT_FOUND and response.is_html:
        raise response.not_json_error()
    if response.status >= _FIRST_ERROR:
        raise error_from(
            response, request, lambda text: token.redact(text, secrets | request.secret_values), token.source
        )
    is_done = response.status == _SEE_OTHER and request.method == "GET" and request.path.startswith(_STATUS_RECORDS)
    if response.status >= _FIRST_REDIRECT and not is_done:
        raise MalformedResponseError(
            f"The response to {request.method} {request.path} is a redirect ({response.status}), which was not "
            "followed: the DataRobot API does not redirect here. Check scheme (https), host and port of the Airflow "
            "connection."
        )
    if response.is_html:
        raise response.not_json_error()
    return response


def check_poll_response(response: Response, request: Request, token: Token) -> Response:
    """Raise an error if the response to a poll says nothing about the job.

    A 404 or 410, which means that the job no longer exists, is no error here.

    :returns: the response, with the token redacted.
    :raises ApiError: if the status is another error status.
    :raises MalformedResponseError: if the response is a redirect or an HTML page, for example one from a proxy.
    """
    if response.status in POLL_STATUSES or (response.status == RELOCATED and response.location):
        response = _redact(response, token)
        if response.is_html:
            raise response.not_json_error()
        return response
    return check_response(response, request, token)


def _redact(response: Response, token: Token, secrets: Collection[str] = ()) -> Response:
    if not secrets and not token.occurs_in("\n".join(response.headers.values()), response.body):
        return response
    headers = {name: token.redact(value, secrets) for name, value in response.headers.items()}
    return replace(response, headers=headers, body=token.redact_bytes(response.body, secrets))
