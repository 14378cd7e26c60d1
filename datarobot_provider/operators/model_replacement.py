"""Operators that replace the model of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import ListOperator
from datarobot_provider.core.resource_operators import DeploymentChange, DeploymentOperator
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Id, String
    from datarobot_provider.version_compat import Context

_VALIDATE = "POST deployments/{deployment_id}/model/validation/"
_FAILING, _PASSING = "failing", "passing"


class ValidateModelReplacementOperator(DeploymentOperator):
    """Check whether a version of a registered model can replace the model of a deployment. Nothing is changed.

    Route: POST ``/api/v2/deployments/{deploymentId}/model/validation/``. All arguments are templated.

    :param deployment_id: id of the deployment; required.
    :param model_package_id: id of the version of the registered model; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the result, an object: ``status`` (``passing``, ``warning`` or ``failing``), ``message``, ``checks``.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = _VALIDATE

    def __init__(self, *, model_package_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model_package_id = model_package_id

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Validate the replacement and log the checks that did not pass."""
        validation = self.request(json=self.payload()).object()
        for line in [str(validation.get("message")), *_problems(validation)]:
            self.log.info("%s", line)
        return validation


class ReplaceModelOperator(DeploymentChange):
    """Replace the model of a deployment, after a validation, and wait until the deployment serves the new model.

    Route: PATCH ``/api/v2/deployments/{deploymentId}/model/``. The task first sends POST
    ``/api/v2/deployments/{deploymentId}/model/validation/``, and does not replace the model if a check fails. If the
    deployment serves the new model already, it is not changed. The API cannot cancel this job.

    :param deployment_id: id of the deployment; templated; required.
    :param model_package_id: id of the new version of the registered model; templated; required.
    :param reason: ``ACCURACY``, ``DATA_DRIFT``, ``ERRORS``, ``SCHEDULED_REFRESH``, ``SCORING_SPEED``, ``DEPRECATION``
        or ``OTHER``; default ``OTHER``; templated.
    :param wait_for_completion: wait for the replacement; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the deployment, an object; with ``wait_for_completion=False`` its id.
    :raises AirflowFailException: if an argument is wrong, the validation fails, or DataRobot refuses the request.
    :raises AirflowException: if the replacement fails.
    """

    route = "PATCH deployments/{deployment_id}/model/"
    other_routes = (_VALIDATE,)
    kind = "model_replacement"

    def __init__(self, *, model_package_id: Id, reason: String = "OTHER", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model_package_id = model_package_id
        self.reason = reason

    def is_done(self, deployment: Mapping[str, Any]) -> bool:
        """Return whether a deployment serves the new model."""
        return bool((deployment.get("modelPackage") or {}).get("id") == self.payload()["modelPackageId"])

    def validate(self) -> None:
        """Check whether the new model can replace the current one.

        :raises InputError: with the checks that fail.
        """
        fields = {"modelPackageId": self.payload()["modelPackageId"]}
        validation = self.request(_VALIDATE, fields).object()
        problems = _problems(validation)
        if validation.get("status") == _FAILING:
            headline = f"The model cannot be replaced: {validation.get('message')}"
            raise InputError("\n  ".join([headline, *problems]))
        for line in problems:
            self.log.warning("%s", line)


class ListModelHistoryOperator(ListOperator, DeploymentOperator):
    """Return the models that a deployment serves and has served, the newest first.

    Route: GET ``/api/v2/deployments/{deploymentId}/modelHistory/``. All arguments are templated.

    :param deployment_id: id of the deployment; required.
    :param limit: maximum number of models; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of models.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET deployments/{deployment_id}/modelHistory/"


def _problems(validation: Mapping[str, Any]) -> list[str]:
    """Return a line for each check that did not pass."""
    checks = (validation.get("checks") or {}).items()
    return [
        f"{name}: {check.get('status')}: {check.get('message')}"
        for name, check in checks
        if check.get("status") != _PASSING
    ]
