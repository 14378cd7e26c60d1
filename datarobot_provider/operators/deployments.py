"""Operators for deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import (
    DeleteOperator,
    GetOperator,
    ListOperator,
    UpdateOperator,
    check_if_exists,
    existing,
)
from datarobot_provider.core.resource_operators import DeploymentChange, DeploymentOperator
from datarobot_provider.core.submission.recovery import RecoverFromList
from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.links.datarobot import DeploymentLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.core.arguments.types import Boolean, Id, ObjectList, String, StringOrStringList
    from datarobot_provider.version_compat import Context


class CreateDeploymentOperator(RecoverFromList, DataRobotJobOperator):
    """Deploy a version of a registered model, and wait until the deployment is active.

    Route: POST ``/api/v2/deployments/fromModelPackage/``. Every argument up to ``if_exists`` is templated. The API
    cannot cancel this job.

    :param model_package_id: id of the version of the registered model, which DataRobot also calls a model package;
        required.
    :param deployment_label: name of the deployment; required.
    :param description: description of the deployment.
    :param prediction_environment_id: id of the prediction environment in which the model runs.
    :param default_prediction_server_id: id of the dedicated prediction server, instead of a prediction environment.
    :param importance: ``CRITICAL``, ``HIGH``, ``MODERATE`` or ``LOW``.
    :param user_provided_id: an id of your own.
    :param additional_metadata: a list of ``{"key", "value"}``.
    :param if_exists: what to do if a deployment with this label exists: ``create`` another one (default), ``reuse`` it,
        with the model that it serves, or ``fail``.
    :param wait_for_completion: wait until the deployment is active; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the deployment, an object; with ``wait_for_completion=False`` its id.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if the deployment fails.
    """

    route = "POST deployments/fromModelPackage/"

    kind = "deployment"
    created_at = "createdAt"
    options: ClassVar[Sequence[str]] = ("if_exists",)
    operator_extra_links = (DeploymentLink(),)
    creates = (routes.DEPLOYMENT_RESOURCE,)

    def __init__(
        self,
        *,
        model_package_id: Id,
        deployment_label: String,
        description: String | None = None,
        prediction_environment_id: Id | None = None,
        default_prediction_server_id: Id | None = None,
        importance: String | None = None,
        user_provided_id: String | None = None,
        additional_metadata: ObjectList | None = None,
        if_exists: String = "create",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model_package_id = model_package_id
        self.deployment_label = deployment_label
        self.description = description
        self.prediction_environment_id = prediction_environment_id
        self.default_prediction_server_id = default_prediction_server_id
        self.importance = importance
        self.user_provided_id = user_provided_id
        self.additional_metadata = additional_metadata
        self.if_exists = if_exists

    def check(self) -> None:
        """Check the arguments."""
        super().check()
        check_if_exists(self.if_exists)
        if self.prediction_environment_id is not None and self.default_prediction_server_id is not None:
            raise InputError("Give either prediction_environment_id or default_prediction_server_id.")

    def payload(self) -> dict[str, Any]:
        """Return the fields of the request. Airflow reserves the attribute ``label``."""
        return _with_label(super().payload())

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Create the deployment, or find the existing one."""
        from datarobot_provider.client.accepted import accepted

        payload = self.payload()
        found = existing(self.if_exists, "deployment", self._existing, "label")
        if found is not None:
            self.log.info("Reusing the deployment %s (%s).", self.deployment_label, found["id"])
            return self.result_from_row(found)
        job = accepted(self.request(json=payload))
        return JobRef(self.kind, {"deployment_id": required(job.body, "id"), "status_id": job.status_id})

    def _existing(self) -> dict[str, Any] | None:
        """Return the newest deployment with this label, apart from those that failed or are archived."""
        probe = self._kind().probes[-1]
        unusable = (Outcome.FAILED, Outcome.EXPIRED)
        rows = self.list_rows(None)
        return next((row for row in rows if probe.outcome_of(str(row.get("status"))) not in unusable), None)

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the deployments with this label, newest first."""
        label = self.payload()["label"]
        rows = self.hook.client.items(routes.DEPLOYMENTS, {"search": label, "orderBy": "-createdAtTimestamp"})
        return [row for row in rows if row.get("label") == label][:limit]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a deployment serves the model package of this task."""
        return bool((row.get("modelPackage") or {}).get("id") == self.payload()["modelPackageId"])

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a deployment as the job of this task."""
        return JobRef(self.kind, {"deployment_id": required(row, "id")})


class GetDeploymentOperator(GetOperator, DeploymentOperator):
    """Return a deployment: its status, its model, its health.

    Route: GET ``/api/v2/deployments/{deploymentId}/``.

    :param deployment_id: id of the deployment; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the deployment, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/{deployment_id}/"
    operator_extra_links = (DeploymentLink(),)


