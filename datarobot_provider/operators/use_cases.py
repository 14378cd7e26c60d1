"""Operators for use cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.request_operators import (
    CreateOrReuseOperator,
    DeleteOperator,
    GetOperator,
    ListOperator,
    UpdateOperator,
)
from datarobot_provider.core.resource_operators import UseCaseOperator
from datarobot_provider.core.submission.recovery import CreatedResource, fields_match
from datarobot_provider.exceptions import ConflictError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Id, String
    from datarobot_provider.version_compat import Context


class _UseCaseEntityOperator(UseCaseOperator):
    """Base of the operators for one entity of a use case.

    :param entity_type: kind of the entity, such as ``datasets``; templated; required.
    :param entity_id: id of the entity; templated; required.
    """

    def __init__(self, *, entity_type: Id, entity_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entity_type = entity_type
        self.entity_id = entity_id


class CreateUseCaseOperator(CreateOrReuseOperator):
    """Create a use case, or get the existing one by its name.

    Route: POST ``/api/v2/useCases/``. All arguments are templated.

    :param name: name of the use case; required.
    :param description: description of the use case.
    :param if_exists: what to do if a use case with this name already exists: ``create`` another one (default),
        ``reuse`` it, or ``fail``.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the use case, a string.
    :raises AirflowFailException: if an argument is wrong or DataRobot refuses the request.
    """

    route = "POST useCases/"
    noun = "use case"
    created_at = "createdAt"
    creates = (routes.USE_CASE_RESOURCE,)

    def __init__(self, *, name: String, description: String | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.description = description

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the use cases with this text in their name, newest first."""
        return self.hook.client.items(
            self.path_of(), {"search": self.payload()["name"], "orderBy": "-createdAt"}, limit
        )

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a use case has the name and the description of this task."""
        return fields_match(row, self.payload(), ("name", "description"))

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return a use case as created by this task."""
        use_case_id = required(row, "id")
        return CreatedResource(use_case_id, {"use_case_id": use_case_id})


class GetUseCaseOperator(GetOperator, UseCaseOperator):
    """Return a use case.

    Route: GET ``/api/v2/useCases/{useCaseId}/``.

    :param use_case_id: id of the use case; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the use case, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET useCases/{use_case_id}/"


class ListUseCasesOperator(ListOperator):
    """Return the use cases that the user of the connection can access.

    Route: GET ``/api/v2/useCases/``. All arguments are templated.

    :param search: only use cases with this text in their name.
    :param project_id: only use cases that contain this project.
    :param application_id: only use cases that contain this application.
    :param order_by: a field such as ``name``, ``createdAt`` or ``updatedAt``, with a minus for the reverse order.
    :param limit: maximum number of use cases; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of use cases.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET useCases/"

    def __init__(
        self,
        *,
        search: String | None = None,
        project_id: Id | None = None,
        application_id: Id | None = None,
        order_by: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.search = search
        self.project_id = project_id
        self.application_id = application_id
        self.order_by = order_by


class UpdateUseCaseOperator(UpdateOperator, UseCaseOperator):
    """Change the name or the description of a use case.

    Route: PATCH ``/api/v2/useCases/{useCaseId}/``. All arguments are templated.

    :param use_case_id: id of the use case; required.
    :param name: name of the use case.
    :param description: description of the use case.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the use case after the change, an object.
    :raises AirflowFailException: if no field is given, or DataRobot refuses the request.
    """

    route = "PATCH useCases/{use_case_id}/"

    def __init__(self, *, name: String | None = None, description: String | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.description = description


class DeleteUseCaseOperator(DeleteOperator, UseCaseOperator):
    """Delete a use case. The datasets and projects in it remain.

    Route: DELETE ``/api/v2/useCases/{useCaseId}/``.

    :param use_case_id: id of the use case; templated; required.
    :param ignore_if_missing: succeed if the use case does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE useCases/{use_case_id}/"


class AddToUseCaseOperator(_UseCaseEntityOperator):
    """Add a dataset, a project or another entity to a use case; succeed if the use case contains it.

    Route: POST ``/api/v2/useCases/{useCaseId}/{entityType}/{entityId}/``.

    :param use_case_id: id of the use case; templated; required.
    :param entity_type: kind of the entity: ``datasets``, ``projects``, ``customModelVersions``, ``deployments``, among
        others; templated; required.
    :param entity_id: id of the entity; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "POST useCases/{use_case_id}/{entity_type}/{entity_id}/"

    def run_request(self, context: Context) -> None:  # noqa: ARG002 - for operators that push XComs
        """Add the entity; succeed if an earlier attempt has added it."""
        try:
            self.request()
        except (ConflictError, ValidationError) as error:
            # The status of this response is not documented.
            if "already linked" not in str(error):
                raise
            self.log.info("Nothing to add: %s", str(error).splitlines()[0])
        else:
            self.log.info("Added.")


class RemoveFromUseCaseOperator(DeleteOperator, _UseCaseEntityOperator):
    """Remove an entity from a use case. The entity remains.

    Route: DELETE ``/api/v2/useCases/{useCaseId}/{entityType}/{entityId}/``.

    :param use_case_id: id of the use case; templated; required.
    :param entity_type: kind of the entity: ``datasets``, ``projects``, ``customModelVersions``, ``deployments``, among
        others; templated; required.
    :param entity_id: id of the entity; templated; required.
    :param ignore_if_missing: succeed if the use case does not contain the entity; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE useCases/{use_case_id}/{entity_type}/{entity_id}/"
