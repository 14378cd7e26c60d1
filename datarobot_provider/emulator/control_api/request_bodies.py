"""Schemas and parser of the bodies of control requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request

from datarobot_provider.emulator.common import strict_json
from datarobot_provider.emulator.common.strict_json import Validator
from datarobot_provider.emulator.store import credentials, seed
from datarobot_provider.emulator.store.jobs import KINDS, OUTCOMES
from datarobot_provider.emulator.web.request_body import BodyReader, StalledBodyError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

# 31 years. The end of every job must be a valid date.
_MAX_SECONDS = 1_000_000_000
_MAX_TIMES = 100_000
_SECONDS = {"type": "number", "minimum": 0, "maximum": _MAX_SECONDS}
_TIMES = {"type": "integer", "minimum": 1, "maximum": _MAX_TIMES}
_STRING = {"type": "string", "minLength": 1}
# The characters that a header may contain. Others would make the response invalid.
_HEADER = r"^[ -~]*\Z"


def _object_validator(required: list[str], **properties: Any) -> Draft202012Validator:
    return Validator({"type": "object", "properties": properties, "required": required, "additionalProperties": False})


DATASET = _object_validator(["name", "csv"], name=_STRING, csv={"type": "string"}, id=_STRING)
ENVIRONMENT = Validator(seed.ENVIRONMENT)
DEPLOYMENT = Validator(seed.DEPLOYMENT)
USE_CASE = Validator(seed.USE_CASE)
CREDENTIAL = Validator(credentials.SCHEMA)
IMAGE = _object_validator(
    ["size", "redirect"],
    size={**seed.IMAGE_SIZE, "minimum": 1},
    redirect={"type": "boolean"},
    corrupt={"type": "boolean"},
    short={"type": "boolean"},
)
OUTCOME = _object_validator(
    ["kind", "outcome"],
    kind={"enum": sorted(KINDS)},
    outcome={"enum": sorted(OUTCOMES)},
    times=_TIMES,
    state=_STRING,
    message={"type": "string"},
    seconds=_SECONDS,
    checks={"type": "object", "additionalProperties": _STRING},
)
FAULT = _object_validator(
    [],
    method=_STRING,
    path=_STRING,
    times={**_TIMES, "type": ["integer", "null"]},
    after={**_TIMES, "minimum": 0},
    status={"type": "integer", "minimum": 200, "maximum": 599},
    retryAfter={"type": ["string", "number"], "pattern": _HEADER, "maximum": _MAX_SECONDS},
    body=True,
    contentType={**_STRING, "pattern": _HEADER},
    cut={"enum": ["before", "inside", "after"]},
    delay=_SECONDS,
    apply={"type": "boolean"},
)
STATUS = _object_validator([], status=_STRING, gone={"type": "boolean"})
TOKEN = _object_validator(["token"], token=_STRING, readOnly={"type": "boolean"})


class ControlError(Exception):
    """An error response of the control API."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def read_body(request: Request, validator: Draft202012Validator) -> dict[str, Any]:
    """Return the JSON object in the body of a control request.

    :param request: the request.
    :param validator: the validator of the body.
    :raises ControlError: if the body is incomplete, is not valid JSON or violates the schema.
    """
    try:
        raw = await Request(request.scope, BodyReader(request.receive)).body()
        body: dict[str, Any] = strict_json.loads(raw or b"{}")
    except StalledBodyError as error:
        raise ControlError(error.status, error.message) from None
    except ClientDisconnect:
        raise ControlError(400, "the body is incomplete: the client has closed the connection") from None
    except strict_json.JsonError as error:
        raise ControlError(422, f"the body is not valid JSON: {error}") from None
    for problem in validator.iter_errors(body):
        place = "/".join(map(str, problem.absolute_path)) or "body"
        named = validator.schema["properties"] if isinstance(validator.schema, dict) else ()
        raise ControlError(422, f"{place}: violates {problem.validator}; allowed fields: {', '.join(named)}")
    return body


def check_pattern(text: str | None) -> None:
    """Check a regular expression.

    :raises ControlError: if it is invalid.
    """
    try:
        re.compile(text or "")
    except (re.error, OverflowError, RecursionError) as error:
        raise ControlError(422, f"path is not a regular expression: {error}") from error
