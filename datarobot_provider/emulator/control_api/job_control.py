"""Control routes of jobs: outcomes, status records, list of the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.control_api import request_bodies
from datarobot_provider.emulator.control_api.index import ControlRoute, Json, data_response
from datarobot_provider.emulator.control_api.request_bodies import ControlError
from datarobot_provider.emulator.store.jobs import DEFAULT, KINDS, PlannedOutcome, StatusListSettings

if TYPE_CHECKING:
    from starlette.requests import Request

    from datarobot_provider.emulator.store.state import State

_MODEL, _VERSION = "customModelId", "customModelVersionId"


class JobRoutes:
    """The handlers of jobs.

    :param state: the state of the emulator.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def table(self) -> list[ControlRoute]:
        """Return the routes."""
        return [
            ControlRoute("GET", "/outcomes", self._list_outcomes, "Lists the outcomes that are not used up."),
            ControlRoute(
                "POST", "/outcomes", self._add_outcome, "Sets the outcome of future jobs.", request_bodies.OUTCOME
            ),
            ControlRoute("DELETE", "/outcomes", self._clear_outcomes, "Removes all outcomes."),
            ControlRoute("DELETE", "/outcomes/{id}", self._delete_outcome, "Removes one outcome."),
            ControlRoute(
                "POST", "/status/{id}", self._change_status, "Changes one status record.", request_bodies.STATUS
            ),
            ControlRoute(
                "POST",
                "/status-list",
                self._set_status_list,
                "Sets what the list of the status records contains; by default, all records at this time.",
                request_bodies.STATUS_LIST,
            ),
            ControlRoute("GET", "/jobs", self._list_jobs, "Lists all jobs with kind, ids, state, start and end."),
            ControlRoute(
                "POST",
                "/finish",
                self._finish,
                "Ends the running jobs now with their planned outcomes. Together with long `seconds`, a test "
                "determines when a job ends.",
                request_bodies.FINISH,
            ),
        ]

    async def _list_outcomes(self, _: Request, __: Json) -> Response:
        return data_response([rule.to_json() for rule in self._state.outcomes.all])

    async def _add_outcome(self, _: Request, body: Json) -> Response:
        if body["outcome"] == "unknown" and "state" not in body:
            raise ControlError(422, "the outcome unknown requires a state")
        if body["outcome"] == DEFAULT and body.keys() & {"state", "message", "checks"}:
            raise ControlError(422, "the outcome default only sets the duration of a job")
        target = self._target(body)
        planned = PlannedOutcome(
            outcome=body["outcome"],
            message=body.get("message"),
            state=body.get("state"),
            seconds=body.get("seconds"),
            checks=body.get("checks", {}),
        )
        rule = self._state.outcomes.plan(body["kind"], planned, body.get("times", 1), target)
        return JSONResponse({"id": rule.id, **body}, 201)

    def _target(self, body: Json) -> dict[str, str]:
        """Return the ids that the outcome is aimed at.

        :raises ControlError: if no job of the kind can have them.
        """
        kind, target = body["kind"], {name: body[name] for name in (_MODEL, _VERSION) if name in body}
        for name in target:
            if name not in KINDS[kind].targets:
                raise ControlError(422, f"{name}: {_untargeted_reason(kind)}")
        if _MODEL in target and target[_MODEL] not in self._state.models:
            raise ControlError(422, f"{_MODEL}: there is no such custom model")
        if _VERSION in target:
            version = self._state.find_version(target[_VERSION])
            if version is None or target.get(_MODEL, version.model_id) != version.model_id:
                owner = " of the custom model" if _MODEL in target else ""
                raise ControlError(422, f"{_VERSION}: there is no such version{owner}")
        return target

    async def _clear_outcomes(self, _: Request, __: Json) -> Response:
        self._state.outcomes.clear()
        return Response(status_code=204)

    async def _delete_outcome(self, request: Request, _: Json) -> Response:
        if not self._state.outcomes.delete(request.path_params["id"]):
            raise ControlError(404, "no such outcome, or it is used up")
        return Response(status_code=204)

    async def _change_status(self, request: Request, body: Json) -> Response:
        record = self._state.statuses.get(request.path_params["id"])
        if record is None:
            raise ControlError(404, "no such status record")
        record.status = body.get("status", record.status)
        record.deleted = body.get("gone", record.deleted)
        if record.status:
            self._state.outcomes.injected_values.add(record.status)
        return JSONResponse({"statusId": record.id, "status": record.status, "gone": record.deleted})

    async def _set_status_list(self, _: Request, body: Json) -> Response:
        self._state.status_list = StatusListSettings(
            frozenset(body.get("without", ())), body.get("late", 0.0), body.get("runningOnly", False)
        )
        return Response(status_code=204)

    async def _list_jobs(self, _: Request, __: Json) -> Response:
        now = self._state.now()
        return data_response(
            [
                {
                    "kind": job.kind,
                    "ids": job.ids,
                    "state": job.state(now),
                    "active": job.active(now),
                    "created": timestamps.iso_format(job.created),
                    "ends": None if job.never_ends else timestamps.iso_format(job.finished_at()),
                }
                for job in self._state.jobs
            ]
        )

    async def _finish(self, _: Request, body: Json) -> Response:
        for job in self._state.jobs:
            if body.items() <= job.ids.items():
                job.finish(self._state.now())
        return Response(status_code=204)


def _untargeted_reason(kind: str) -> str:
    if _MODEL in KINDS[kind].targets:
        return f"a job of the kind {kind} belongs to a version that the same request creates; use {_MODEL}"
    return f"a job of the kind {kind} does not belong to a custom model"
