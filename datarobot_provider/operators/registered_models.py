"""Operators for registered models and their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import REGISTERED_VERSIONS, required, route
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import DeleteOperator, GetOperator, ListOperator, UpdateOperator
from datarobot_provider.core.resource_operators import RegisteredModelOperator
from datarobot_provider.core.submission.recovery import RecoverFromList
from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import RegisteredModelLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Id, ObjectList, String
    from datarobot_provider.version_compat import Context

_LIST = "GET registeredModels/"


class RegisterCustomModelVersionOperator(RecoverFromList, DataRobotJobOperator):
    """Register a version of a custom model, and wait until the model package is built.

    Route: POST ``/api/v2/modelPackages/fromCustomModelVersion/``. Every argument up to ``registered_model_tags`` is
    templated. The API cannot cancel this job.

    :param custom_model_version_id: id of the version of the custom model; required.
    :param registered_model_name: name of the registered model. If a registered model with exactly this name exists, the
        task adds a version to it, otherwise DataRobot creates it. Give this or ``registered_model_id``.
    :param registered_model_id: id of the registered model to which the version is added.
    :param name: name of the version; DataRobot's default is derived from the custom model.
    :param description: description of the version.
    :param tags: tags of the version: a list of ``{"name", "value"}``.
    :param registered_model_description: description of a new registered model.
    :param registered_model_tags: tags of a new registered model: a list of ``{"name", "value"}``.
    :param wait_for_completion: wait for the build; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the version of the registered model, an object; its ids are ``id`` and ``registeredModelId``; with
        ``wait_for_completion=False`` the id of the version.
    :raises AirflowFailException: if an argument is wrong, or DataRobot refuses the request.
    :raises AirflowException: if the build fails.
    """

    route = "POST modelPackages/fromCustomModelVersion/"

    kind = "registered_model_build"
    created_at = "dateCreated"
    operator_extra_links = (RegisteredModelLink(),)
    creates = (routes.REGISTERED_VERSION_RESOURCE,)

    def __init__(
        self,
        *,
        custom_model_version_id: Id,
        registered_model_name: String | None = None,
        registered_model_id: Id | None = None,
        name: String | None = None,
        description: String | None = None,
        tags: ObjectList | None = None,
        registered_model_description: String | None = None,
        registered_model_tags: ObjectList | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_version_id = custom_model_version_id
        self.registered_model_name = registered_model_name
        self.registered_model_id = registered_model_id
        self.name = name
        self.description = description
        self.tags = tags
        self.registered_model_description = registered_model_description
        self.registered_model_tags = registered_model_tags

    def check(self) -> None:
        """Check the arguments."""
        super().check()
        if (self.registered_model_id is None) == (self.registered_model_name is None):
            raise InputError("Give either registered_model_name or registered_model_id.")

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Register the version; the build of its package is the job."""
        payload = self.payload()
        existing = self._existing_model_id() if self.registered_model_id is None else None
        if existing is not None:
            self.log.info(
                "The registered model %s exists (%s); adding a version.", self.registered_model_name, existing
            )
            dropped = ("registeredModelName", "registeredModelDescription", "registeredModelTags")
            payload = {name: value for name, value in payload.items() if name not in dropped}
            payload["registeredModelId"] = existing
        version = self.request(json=payload).object()
        self.log.info("Registered version %s of %s.", version.get("registeredModelVersion"), version.get("name"))
        return self.result_from_row(version)

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the versions of the registered model, newest first; none if it does not exist."""
        model_id = self.payload().get("registeredModelId") or self._existing_model_id()
        if model_id is None:
            return []
        rows = self.hook.client.items(route(REGISTERED_VERSIONS, registered_model_id=model_id))
        rows.sort(key=lambda row: int(row.get("registeredModelVersion") or 0), reverse=True)
        return [{**(row.get("importMeta") or {}), **row} for row in rows[:limit]]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has the custom model version and the name of this task."""
        return row.get("modelId") == self.payload()["customModelVersionId"] and self.name in (None, row.get("name"))

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return the build of a version as the job of this task."""
        ids = {"registered_model_id": required(row, "registeredModelId"), "version_id": required(row, "id")}
        return JobRef(self.kind, ids)

    def _existing_model_id(self) -> str | None:
        """Return the id of the registered model with the name of this task; ``None`` if there is none."""
        name = self.payload()["registeredModelName"]
        rows = self.hook.client.items(self.path_of(_LIST), {"search": name})
        return next((required(row, "id") for row in rows if row.get("name") == name), None)


class GetRegisteredModelOperator(GetOperator, RegisteredModelOperator):
    """Return a registered model.

    Route: GET ``/api/v2/registeredModels/{registeredModelId}/``.

    :param registered_model_id: id of the registered model; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the registered model, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET registeredModels/{registered_model_id}/"
    operator_extra_links = (RegisteredModelLink(),)


