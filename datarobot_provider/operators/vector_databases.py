"""Operators for vector databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.request import required
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import DeleteOperator, ListOperator, UpdateOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromList, fields_match
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.links.datarobot import DeploymentLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.version_compat import Context

_VALIDATION = ("validation_id",)
_FILTERS = ("deploymentId", "modelId", "promptColumnName", "targetColumnName")


class ValidateVectorDatabaseOperator(RecoverFromList, DataRobotJobOperator):
    """Let DataRobot try out whether a deployment can serve as a vector database, and fail if it cannot.

    Route: POST ``/api/v2/genai/customModelVectorDatabaseValidations/``. Every argument up to ``prediction_timeout`` is
    templated; what is not given is not sent. A validation cannot be cancelled through the API. Each retry after a
    failed validation makes another one in DataRobot; ``retries=0`` avoids that.

    :param deployment_id: id of the deployment; required.
    :param prompt_column_name: column of the input that holds the prompt; required.
    :param target_column_name: column of the output that holds the documents; required.
    :param model_id: id of the deployment's model; default is its present one.
    :param use_case_id: id of the use case that the validation belongs to.
    :param name: name of the validation, up to 5000 characters; DataRobot's default is ``Untitled``.
    :param prediction_timeout: seconds that the deployment may take to answer, 1 to 1200; DataRobot's default is 300.
    :param wait_for_completion: wait for the validation; default ``True``; templated.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 1800; templated.
    :param cancel_on_kill: no effect here: the API has no way to cancel a validation.
    :param on_uncertain_submit: what to do when an earlier try may have come through and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the validation, with ``validationStatus`` ``PASSED``; with ``wait_for_completion=False`` its id.
    :raises AirflowException: if the validation fails.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    kind = "vector_database_validation"
    created_at = "creationDate"
    api_fields = {
        "deployment_id": converters.identifier,
        "prompt_column_name": converters.string,
        "target_column_name": converters.string,
        "model_id": converters.identifier,
        "use_case_id": converters.identifier,
        "name": converters.string,
        "prediction_timeout": converters.integer,
    }
    required_fields = ("deployment_id", "prompt_column_name", "target_column_name")
    template_fields: Sequence[str] = (*DataRobotJobOperator.template_fields, *api_fields)
    operator_extra_links = (DeploymentLink(),)

    def __init__(
        self,
        *,
        deployment_id: str,
        prompt_column_name: str,
        target_column_name: str,
        model_id: str | None = None,
        use_case_id: str | None = None,
        name: str | None = None,
        prediction_timeout: int | str | None = None,
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
        payload = self.payload()
        return self.result_from_row(self.hook.client.vector_database_validations.create(payload))

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the validations of the deployment with these columns, the newest first."""
        payload = self.payload()
        filters = {name: payload[name] for name in _FILTERS if name in payload}
        return self.hook.client.vector_database_validations.list({**filters, "sort": "-creationDate"}, limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a validation is one of the same deployment, columns and name."""
        return fields_match(row, self.payload(), (*_FILTERS, "name"))

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a validation as a job of this task."""
        return JobRef(
            self.kind, {"validation_id": required(row, "id"), "deployment_id": self.payload()["deploymentId"]}
        )


class RevalidateVectorDatabaseOperator(DataRobotJobOperator):
    """Let DataRobot try out a vector database again, and fail if it no longer serves.

    Route: POST ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/revalidate/``. It cannot be
    cancelled through the API.

    :param validation_id: id of the validation; templated; required.
    :param wait_for_completion: wait for the validation; default ``True``; templated.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 1800; templated.
    :param cancel_on_kill: no effect here: the API has no way to cancel a validation.
    :param on_uncertain_submit: what to do when an earlier try may have come through: ``fail`` (default) or
        ``resubmit``. DataRobot can tell only while the validation runs.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the validation, with ``validationStatus`` ``PASSED``; with ``wait_for_completion=False`` its id.
    :raises AirflowException: if the validation fails.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    kind = "vector_database_validation"
    required_fields = _VALIDATION
    template_fields: Sequence[str] = (*DataRobotJobOperator.template_fields, *_VALIDATION)
    operator_extra_links = (DeploymentLink(),)

    def __init__(self, *, validation_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validation_id = validation_id

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the validation."""
        return self._job(self.hook.client.vector_database_validations.revalidate(**self.ids()))

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:
        """Take up a validation that runs; whether one that is over has run again, DataRobot does not tell."""
        job = self._job(self.hook.client.vector_database_validations.get(**self.ids()))
        running = self.hook.jobs.poll_once(job).verdict.outcome is Outcome.PENDING
        return job if running else super().recover(state_before)

    def _job(self, validation: Mapping[str, Any]) -> JobRef:
        return JobRef(self.kind, {**self.ids(), "deployment_id": required(validation, "deploymentId")})


class ValidationOperator(DataRobotBaseOperator):
    """Base of the operators that need the id of a validation and nothing else.

    :param validation_id: id of the validation; templated; required.
    """

    required_fields = ("validation_id",)
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *required_fields)

    def __init__(self, *, validation_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validation_id = validation_id


class GetVectorDatabaseValidationOperator(ValidationOperator):
    """Return the validation of a vector database.

    Route: GET ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/``.

    :param validation_id: id of the validation; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the validation, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Return the validation."""
        return self.hook.client.vector_database_validations.get(**self.ids())


class ListVectorDatabaseValidationsOperator(ListOperator):
    """Return the validations of vector databases.

    Route: GET ``/api/v2/genai/customModelVectorDatabaseValidations/``. Every argument is templated.

    :param use_case_id: only validations of this use case.
    :param playground_id: only validations that this playground can use.
    :param search: only validations with this text in their name.
    :param sort: ``name``, ``deploymentName``, ``userName`` or ``creationDate``, with ``-`` before it for the other way
        round.
    :param completed_only: only validations that have passed; DataRobot's default is ``False``.
    :param deployment_id: only validations of this deployment.
    :param model_id: only validations of this model.
    :param prompt_column_name: only validations with this prompt column.
    :param target_column_name: only validations with this target column.
    :param limit: most validations to return; default all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of validations.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    api_fields = {
        "use_case_id": converters.identifier,
        "playground_id": converters.identifier,
        "search": converters.string,
        "sort": converters.string,
        "completed_only": converters.boolean,
        "deployment_id": converters.identifier,
        "model_id": converters.identifier,
        "prompt_column_name": converters.string,
        "target_column_name": converters.string,
    }
    template_fields: Sequence[str] = (*ListOperator.template_fields, *api_fields)

    def __init__(
        self,
        *,
        use_case_id: str | None = None,
        playground_id: str | None = None,
        search: str | None = None,
        sort: str | None = None,
        completed_only: bool | str | None = None,
        deployment_id: str | None = None,
        model_id: str | None = None,
        prompt_column_name: str | None = None,
        target_column_name: str | None = None,
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

    def entries(self, filters: dict[str, Any], limit: int | None) -> list[dict[str, Any]]:
        """Ask for the validations."""
        return self.hook.client.vector_database_validations.list(filters, limit)


class UpdateVectorDatabaseValidationOperator(UpdateOperator):
    """Change the validation of a vector database; what is not given stays as it is.

    Route: PATCH ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/``. Every argument is templated. A
    new deployment or column makes DataRobot validate again; wait for it with :class:`VectorDatabaseValidationSensor`.

    :param validation_id: id of the validation; required.
    :param name: name of the validation, 1 to 5000 characters.
    :param deployment_id: id of the deployment.
    :param model_id: id of the deployment's model.
    :param prompt_column_name: column of the input that holds the prompt.
    :param target_column_name: column of the output that holds the documents.
    :param prediction_timeout: seconds that the deployment may take to answer, 1 to 1200.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the validation as it is now, an object.
    :raises AirflowFailException: if nothing is to be changed, or DataRobot refuses the request.
    """

    api_fields = {
        "name": converters.string,
        "deployment_id": converters.identifier,
        "model_id": converters.identifier,
        "prompt_column_name": converters.string,
        "target_column_name": converters.string,
        "prediction_timeout": converters.integer,
    }
    required_fields = _VALIDATION
    template_fields: Sequence[str] = (*UpdateOperator.template_fields, *_VALIDATION, *api_fields)

    def __init__(
        self,
        *,
        validation_id: str,
        name: str | None = None,
        deployment_id: str | None = None,
        model_id: str | None = None,
        prompt_column_name: str | None = None,
        target_column_name: str | None = None,
        prediction_timeout: int | str | None = None,
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

    def change(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Send the change."""
        return self.hook.client.vector_database_validations.update(**self.ids(), payload=payload)


class DeleteVectorDatabaseValidationOperator(DeleteOperator, ValidationOperator):
    """Delete the validation of a vector database.

    Route: DELETE ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/``.

    :param validation_id: id of the validation; templated; required.
    :param ignore_if_missing: take it well if it is gone already; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    template_fields: Sequence[str] = (*DeleteOperator.template_fields, *ValidationOperator.required_fields)

    def delete(self) -> None:
        """Send the deletion."""
        self.hook.client.vector_database_validations.delete(**self.ids())
