"""Conversion of error responses to exceptions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from http.client import responses
from itertools import islice
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.json_text import parse
from datarobot_provider.exceptions import (
    AccessDeniedError,
    ApiError,
    AuthenticationError,
    ConflictError,
    NotFoundError,
    RateLimitError,
    ServerError,
    ValidationError,
)

if TYPE_CHECKING:
    from datarobot_provider.client.request import Request, Response

_BY_STATUS: dict[int, type[ApiError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: AccessDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    413: ValidationError,
    422: ValidationError,
    429: RateLimitError,
}
_TIMED_OUT = 408
_FIRST_SERVER_ERROR = 500
_EXCERPT = 300
_MAX_FIELDS = 20
_LONGEST_FIELD = 100
_LONGEST_ID = 100
#: Message of an error in a body that was cut because it is too long.
_MESSAGE = re.compile(rb'"(message|detail)"\s*:\s*("(?:[^"\\]++|\\.)*+")')


def error_from(response: Response, request: Request, redact: Callable[[str], str], token_source: str = "") -> ApiError:
    """Build the exception for an error response. Both formats of errors of the API are supported.

    :param response: a response with a status of 300 or higher.
    :param request: the request.
    :param redact: redacts the secrets in a string.
    :param token_source: where the API token comes from.
    :returns: an exception of the class for the status.
    """
    body = _body(response)
    kind = _BY_STATUS.get(response.status, ServerError if response.status >= _FIRST_SERVER_ERROR else ApiError)
    job_id = body.get("jobId")
    error = kind(
        response.status,
        _message(response, body, redact),
        method=request.method,
        path=redact(request.path),
        errors=_first_errors(_field_errors(body), redact),
        request_id=redact(response.request_id)[:_LONGEST_ID] if response.request_id else None,
        job_id=job_id if isinstance(job_id, str) else None,
        repeated=response.repeated,
        token_source=token_source,
    )
    error.retryable = kind.retryable or response.status == _TIMED_OUT
    return error


def _body(response: Response) -> Mapping[str, Any]:
    try:
        body = parse(response.body)
    except ValueError:
        return _message_of_cut_body(response.body)
    return body if isinstance(body, dict) else {}


def _message_of_cut_body(body: bytes) -> Mapping[str, Any]:
    """Return the message of a JSON object whose end is missing."""
    match = _MESSAGE.search(body) if body.lstrip().startswith(b"{") else None
    try:
        return {match[1].decode(): parse(match[2])} if match else {}
    except ValueError:
        return {}


def _message(response: Response, body: Mapping[str, Any], redact: Callable[[str], str]) -> str:
    for name in ("message", "detail"):
        if isinstance(body.get(name), str) and body[name]:
            return redact(str(body[name]))
    if isinstance(body.get("detail"), list):
        return "Invalid field data"
    phrase = responses.get(response.status, "unknown status")
    if "json" in response.headers.get("content-type", ""):
        return phrase
    # Redacted before it is cut, because a part of a secret is not recognized.
    excerpt = " ".join(redact(response.text).split())[:_EXCERPT]
    return f"{phrase} (the body is not an error of DataRobot: {excerpt!r})" if excerpt else phrase


def _first_errors(errors: Iterator[tuple[str, str]], redact: Callable[[str], str]) -> dict[str, str]:
    """Return the first field errors, shortened, so that the text of the exception stays readable."""
    found: dict[str, str] = {}
    for field, text in islice(errors, _MAX_FIELDS):
        # Redacted before it is cut, because a part of a secret is not recognized.
        found[redact(field)[:_LONGEST_FIELD]] = redact(text)[:_EXCERPT]
    if next(errors, None) is not None:
        found["…"] = f"more than {_MAX_FIELDS} errors; the rest is omitted"
    return found


def _field_errors(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _flattened(body.get("errors"), "")
    yield from _flattened({name: body[name] for name in ("dependencies", "invalidDependencies") if body.get(name)}, "")
    detail = body.get("detail")
    for item in detail if isinstance(detail, list) else []:
        if isinstance(item, dict):
            location = item.get("loc")
            path = [str(part) for part in location if part != "body"] if isinstance(location, list) else []
            yield ".".join(path) or "body", str(item.get("msg", ""))


def _flattened(value: object, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flattened(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
        for index, item in enumerate(value):
            yield from _flattened(item, f"{prefix}.{index}")
    elif value is not None:
        yield prefix or "request", "; ".join(value) if isinstance(value, list) else str(value)