class ListRegisteredModelsOperator(ListOperator):
    """Return the registered models that the user of the connection can access.

    Route: GET ``/api/v2/registeredModels/``. All arguments are templated.

    :param search: only registered models with this text in their name.
    :param target_name: only registered models with this target.
    :param target_type: only registered models of this target type, such as ``Regression``.
    :param sort_key: ``createdAt``, ``modifiedAt`` or ``name``.
    :param sort_direction: ``asc`` or ``desc``.
    :param limit: maximum number of registered models; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of registered models.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = _LIST

    def __init__(
        self,
        *,
        search: String | None = None,
        target_name: String | None = None,
        target_type: String | None = None,
        sort_key: String | None = None,
        sort_direction: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.search = search
        self.target_name = target_name
        self.target_type = target_type
        self.sort_key = sort_key
        self.sort_direction = sort_direction


class UpdateRegisteredModelOperator(UpdateOperator, RegisteredModelOperator):
    """Change the name or the description of a registered model.

    Route: PATCH ``/api/v2/registeredModels/{registeredModelId}/``. All arguments are templated.

    :param registered_model_id: id of the registered model; required.
    :param name: name of the registered model.
    :param description: description of the registered model.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the registered model after the change, an object.
    :raises AirflowFailException: if no field is given, or DataRobot refuses the request.
    """

    route = "PATCH registeredModels/{registered_model_id}/"

    def __init__(self, *, name: String | None = None, description: String | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.description = description


class ArchiveRegisteredModelOperator(DeleteOperator, RegisteredModelOperator):
    """Archive a registered model with its versions. DataRobot refuses it while a version is deployed.

    Route: DELETE ``/api/v2/registeredModels/{registeredModelId}/``.

    :param registered_model_id: id of the registered model; templated; required.
    :param ignore_if_missing: succeed if the registered model does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE registeredModels/{registered_model_id}/"


class GetRegisteredModelVersionOperator(GetOperator, RegisteredModelOperator):
    """Return a version of a registered model.

    Route: GET ``/api/v2/registeredModels/{registeredModelId}/versions/{versionId}/``.

    :param registered_model_id: id of the registered model; templated; required.
    :param version_id: id of the version; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the version, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET registeredModels/{registered_model_id}/versions/{version_id}/"
    operator_extra_links = (RegisteredModelLink(),)

    def __init__(self, *, version_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.version_id = version_id


class ListRegisteredModelVersionsOperator(ListOperator, RegisteredModelOperator):
    """Return the versions of a registered model.

    Route: GET ``/api/v2/registeredModels/{registeredModelId}/versions/``. All arguments are templated.

    :param registered_model_id: id of the registered model; required.
    :param search: only versions with this text in their name.
    :param build_status: only versions in this state: ``inProgress``, ``complete`` or ``failed``.
    :param sort_key: ``version``, ``modelType``, ``status``, ``createdAt``, ``modifiedAt`` or ``updatedAt``.
    :param sort_direction: ``asc`` or ``desc``.
    :param limit: maximum number of versions; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of versions.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET registeredModels/{registered_model_id}/versions/"

    def __init__(
        self,
        *,
        search: String | None = None,
        build_status: String | None = None,
        sort_key: String | None = None,
        sort_direction: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.search = search
        self.build_status = build_status
        self.sort_key = sort_key
        self.sort_direction = sort_direction