class ListDeploymentsOperator(ListOperator):
    """Return the deployments that the user of the connection can access.

    Route: GET ``/api/v2/deployments/``. All arguments are templated.

    :param search: only deployments with this text in their label or description.
    :param custom_model_id: only deployments of this custom model.
    :param status: only deployments with this status, or with one of a list, such as ``active``.
    :param importance: only deployments of this importance, or of one of a list.
    :param service_health: only deployments with this service health, or with one of a list: ``passing``, ``warning``,
        ``failing`` or ``unknown``.
    :param model_health: the same for the drift.
    :param accuracy_health: the same for the accuracy.
    :param order_by: ``label``, ``createdAtTimestamp`` or another field, with ``-`` for the reverse order.
    :param limit: maximum number of deployments; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of deployments.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/"

    def __init__(
        self,
        *,
        search: String | None = None,
        custom_model_id: Id | None = None,
        status: StringOrStringList | None = None,
        importance: StringOrStringList | None = None,
        service_health: StringOrStringList | None = None,
        model_health: StringOrStringList | None = None,
        accuracy_health: StringOrStringList | None = None,
        order_by: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.search = search
        self.custom_model_id = custom_model_id
        self.status = status
        self.importance = importance
        self.service_health = service_health
        self.model_health = model_health
        self.accuracy_health = accuracy_health
        self.order_by = order_by

    def payload(self) -> dict[str, Any]:
        """Return the filters; this route takes several values of a filter separated by commas."""
        fields = super().payload()
        return {name: ",".join(value) if isinstance(value, list) else value for name, value in fields.items()}


class UpdateDeploymentOperator(UpdateOperator, DeploymentOperator):
    """Change the label, the description or the importance of a deployment.

    Route: PATCH ``/api/v2/deployments/{deploymentId}/``. All arguments are templated.

    :param deployment_id: id of the deployment; required.
    :param deployment_label: name of the deployment.
    :param description: description of the deployment.
    :param importance: ``CRITICAL``, ``HIGH``, ``MODERATE`` or ``LOW``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the deployment after the change, an object.
    :raises AirflowFailException: if no field is given, or DataRobot refuses the request.
    """

    route = "PATCH deployments/{deployment_id}/"

    def __init__(
        self,
        *,
        deployment_label: String | None = None,
        description: String | None = None,
        importance: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deployment_label = deployment_label
        self.description = description
        self.importance = importance

    def payload(self) -> dict[str, Any]:
        """Return the fields of the request. Airflow reserves the attribute ``label``."""
        return _with_label(super().payload())


class DeleteDeploymentOperator(DeleteOperator, DeploymentOperator):
    """Delete a deployment with its statistics.

    Route: DELETE ``/api/v2/deployments/{deploymentId}/``.

    :param deployment_id: id of the deployment; templated; required.
    :param ignore_management_agent: delete the deployment although a management agent manages it; templated.
    :param ignore_if_missing: succeed if the deployment does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE deployments/{deployment_id}/"

    def __init__(self, *, ignore_management_agent: Boolean | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_management_agent = ignore_management_agent


class UpdateDeploymentStatusOperator(DeploymentChange):
    """Activate or deactivate a deployment, and wait until it is done.

    Route: PATCH ``/api/v2/deployments/{deploymentId}/status/``. The API cannot cancel this job. A deployment that has
    the status already is not changed.

    :param deployment_id: id of the deployment; templated; required.
    :param status: ``active`` or ``inactive``; templated; required.
    :param wait_for_completion: wait for the change; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the deployment, an object; with ``wait_for_completion=False`` its id.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if the change fails.
    """

    route = "PATCH deployments/{deployment_id}/status/"
    kind = "deployment_status"

    def __init__(self, *, status: String, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.status = status

    def is_done(self, deployment: Mapping[str, Any]) -> bool:
        """Return whether a deployment has the status."""
        return bool(deployment.get("status") == self.payload()["status"])


def _with_label(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields with the API's name of the label."""
    return {"label" if name == "deploymentLabel" else name: value for name, value in fields.items()}
