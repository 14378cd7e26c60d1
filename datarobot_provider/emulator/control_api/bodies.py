"""The bodies of control requests: what each may hold, and how they are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request

from datarobot_provider.emulator.store import credentials, seed
from datarobot_provider.emulator.store.jobs import KINDS, OUTCOMES
from datarobot_provider.emulator.web import strict_json as strictjson
from datarobot_provider.emulator.web.delivery import Meter, StalledBodyError
from datarobot_provider.emulator.web.strict_json import Validator

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

# 31 years: the end of every job stays a date that can be written.
_MOST_SECONDS = 1_000_000_000
_MOST_TIMES = 100_000
_SECONDS = {"type": "number", "minimum": 0, "maximum": _MOST_SECONDS}
_TIMES = {"type": "integer", "minimum": 1, "maximum": _MOST_TIMES}
_TEXT = {"type": "string", "minLength": 1}
# What can stand in a header: anything else would break the response that carries it.
_HEADER = r"^[ -~]*\Z"


def _object(required: list[str], **properties: Any) -> Draft202012Validator:
    return Validator({"type": "object", "properties": properties, "required": required, "additionalProperties": False})


DATASET = _object(["name", "csv"], name=_TEXT, csv={"type": "string"}, id=_TEXT)
ENVIRONMENT = Validator(seed.ENVIRONMENT)
DEPLOYMENT = Validator(seed.DEPLOYMENT)
USE_CASE = Validator(seed.USE_CASE)
CREDENTIAL = Validator(credentials.SCHEMA)
IMAGE = _object(
    ["size", "redirect"],
    size={**seed.IMAGE_SIZE, "minimum": 1},
    redirect={"type": "boolean"},
    corrupt={"type": "boolean"},
    short={"type": "boolean"},
)
OUTCOME = _object(
    ["kind", "outcome"],
    kind={"enum": sorted(KINDS)},
    outcome={"enum": sorted(OUTCOMES)},
    times=_TIMES,
    state=_TEXT,
    message={"type": "string"},
    seconds=_SECONDS,
    checks={"type": "object", "additionalProperties": _TEXT},
)
FAULT = _object(
    [],
    method=_TEXT,
    path=_TEXT,
    times={**_TIMES, "type": ["integer", "null"]},
    after={**_TIMES, "minimum": 0},
    status={"type": "integer", "minimum": 200, "maximum": 599},
    retryAfter={"type": ["string", "number"], "pattern": _HEADER, "maximum": _MOST_SECONDS},
    body=True,
    contentType={**_TEXT, "pattern": _HEADER},
    cut={"enum": ["before", "inside", "after"]},
    delay=_SECONDS,
    apply={"type": "boolean"},
)
STATUS = _object([], status=_TEXT, gone={"type": "boolean"})
TOKEN = _object(["token"], token=_TEXT, readOnly={"type": "boolean"})


class ControlError(Exception):
    """A control request that makes no sense."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def read_body(request: Request, validator: Draft202012Validator) -> dict[str, Any]:
    """Return the JSON object in a control request's body.

    Raises ControlError if it does not arrive, is not valid JSON or departs from the schema of `validator`.
    """
    try:
        raw = await Request(request.scope, Meter(request.receive)).body()
        body: dict[str, Any] = strictjson.loads(raw or b"{}")
    except StalledBodyError as error:
        raise ControlError(error.status, error.message) from None
    except ClientDisconnect:
        raise ControlError(400, "the body has not arrived") from None
    except strictjson.JsonError as error:
        raise ControlError(422, f"the body is not valid JSON: {error}") from None
    for problem in validator.iter_errors(body):
        place = "/".join(map(str, problem.absolute_path)) or "body"
        named = validator.schema["properties"] if isinstance(validator.schema, dict) else ()
        raise ControlError(422, f"{place}: fails {problem.validator}; fields: {', '.join(named)}")
    return body


def check_pattern(text: str | None) -> None:
    """Raise ControlError unless `text` is a regular expression."""
    try:
        re.compile(text or "")
    except (re.error, OverflowError, RecursionError) as error:
        raise ControlError(422, f"path is not a regular expression: {error}") from error
