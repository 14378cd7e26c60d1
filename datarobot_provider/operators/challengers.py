"""Operators for the challengers of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import DeleteOperator, GetOperator, UnpagedListOperator
from datarobot_provider.core.resource_operators import DeploymentOperator
from datarobot_provider.core.submission.recovery import RecoverFromList
from datarobot_provider.exceptions import UncertainSubmitError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import DeploymentLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Id, String
    from datarobot_provider.core.submission.recovery import CreatedResource
    from datarobot_provider.version_compat import Context


class CreateChallengerOperator(RecoverFromList, DeploymentOperator, DataRobotJobOperator):
    """Add a version of a registered model to a deployment as a challenger of its model, and wait until it is added.

    Route: POST ``/api/v2/deployments/{deploymentId}/challengers/``. The deployment must allow challengers, see
    ``UpdateDeploymentSettingsOperator``. Every argument up to ``prediction_environment_id`` is templated. The API
    cannot cancel this job.

    :param deployment_id: id of the deployment; required.
    :param model_package_id: id of the version of the registered model; required.
    :param name: name of the challenger; required.
    :param prediction_environment_id: id of the prediction environment in which the challenger runs.
    :param wait_for_completion: wait until the challenger is added; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the challenger, an object; with ``wait_for_completion=False`` the id of the deployment.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if the challenger cannot be added.
    """

    route = "POST deployments/{deployment_id}/challengers/"
    kind = "challenger"
    operator_extra_links = (DeploymentLink(),)

    def __init__(
        self, *, model_package_id: Id, name: String, prediction_environment_id: Id | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.model_package_id = model_package_id
        self.name = name
        self.prediction_environment_id = prediction_environment_id

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Add the challenger."""
        return self.accepted_job(self.ids("deployment_id"))

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the challengers of the deployment."""
        return self.hook.client.unpaged_items(self.path_of(f"GET {routes.CHALLENGERS}"))[:limit]

    def state_before(self) -> dict[str, Any]:
        """Return the ids of the challengers."""
        return {"ids": [required(row, "id") for row in self.list_rows(None)]}

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:
        """Find the challenger among those that did not exist before.

        :raises UncertainSubmitError: if it is not known which ones existed: a challenger has no time.
        """
        if "ids" not in state_before:
            raise UncertainSubmitError("Challengers have no time of creation.")
        return super().recover(state_before)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a challenger has the model package and the name of this task."""
        sent = self.payload()
        model_package_id = (row.get("modelPackage") or {}).get("id")
        return bool(model_package_id == sent["modelPackageId"] and row.get("name") == sent["name"])

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a challenger as the job of this task."""
        return JobRef(self.kind, {**self.ids("deployment_id"), "challenger_id": required(row, "id")})


class ListChallengersOperator(UnpagedListOperator, DeploymentOperator):
    """Return the challengers of a deployment.

    Route: GET ``/api/v2/deployments/{deploymentId}/challengers/``.

    :param deployment_id: id of the deployment; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of challengers.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/{deployment_id}/challengers/"


class GetChallengerOperator(GetOperator, DeploymentOperator):
    """Return a challenger of a deployment.

    Route: GET ``/api/v2/deployments/{deploymentId}/challengers/{challengerId}/``.

    :param deployment_id: id of the deployment; templated; required.
    :param challenger_id: id of the challenger; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the challenger, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/{deployment_id}/challengers/{challenger_id}/"
    operator_extra_links = (DeploymentLink(),)

    def __init__(self, *, challenger_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.challenger_id = challenger_id


class DeleteChallengerOperator(DeleteOperator, DeploymentOperator):
    """Remove a challenger from a deployment.

    Route: DELETE ``/api/v2/deployments/{deploymentId}/challengers/{challengerId}/``.

    :param deployment_id: id of the deployment; templated; required.
    :param challenger_id: id of the challenger; templated; required.
    :param ignore_if_missing: succeed if the challenger does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE deployments/{deployment_id}/challengers/{challenger_id}/"

    def __init__(self, *, challenger_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.challenger_id = challenger_id
