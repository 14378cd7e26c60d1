"""From an error reply to the exception that says what happened; reads both of the API's error shapes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.client import responses
from typing import TYPE_CHECKING, Any

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
    from datarobot_provider.client.request import Reply, Request

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
_FIRST_SERVER_ERROR = 500
_EXCERPT = 300


def error_from(reply: Reply, request: Request, redact: Callable[[str], str]) -> ApiError:
    """Build the exception for an error reply.

    :param reply: a reply with a status of 300 or more.
    :param request: what had been asked.
    :param redact: takes the secrets out of a text; servers like to echo what they refuse.
    :returns: an exception of the type that fits the status.
    """
    body = _body(reply)
    kind = _BY_STATUS.get(reply.status, ServerError if reply.status >= _FIRST_SERVER_ERROR else ApiError)
    job_id = body.get("jobId")
    return kind(
        reply.status,
        _message(reply, body, redact),
        method=request.method,
        path=redact(request.path),
        errors={field: redact(text) for field, text in _field_errors(body).items()},
        request_id=reply.request_id,
        job_id=job_id if isinstance(job_id, str) else None,
    )


def _body(reply: Reply) -> Mapping[str, Any]:
    try:
        body = json.loads(reply.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _message(reply: Reply, body: Mapping[str, Any], redact: Callable[[str], str]) -> str:
    for name in ("message", "detail"):
        if isinstance(body.get(name), str) and body[name]:
            return redact(str(body[name]))
    if isinstance(body.get("detail"), list):
        return "Invalid field data"
    phrase = responses.get(reply.status, "no reason given")
    if "json" in reply.headers.get("content-type", ""):
        return phrase
    # Redacted before it is cut: half a secret is not found any more.
    excerpt = " ".join(redact(reply.text).split())[:_EXCERPT]
    return f"{phrase} (not a DataRobot error: {excerpt!r})" if excerpt else phrase


def _field_errors(body: Mapping[str, Any]) -> dict[str, str]:
    errors: dict[str, str] = {}
    _flatten(body.get("errors"), "", errors)
    _flatten({name: body[name] for name in ("dependencies", "invalidDependencies") if body.get(name)}, "", errors)
    detail = body.get("detail")
    for item in detail if isinstance(detail, list) else []:
        if isinstance(item, dict):
            where = item.get("loc")
            place = [str(part) for part in where if part != "body"] if isinstance(where, list) else []
            errors[".".join(place) or "body"] = str(item.get("msg", ""))
    return errors


def _flatten(value: object, prefix: str, into: dict[str, str]) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _flatten(item, f"{prefix}.{key}" if prefix else str(key), into)
    elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
        for index, item in enumerate(value):
            _flatten(item, f"{prefix}.{index}", into)
    elif value is not None:
        into[prefix or "request"] = "; ".join(value) if isinstance(value, list) else str(value)
