"""Operators for validations of vector databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import DeleteOperator, GetOperator, ListOperator, UpdateOperator
from datarobot_provider.core.resource_operators import ValidationOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromList, fields_match
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.links.datarobot import DeploymentLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Boolean, Id, Integer, String
    from datarobot_provider.version_compat import Context


_FILTERS = ("deploymentId", "modelId", "promptColumnName", "targetColumnName")


class ValidateVectorDatabaseOperator(RecoverFromList, DataRobotJobOperator):
    """Validate that a deployment can be used as a vector database, and fail if it cannot.

    Route: POST ``/api/v2/genai/customModelVectorDatabaseValidations/``. Every argument up to ``prediction_timeout`` is
    templated; arguments that are not given are not sent. The API cannot cancel a validation. Each retry after a failed
    validation creates another validation in DataRobot; ``retries=0`` avoids that.

    :param deployment_id: id of the deployment; required.
    :param prompt_column_name: column of the input that holds the prompt; required.
    :param target_column_name: column of the output that holds the documents; required.
    :param model_id: id of the deployment's model; default: its current model.
    :param use_case_id: id of the use case that the validation belongs to.
    :param name: name of the validation, up to 5000 characters; DataRobot's default is ``Untitled``.
    :param prediction_timeout: timeout of the deployment's response in seconds, 1 to 1200; DataRobot's default is 300.
    :param wait_for_completion: wait for the validation; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 1800; templated.
    :param cancel_on_kill: no effect: the API cannot cancel a validation.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the validation, with ``validationStatus`` ``PASSED``; with ``wait_for_completion=False`` its id.
    :raises AirflowException: if the validation fails.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "POST genai/customModelVectorDatabaseValidations/"

    kind = "vector_database_validation"
    created_at = "creationDate"
    operator_extra_links = (DeploymentLink(),)
    reads = (routes.DEPLOYMENT_RESOURCE,)
    creates = (routes.VALIDATION_RESOURCE,)

    def __init__(
        self,
        *,
        deployment_id: Id,
        prompt_column_name: String,
        target_column_name: String,
        model_id: Id | None = None,
        use_case_id: Id | None = None,
        name: String | None = None,
        prediction_timeout: Integer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deployment_id = deployment_id
        self.prompt_column_name = prompt_column_name
        self.target_column_name = target_column_name
        self.model_id = model_id
        self.use_case_id = use_case_id
        self.name = name
        self.prediction_timeout = prediction_timeout

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the validation."""
        return self.result_from_row(self.request(json=self.payload()).object())

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the validations of the deployment with these columns, newest first."""
        payload = self.payload()
        filters = {name: payload[name] for name in _FILTERS if name in payload}
        return self.hook.client.items(self.path_of(), {**filters, "sort": "-creationDate"}, limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a validation has the deployment, the columns and the name of this task."""
        return fields_match(row, self.payload(), (*_FILTERS, "name"))

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a validation as the job of this task."""
        return JobRef(
            self.kind, {"validation_id": required(row, "id"), "deployment_id": self.payload()["deploymentId"]}
        )


class RevalidateVectorDatabaseOperator(DataRobotJobOperator):
    """Validate a vector database again, and fail if the validation fails.

    Route: POST ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/revalidate/``. The API cannot cancel
    this job.

    :param validation_id: id of the validation; templated; required.
    :param wait_for_completion: wait for the validation; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 1800; templated.
    :param cancel_on_kill: no effect: the API cannot cancel a validation.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded: ``fail`` (default) or ``resubmit``.
        DataRobot can tell only while the validation is running.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the validation, with ``validationStatus`` ``PASSED``; with ``wait_for_completion=False`` its id.
    :raises AirflowException: if the validation fails.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "POST genai/customModelVectorDatabaseValidations/{validation_id}/revalidate/"

    kind = "vector_database_validation"
    operator_extra_links = (DeploymentLink(),)
    reads = (routes.DEPLOYMENT_RESOURCE,)
    creates = (routes.VALIDATION_RESOURCE,)

    def __init__(self, *, validation_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validation_id = validation_id

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the validation."""
        return self._job(self.request().object())

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:
        """Resume a running validation; DataRobot cannot tell whether an ended one has run again."""
        job = self._job(self.hook.client.get(self.path_of(GetVectorDatabaseValidationOperator.route)))
        running = self.hook.jobs.poll_once(job).verdict.outcome is Outcome.PENDING
        return job if running else super().recover(state_before)

    def _job(self, validation: Mapping[str, Any]) -> JobRef:
        return JobRef(self.kind, {**self.ids(), "deployment_id": required(validation, "deploymentId")})


class GetVectorDatabaseValidationOperator(GetOperator, ValidationOperator):
    """Return the validation of a vector database.

    Route: GET ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/``.

    :param validation_id: id of the validation; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the validation, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET genai/customModelVectorDatabaseValidations/{validation_id}/"


class ListVectorDatabaseValidationsOperator(ListOperator):
    """Return the validations of vector databases.

    Route: GET ``/api/v2/genai/customModelVectorDatabaseValidations/``. All arguments are templated.

    :param use_case_id: only validations of this use case.
    :param playground_id: only validations that this playground can use.
    :param search: only validations with this text in their name.
    :param sort: ``name``, ``deploymentName``, ``userName`` or ``creationDate``, descending with a leading ``-``.
    :param completed_only: only validations that have passed; DataRobot's default is ``False``.
    :param deployment_id: only validations of this deployment.
    :param model_id: only validations of this model.
    :param prompt_column_name: only validations with this prompt column.
    :param target_column_name: only validations with this target column.
    :param limit: maximum number of validations; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of validations.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET genai/customModelVectorDatabaseValidations/"

    def __init__(
        self,
        *,
        use_case_id: Id | None = None,
        playground_id: Id | None = None,
        search: String | None = None,
        sort: String | None = None,
        completed_only: Boolean | None = None,
        deployment_id: Id | None = None,
        model_id: Id | None = None,
        prompt_column_name: String | None = None,
        target_column_name: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.use_case_id = use_case_id
        self.playground_id = playground_id
        self.search = search
        self.sort = sort
        self.completed_only = completed_only
        self.deployment_id = deployment_id
        self.model_id = model_id
        self.prompt_column_name = prompt_column_name
        self.target_column_name = target_column_name


class UpdateVectorDatabaseValidationOperator(UpdateOperator):
    """Change the validation of a vector database; fields that are not given stay unchanged.

    Route: PATCH ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/``. All arguments are templated. A
    new deployment or column starts a new validation; wait for it with :class:`VectorDatabaseValidationSensor`.

    :param validation_id: id of the validation; required.
    :param name: name of the validation, 1 to 5000 characters.
    :param deployment_id: id of the deployment.
    :param model_id: id of the deployment's model.
    :param prompt_column_name: column of the input that holds the prompt.
    :param target_column_name: column of the output that holds the documents.
    :param prediction_timeout: timeout of the deployment's response in seconds, 1 to 1200.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the validation after the change, an object.
    :raises AirflowFailException: if no field is given, or DataRobot refuses the request.
    """

    route = "PATCH genai/customModelVectorDatabaseValidations/{validation_id}/"

    def __init__(
        self,
        *,
        validation_id: Id,
        name: String | None = None,
        deployment_id: Id | None = None,
        model_id: Id | None = None,
        prompt_column_name: String | None = None,
        target_column_name: String | None = None,
        prediction_timeout: Integer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.validation_id = validation_id
        self.name = name
        self.deployment_id = deployment_id
        self.model_id = model_id
        self.prompt_column_name = prompt_column_name
        self.target_column_name = target_column_name
        self.prediction_timeout = prediction_timeout


class DeleteVectorDatabaseValidationOperator(DeleteOperator, ValidationOperator):
    """Delete the validation of a vector database.

    Route: DELETE ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/``.

    :param validation_id: id of the validation; templated; required.
    :param ignore_if_missing: succeed if it does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE genai/customModelVectorDatabaseValidations/{validation_id}/"
