"""Refusals, and the two forms in which the API words them.

Public routes answer ``{"message": ..., "errors": {field: text}}``; the GenAI routes answer ``{"detail": ...}``, where
`detail` is a list of located problems for a 422 and a sentence for everything else.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INVALID = "Invalid field data"


class FieldProblem(NamedTuple):
    """One thing wrong with a request: where it stands (``("body", "name")``), what is wrong, and its class."""

    location: tuple[str | int, ...]
    text: str
    kind: str = "value_error"


class ApiError(Exception):
    """A refusal on its way to the client.

    Parameters: `status` and `message` of the response, the `fields` that are wrong, `extra` top-level keys of the body,
    and `headers`.
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
        """Return the body of a public route's error."""
        body: dict[str, Any] = {"message": self.message, **self.extra}
        if self.fields:
            body["errors"] = _nested(self.fields)
        return body

    def genai_body(self) -> dict[str, Any]:
        """Return the body of a GenAI route's error."""
        if self.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            return {"detail": self.message}
        fields = self.fields or (FieldProblem(("body",), self.message),)
        return {"detail": [{"loc": list(f.location), "msg": f.text, "type": f.kind} for f in fields]}


def invalid(field: str, text: str, where: str = "body") -> ApiError:
    """Return the 422 that says what is wrong with one `field`."""
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, INVALID, [FieldProblem((where, field), text)])


def not_found() -> ApiError:
    """Return the API's plain 404."""
    return ApiError(HTTPStatus.NOT_FOUND, "Not Found")


def _nested(fields: Sequence[FieldProblem]) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    for problem in fields:
        keys = [str(part) for part in problem.location[1:]] or [str(problem.location[0])]
        level = errors
        for key in keys[:-1]:
            below = level.setdefault(key, {})
            if not isinstance(below, dict):
                break
            level = below
        else:
            level.setdefault(keys[-1], problem.text)
    return errors
