"""Operators for versions of custom models that are created from a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromVersions, fields_match
from datarobot_provider.exceptions import UncertainSubmitError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Boolean, Id, Object, ObjectList, String, StringOrStringList
    from datarobot_provider.core.submission.record import SubmissionRecord
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


class CreateVersionFromRepositoryOperator(RecoverFromVersions, DataRobotJobOperator):
    """Create a version of a custom model from a repository that is registered in DataRobot, and wait for it.

    Route: POST ``/api/v2/customModels/{customModelId}/versions/fromRepository/``, or PATCH with ``from_latest``. Every
    argument up to ``required_metadata_values`` is templated. The API cannot cancel this job. The route does not accept
    values of runtime parameters; :class:`CreateVersionOperator` with ``from_latest`` sets them in a further version.

    :param custom_model_id: id of the custom model; required.
    :param repository_id: id of the repository in DataRobot; required.
    :param ref: branch, tag or commit; DataRobot's default is the repository's default branch.
    :param source_path: path, or list of paths, inside the repository.
    :param from_latest: start from the files of the latest version; default ``False``.
    :param is_major_update: increment the major number of the version, otherwise the minor number; default: DataRobot's.
    :param base_environment_id: id of the execution environment.
    :param keep_training_holdout_data: keep the data of the previous version; DataRobot's default is ``True``.
    :param required_metadata: values that the environment requires, an object.
    :param required_metadata_values: the same as a list of ``{"fieldName", "value"}``.
    :param wait_for_completion: wait for the version; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel this job.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded: ``fail`` (default) or ``resubmit``.
        DataRobot can tell only once the version exists.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a string; with ``wait_for_completion=False`` the id of the status record.
    :raises AirflowFailException: if DataRobot refuses the request.
    :raises AirflowException: if the version cannot be created.
    """

    route = "POST customModels/{custom_model_id}/versions/fromRepository/"
    other_routes = ("PATCH customModels/{custom_model_id}/versions/fromRepository/",)
    options = ("from_latest",)

    kind = "version_from_repository"
    operator_extra_links = (CustomModelLink(),)
    reads = (routes.REPOSITORY_RESOURCE,)
    creates = (routes.VERSION_RESOURCE,)

    def __init__(
        self,
        *,
        custom_model_id: Id,
        repository_id: Id,
        ref: String | None = None,
        source_path: StringOrStringList | None = None,
        from_latest: Boolean = False,
        is_major_update: Boolean | None = None,
        base_environment_id: Id | None = None,
        keep_training_holdout_data: Boolean | None = None,
        required_metadata: Object | None = None,
        required_metadata_values: ObjectList | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.repository_id = repository_id
        self.ref = ref
        self.source_path = source_path
        self.from_latest: Any = from_latest
        self.is_major_update = is_major_update
        self.base_environment_id = base_environment_id
        self.keep_training_holdout_data = keep_training_holdout_data
        self.required_metadata = required_metadata
        self.required_metadata_values = required_metadata_values

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the creation of the version."""
        from datarobot_provider.client.accepted import accepted

        operation = self.other_routes[0] if self.from_latest else self.route
        job = accepted(self.request(operation, self.payload()))
        return JobRef(self.kind, {**self.ids(), "status_id": job.status_id})

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has files from a repository, and the environment of this task."""
        from_repository = any(item.get("repositoryName") for item in row.get("items") or [])
        return from_repository and fields_match(row, self.payload(), ("baseEnvironmentId",))

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the version as a resource that this task has created."""
        version_id = required(row, "id")
        return CreatedResource(
            version_id, {"custom_model_id": self.custom_model_id, "custom_model_version_id": version_id}
        )

    def recover_expired(self, record: SubmissionRecord) -> CreatedResource | None:
        """Find the version in the list of versions."""
        try:
            recovered = None if record.state_before is None else self.recover(record.state_before)
        except UncertainSubmitError:
            return None
        return recovered if isinstance(recovered, CreatedResource) else None

    def verify_not_created(self) -> None:
        """Refuse to send again: DataRobot may still be creating the version."""
        raise UncertainSubmitError("There is no new version, but DataRobot may still be creating it.")

    def result(self, event: JobEvent) -> str:
        """Return the id of the version: from the status record, otherwise of the newest version."""
        version_id = event.ref.ids.get("custom_model_version_id")
        latest = [] if version_id else self.list_rows(1)
        self.known_ids["custom_model_version_id"] = version_id or required(latest[0] if latest else {}, "id")
        return self.known_ids["custom_model_version_id"]
