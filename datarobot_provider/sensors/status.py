"""The sensor for any job that has a status record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_sensor import DataRobotJobSensor
from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Boolean, String


class DataRobotStatusSensor(DataRobotJobSensor):
    """Wait for any DataRobot job that has a status record.

    Route: GET ``/api/v2/status/{statusId}/``, or ``/api/v2/genai/status/{statusId}/``. Both a 303 and a 200 with
    ``COMPLETED`` mean that the job has succeeded.

    :param status: the ``Location`` of a response, the URL of a status record, or its id; templated; required.
    :param genai: the id is one of a status record of the GenAI routes; default ``False``; templated.
    :returns: the absolute URL of the result of the job, or ``None`` if DataRobot does not return it.
    :raises AirflowFailException: if the job fails.
    """

    def __init__(self, *, status: String, genai: Boolean = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.status = status
        self.genai = genai

    def ref(self) -> JobRef:
        """Return the job of the status record."""
        from datarobot_provider.client.accepted import status_id_of
        from datarobot_provider.client.endpoint import Endpoint, api_path

        status = converters.converted("status", self.status, converters.string).strip()
        genai = converters.converted("genai", self.genai, converters.boolean)
        if "/" not in status:
            status = converters.converted("status", status, converters.identifier)
            return JobRef("genai_task_status" if genai else "task_status", {"status_id": status})
        status_id = status_id_of(status)
        if status_id is None:
            raise InputError(f"status is {status!r}, which is neither an id nor the URL of a status record.")
        ours = self.hook.client.endpoint
        if "://" in status and Endpoint.parse("/".join(status.split("/")[:3])) != ours:
            raise InputError(f"status is {status!r}, which is not on the host of the connection ({ours.origin}).")
        genai = str(api_path(status)).startswith("genai/")
        return JobRef("genai_task_status" if genai else "task_status", {"status_id": status_id})
