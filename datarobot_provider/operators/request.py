"""The operator for everything that has no operator of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.endpoint import API_PREFIX, api_path
from datarobot_provider.client.request import Request
from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.operators import fields
from datarobot_provider.operators.base import DataRobotJobOperator
from datarobot_provider.operators.submission import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from datarobot_provider.client.request import Reply
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.operators.submission_record import SubmissionRecord
    from datarobot_provider.version_compat import Context

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


class DataRobotRequestOperator(DataRobotJobOperator):
    """Send any request to the DataRobot API, and wait for the job that it starts, if it starts one.

    Route: GET (or POST, PATCH, PUT, DELETE) any path below ``/api/v2/``. A 202 whose ``Location`` is a status record is
    waited for and followed to its result; every other reply is returned as it is. DataRobot has no way to cancel such a
    job.

    :param path: path below ``/api/v2/``, such as ``datasets/`` or ``deployments/65a0…/``; templated; required.
    :param method: ``GET`` (default), ``POST``, ``PATCH``, ``PUT`` or ``DELETE``; templated.
    :param query: query parameters, an object; a list as a value repeats its parameter, ``None`` leaves it out;
        templated.
    :param json: JSON body, in the API's own names; templated. A string is read as the object or the list that it
        spells, in JSON or in Python's spelling.
    :param response_filter: a function that gets the JSON and returns what goes to XCom; default: all of it.
    :param wait_for_completion: wait for the ``Location`` of a 202; default ``True``; templated. Otherwise the id of the
        status record is returned, for :class:`DataRobotStatusSensor`.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect here: a status record cannot be cancelled.
    :param on_uncertain_submit: what to do when an earlier try may have sent a POST whose reply was lost: ``fail``
        (default) or ``resubmit``. Nobody knows how to ask DataRobot about any POST; other methods may be sent twice.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the JSON of the reply, or of what the job made; ``None`` if there is none.
    :raises AirflowFailException: if an argument is wrong or DataRobot refuses the request.
    :raises AirflowException: if the job fails.
    """

    kind = "task_status"
    argument_types = {
        "path": fields.text,
        "method": fields.text,
        "query": fields.optional(fields.query),
        "json": fields.optional(fields.body),
    }
    other_kinds = ("genai_task_status",)
    required_fields = ("path", "method")
    template_fields: Sequence[str] = (*DataRobotJobOperator.template_fields, "path", "method", "query", "json")
    template_fields_renderers = {"query": "json", "json": "json"}

    def __init__(
        self,
        *,
        path: str,
        method: str = "GET",
        query: Mapping[str, Any] | str | None = None,
        json: Any = None,
        response_filter: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.method = method
        self.query: Any = query
        self.json = json
        self.response_filter = response_filter

    def start(self, context: Context) -> JobRef | Done:  # noqa: ARG002 - for operators that push XComs
        """Send the request; there is a job to wait for if the reply is a 202 that says where."""
        from datarobot_provider.client.client import ACCEPTED
        from datarobot_provider.client.resources.base import status_id_of

        request = self._request()
        reply = self.hook.client.send(request)
        self.log.info("DataRobot answered %d to %s %s.", reply.status, request.method, request.path)
        status_id = status_id_of(reply.location or "")
        if reply.status != ACCEPTED or status_id is None:
            return Done(self._filtered(_json_of(reply)))
        genai = "genai/" in str(reply.location)
        return JobRef("genai_task_status" if genai else self.kind, {"status_id": status_id})

    def submit(self, context: Context, record: SubmissionRecord) -> JobRef | Done:
        """Send the request; what only reads is not remembered."""
        return self.start(context) if self.method == "GET" else super().submit(context, record)

    def recover(self, before: dict[str, Any]) -> JobRef | Done | None:
        """Let a POST be uncertain, and send anything else again."""
        return super().recover(before) if self.method == "POST" else None

    def result(self, event: JobEvent) -> Any:
        """Return the JSON of what the job made."""
        made = event.verdict.result
        return self._filtered(_json_of(self.hook.client.send(Request("GET", made))) if made else None)

    def check(self) -> None:
        """Check the arguments: a method of the API, a path below it."""
        super().check()
        if self.method not in _METHODS:
            raise InputError(f"method should be one of {', '.join(_METHODS)}, but is {self.method!r}.")
        if "://" in self.path or self._api_path() is None:
            raise InputError(f"path should be a path below {API_PREFIX}, such as 'datasets/', but is {self.path!r}.")

    def _api_path(self) -> str | None:
        return api_path(API_PREFIX + self.path.removeprefix(API_PREFIX).lstrip("/"))

    def _request(self) -> Request:
        return Request(self.method, str(self._api_path()), params=self.query or {}, json=self.json)

    def _filtered(self, reply: Any) -> Any:
        return self.response_filter(reply) if self.response_filter else reply


def _json_of(reply: Reply) -> Any:
    return reply.json() if reply.body.strip() else None
