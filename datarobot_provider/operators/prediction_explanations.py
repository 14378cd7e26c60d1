"""Operators for prediction explanations of versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id
    from datarobot_provider.version_compat import Context


class InitializePredictionExplanationsOperator(DataRobotJobOperator):
    """Initialize the prediction explanations of a version, and wait for the initialization.

    Routes: POST ``/api/v2/customModels/predictionExplanationsInitialization/`` with ``environment_id``, otherwise POST
    ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/predictionExplanationsInitialization/``. The
    API cannot cancel this job.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param environment_id: id of the execution environment to use instead of the environment of the version; templated.
    :param environment_version_id: id of the environment version; templated.
    :param wait_for_completion: wait for it; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded: ``fail`` (default) or ``resubmit``.
        DataRobot cannot tell: an initialization can only be found by the id of its status record.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the absolute URL of the result, or ``None`` if DataRobot does not return it; with
        ``wait_for_completion=False`` the id of the status record.
    :raises AirflowFailException: if DataRobot refuses the request.
    :raises AirflowException: if the initialization fails.
    """

    route = "POST customModels/predictionExplanationsInitialization/"
    other_routes = (
        "POST customModels/{custom_model_id}/versions/{custom_model_version_id}/predictionExplanationsInitialization/",
    )

    kind = "prediction_explanations"
    operator_extra_links = (CustomModelVersionLink(),)
    reads = (routes.VERSION_RESOURCE,)

    def __init__(
        self,
        *,
        custom_model_id: Id,
        custom_model_version_id: Id,
        environment_id: Id | None = None,
        environment_version_id: Id | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.environment_id = environment_id
        self.environment_version_id = environment_version_id

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the initialization."""
        from datarobot_provider.client.accepted import accepted

        if self.environment_id is None and self.environment_version_id is None:
            response = self.request(self.other_routes[0])
        else:
            response = self.request(json=self.payload())
        ids = self.ids("custom_model_id", "custom_model_version_id")
        return JobRef(self.kind, {**ids, "status_id": accepted(response).status_id})
