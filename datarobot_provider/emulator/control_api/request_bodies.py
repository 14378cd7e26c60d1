"""Schemas and parser of the bodies of control requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request

from datarobot_provider.emulator.common import strict_json
from datarobot_provider.emulator.common.strict_json import Validator
from datarobot_provider.emulator.store import credentials, seed, seed_loader
from datarobot_provider.emulator.store.jobs import DEFAULT, KINDS, OUTCOMES
from datarobot_provider.emulator.web.request_body import BodyReader, StalledBodyError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

# 31 years. The end of every job must be a valid date.
_MAX_SECONDS = 1_000_000_000
_MAX_TIMES = 100_000
_SECONDS = {"type": "number", "minimum": 0, "maximum": _MAX_SECONDS}
_TIMES = {"type": "integer", "minimum": 1, "maximum": _MAX_TIMES}
_STRING = {"type": "string", "minLength": 1}
_LISTS = {"enum": "allowed values", "required": "required fields"}
# The characters that a header may contain. Others would make the response invalid.
_HEADER = r"^[ -~]*\Z"


def _object_validator(required: list[str], **properties: Any) -> Draft202012Validator:
    return Validator({"type": "object", "properties": properties, "required": required, "additionalProperties": False})


def _described(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {**schema, "description": description}


DATASET = _object_validator(
    ["name", "csv"],
    name=_STRING,
    csv=_described({"type": "string"}, "The CSV document, with a header row."),
    id=_STRING,
)
ENVIRONMENT = Validator(seed.ENVIRONMENT)
DEPLOYMENT = Validator(seed.DEPLOYMENT)
USE_CASE = Validator(seed.USE_CASE)
CREDENTIAL = Validator(credentials.SCHEMA)
SEED = Validator(seed_loader.SCHEMA)
IMAGE = _object_validator(
    ["size", "redirect"],
    size={**seed.IMAGE_SIZE, "minimum": 1},
    redirect=_described({"type": "boolean"}, "Whether the API redirects to the object storage."),
    corrupt=_described({"type": "boolean"}, "Whether one byte of the content is wrong."),
    short=_described({"type": "boolean"}, "Whether the last tenth of the content is missing."),
)
OUTCOME = _object_validator(
    ["kind", "outcome"],
    kind={"enum": sorted(KINDS)},
    outcome={"enum": sorted({DEFAULT, *OUTCOMES})},
    times=_described(_TIMES, "The number of jobs, 1 by default."),
    state=_described(_STRING, "The state that a job with the outcome unknown reports."),
    message=_described({"type": "string"}, "The reason of a failure."),
    seconds=_described(_SECONDS, "The duration regardless of the time scale."),
    checks=_described(
        {"type": "object", "additionalProperties": _STRING}, "The results of single checks of a model test."
    ),
    customModelId=_described(_STRING, "Restricts the outcome to jobs of one custom model."),
    customModelVersionId=_described(_STRING, "Restricts the outcome to jobs of one version."),
)
FINISH = _object_validator(
    [],
    customModelId=_described(_STRING, "Only the jobs of one custom model."),
    customModelVersionId=_described(_STRING, "Only the jobs of one version."),
)
FAULT = _object_validator(
    [],
    method=_described(_STRING, "The HTTP method of the requests; all by default."),
    path=_described(_STRING, "A regular expression to search for in the path; all paths by default."),
    times=_described(
        {**_TIMES, "type": ["integer", "null"]}, "The number of requests to affect, 1 by default, null for all."
    ),
    after=_described({**_TIMES, "minimum": 0}, "The number of matching requests to leave unaffected first."),
    status=_described({"type": "integer", "minimum": 200, "maximum": 599}, "The status of the error response."),
    retryAfter=_described(
        {"type": ["string", "number"], "pattern": _HEADER, "maximum": _MAX_SECONDS}, "The header Retry-After."
    ),
    body=_described({}, "The body of the error response."),
    contentType=_described({**_STRING, "pattern": _HEADER}, "The content type of the error response."),
    cut=_described({"enum": ["before", "inside", "after"]}, "When to abort the connection."),
    delay=_described(_SECONDS, "The seconds to wait before the request is handled."),
    apply=_described({"type": "boolean"}, "Whether the request is handled although the response is an error."),
)
STATUS = _object_validator(
    [],
    status=_described(_STRING, "The status that the record reports."),
    gone=_described({"type": "boolean"}, "Whether the record no longer exists."),
)
STATUS_LIST = _object_validator(
    [],
    without=_described(
        {"type": "array", "items": {"enum": sorted(KINDS)}}, "The kinds of jobs whose records the list lacks."
    ),
    late=_described(_SECONDS, "By how many seconds the list is late."),
    runningOnly=_described({"type": "boolean"}, "Whether the list contains only the records of running jobs."),
)
TOKEN = _object_validator(
    ["token"],
    token=_described(_STRING, "At least 8 characters, all of them visible ASCII without spaces."),
    readOnly=_described({"type": "boolean"}, "Whether the token permits GET requests only."),
)


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
        raise ControlError(422, f"{place}: violates {problem.validator}; {_rule(problem, validator)}")
    return body


def _rule(problem: ValidationError, validator: Draft202012Validator) -> str:
    """Return what is allowed, without the value, which may be a secret."""
    rule = problem.validator_value
    if isinstance(rule, list) and str(problem.validator) in _LISTS:
        return f"{_LISTS[str(problem.validator)]}: {', '.join(map(str, rule))}"
    schemas = (problem.schema, validator.schema)
    named = next((s["properties"] for s in schemas if isinstance(s, Mapping) and "properties" in s), ())
    return f"allowed fields: {', '.join(named)}"


def check_pattern(text: str | None) -> None:
    """Check a regular expression.

    :raises ControlError: if it is invalid.
    """
    try:
        re.compile(text or "")
    except (re.error, OverflowError, RecursionError) as error:
        raise ControlError(422, f"path is not a regular expression: {error}") from error
