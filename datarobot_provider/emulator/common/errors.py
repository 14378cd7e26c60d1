"""Error responses of the API, in the two formats that it uses.

Public routes return ``{"message": ..., "errors": {field: text}}``. GenAI routes return ``{"detail": ...}``, where
``detail`` is a list of problems with their locations for a 422, and a sentence for all other statuses.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INVALID = "Invalid field data"


class FieldProblem(NamedTuple):
    """A problem of one field of a request.

    :param location: where the field is, for example ``("body", "name")``.
    :param text: what is wrong.
    :param kind: the type of the problem in a GenAI response.
    """

    location: tuple[str | int, ...]
    text: str
    kind: str = "value_error"


class ApiError(Exception):
    """An error response of the API.

    :param status: the HTTP status.
    :param message: the message in the body.
    :param fields: the fields with problems, if any.
    :param extra: additional top-level keys of a public route's body.
    :param headers: additional headers of the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        fields: Sequence[FieldProblem] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = tuple(fields)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    def public_body(self) -> dict[str, Any]:
        """Return the body for a public route."""
        body: dict[str, Any] = {"message": self.message, **self.extra}
        if self.fields:
            body["errors"] = _nested(self.fields)
        return body

    def genai_body(self) -> dict[str, Any]:
        """Return the body for a GenAI route."""
        if self.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            return {"detail": self.message}
        fields = self.fields or (FieldProblem(("body",), self.message),)
        return {"detail": [{"loc": list(f.location), "msg": f.text, "type": f.kind} for f in fields]}


def invalid(field: str, text: str, where: str = "body") -> ApiError:
    """Return a 422 for one field.

    :param field: the name of the field.
    :param text: what is wrong.
    :param where: ``body`` or ``query``.
    """
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, INVALID, [FieldProblem((where, field), text)])


def not_found() -> ApiError:
    """Return the general 404 of the API."""
    return ApiError(HTTPStatus.NOT_FOUND, "Not Found")


def _nested(fields: Sequence[FieldProblem]) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    for problem in fields:
        keys = [str(part) for part in problem.location[1:]] or [str(problem.location[0])]
        level = errors
        for key in keys[:-1]:
            inner = level.setdefault(key, {})
            if not isinstance(inner, dict):
                break
            level = inner
        else:
            level.setdefault(keys[-1], problem.text)
    return errors
