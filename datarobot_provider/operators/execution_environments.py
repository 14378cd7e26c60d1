"""Operators for execution environments."""

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
from datarobot_provider.core.resource_operators import EnvironmentOperator
from datarobot_provider.core.submission.recovery import CreatedResource, fields_match
from datarobot_provider.links.datarobot import EnvironmentLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Boolean, ObjectList, String, StringList


class CreateExecutionEnvironmentOperator(CreateOrReuseOperator):
    """Create an execution environment without a version, or get the existing one by its name.

    Route: POST ``/api/v2/executionEnvironments/``. All arguments are templated.
    :class:`CreateEnvironmentVersionOperator` adds a version from a Docker context or an image.

    :param name: name of the environment, up to 255 characters; required.
    :param description: up to 10,000 characters.
    :param programming_language: ``python``, ``r``, ``java`` or ``other``; DataRobot's default is ``other``.
    :param required_metadata_keys: values that a version of a model must set: a list of
        ``{"fieldName", "displayName"}``.
    :param is_public: whether all users can use the environment; only for administrators.
    :param use_cases: what the environment is for: a list of ``customModel``, ``notebook``, ``customApplication``, among
        others.
    :param if_exists: what to do if an environment with this name already exists: ``create`` another one (default),
        ``reuse`` it, or ``fail``.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the environment, a string.
    :raises AirflowFailException: if an argument is wrong or DataRobot refuses the request.
    """

    route = "POST executionEnvironments/"
    noun = "execution environment"
    operator_extra_links = (EnvironmentLink(),)
    creates = (routes.ENVIRONMENT_RESOURCE,)

    def __init__(
        self,
        *,
        name: String,
        description: String | None = None,
        programming_language: String | None = None,
        required_metadata_keys: ObjectList | None = None,
        is_public: Boolean | None = None,
        use_cases: StringList | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.description = description
        self.programming_language = programming_language
        self.required_metadata_keys = required_metadata_keys
        self.is_public = is_public
        self.use_cases = use_cases

    def create(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Create the environment; the response contains only its id."""
        return {**payload, **super().create(payload)}

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the environments with this text in their name, newest first; DataRobot does not document an order."""
        rows = self.hook.client.items(self.path_of(), {"searchFor": self.payload()["name"]})
        return sorted(rows, key=lambda row: str(row.get("created")), reverse=True)[:limit]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether an environment has the fields of this task."""
        payload = self.payload()
        return fields_match(row, payload, tuple(payload))

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return an environment as created by this task."""
        environment_id = required(row, "id")
        return CreatedResource(environment_id, {"environment_id": environment_id})


class GetExecutionEnvironmentOperator(GetOperator, EnvironmentOperator):
    """Return an execution environment, with its latest version and its latest version that is built.

    Route: GET ``/api/v2/executionEnvironments/{environmentId}/``.

    :param environment_id: id of the environment; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the environment, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET executionEnvironments/{environment_id}/"
    operator_extra_links = (EnvironmentLink(),)


class ListExecutionEnvironmentsOperator(ListOperator):
    """Return the execution environments that the user of the connection can access.

    Route: GET ``/api/v2/executionEnvironments/``. All arguments are templated.

    :param search_for: only environments with this text in their name.
    :param use_cases: only environments for this use, such as ``customModel``.
    :param is_own: only the environments of the user, or only those of others.
    :param is_public: only public environments, or only those that are not public.
    :param limit: maximum number of environments; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of environments.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET executionEnvironments/"

    def __init__(
        self,
        *,
        search_for: String | None = None,
        use_cases: String | None = None,
        is_own: Boolean | None = None,
        is_public: Boolean | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.search_for = search_for
        self.use_cases = use_cases
        self.is_own = is_own
        self.is_public = is_public


class UpdateExecutionEnvironmentOperator(UpdateOperator, EnvironmentOperator):
    """Change an execution environment; fields that are not given stay unchanged.

    Route: PATCH ``/api/v2/executionEnvironments/{environmentId}/``. All arguments are templated.

    :param environment_id: id of the environment; required.
    :param name: name of the environment, up to 255 characters.
    :param description: up to 10,000 characters.
    :param required_metadata_keys: values that a version of a model must set: a list of
        ``{"fieldName", "displayName"}``.
    :param is_public: whether all users can use the environment; only for administrators.
    :param use_cases: what the environment is for: a list of ``customModel``, ``notebook``, ``customApplication``, among
        others.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the environment after the change, an object.
    :raises AirflowFailException: if no field is given, or DataRobot refuses the request.
    """

    route = "PATCH executionEnvironments/{environment_id}/"

    def __init__(
        self,
        *,
        name: String | None = None,
        description: String | None = None,
        required_metadata_keys: ObjectList | None = None,
        is_public: Boolean | None = None,
        use_cases: StringList | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.description = description
        self.required_metadata_keys = required_metadata_keys
        self.is_public = is_public
        self.use_cases = use_cases


class DeleteExecutionEnvironmentOperator(DeleteOperator, EnvironmentOperator):
    """Delete an execution environment with its versions. DataRobot refuses it while custom models use it.

    Route: DELETE ``/api/v2/executionEnvironments/{environmentId}/``.

    :param environment_id: id of the environment; templated; required.
    :param ignore_if_missing: succeed if the environment does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE executionEnvironments/{environment_id}/"
