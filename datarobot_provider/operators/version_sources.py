"""Operators that make versions from something else than local files: a repository, or training data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.request import required
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromVersions, fields_match
from datarobot_provider.exceptions import UncertainSubmitError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelLink, CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.core.submission.record import SubmissionRecord
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


class VersionMaker(RecoverFromVersions, DataRobotJobOperator):
    """Base of the operators that make a version of a model.

    :param custom_model_id: id of the custom model; templated; required.
    """

    def __init__(self, *, custom_model_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id


class CreateVersionFromRepositoryOperator(VersionMaker):
    """Create a version of a custom model from a repository that DataRobot knows, and wait for it.

    Route: POST ``/api/v2/customModels/{customModelId}/versions/fromRepository/``, or PATCH with ``from_latest``. Every
    argument up to ``required_metadata_values`` is templated. It cannot be cancelled through the API. The route takes no
    values of runtime parameters; :class:`CreateVersionOperator` with ``from_latest`` sets them in one more version.

    :param custom_model_id: id of the custom model; required.
    :param repository_id: id of the repository in DataRobot; required.
    :param ref: branch, tag or commit; DataRobot's default is the repository's default branch.
    :param source_path: path, or list of paths, inside the repository.
    :param from_latest: start from the files of the latest version; default ``False``.
    :param is_major_update: raise the major number of the version, otherwise the minor one; DataRobot's default holds if
        it is not given.
    :param base_environment_id: id of the execution environment.
    :param keep_training_holdout_data: take over the data of the previous version; DataRobot's default is ``True``.
    :param required_metadata: values that the environment asks for, as an object.
    :param required_metadata_values: the same as a list of ``{"fieldName", "value"}``.
    :param wait_for_completion: wait for the version; default ``True``; templated.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect here: the API has no way to cancel it.
    :param on_uncertain_submit: what to do when an earlier try may have come through: ``fail`` (default) or
        ``resubmit``. DataRobot can tell only once the version is there.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a text; with ``wait_for_completion=False`` the id of the status record.
    :raises AirflowFailException: if DataRobot refuses the request.
    :raises AirflowException: if the version cannot be made.
    """

    kind = "version_from_repository"
    argument_types = {"from_latest": converters.boolean}
    api_fields = {
        "repository_id": converters.identifier,
        "ref": converters.string,
        "source_path": converters.string_or_string_list,
        "is_major_update": converters.boolean,
        "base_environment_id": converters.identifier,
        "keep_training_holdout_data": converters.boolean,
        "required_metadata": converters.json_object,
        "required_metadata_values": converters.object_list,
    }
    required_fields = ("custom_model_id", "repository_id")
    template_fields: Sequence[str] = (
        *DataRobotJobOperator.template_fields,
        "custom_model_id",
        "from_latest",
        *api_fields,
    )
    operator_extra_links = (CustomModelLink(),)

    def __init__(
        self,
        *,
        repository_id: str,
        ref: str | None = None,
        source_path: str | list[str] | None = None,
        from_latest: bool | str = False,
        is_major_update: bool | str | None = None,
        base_environment_id: str | None = None,
        keep_training_holdout_data: bool | str | None = None,
        required_metadata: dict[str, Any] | str | None = None,
        required_metadata_values: list[dict[str, str]] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
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
        """Start making the version."""
        ids = self.ids("custom_model_id")
        versions = self.hook.client.versions
        job = versions.create_from_repository(**ids, payload=self.payload(), from_latest=self.from_latest)
        return JobRef(self.kind, {**ids, "status_id": job.status_id})

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has files of a repository, and the environment of this one."""
        from_repository = any(item.get("repositoryName") for item in row.get("items") or [])
        return from_repository and fields_match(row, self.payload(), ("baseEnvironmentId",))

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the version as made by this task."""
        version_id = required(row, "id")
        return CreatedResource(version_id, {"custom_model_id": self.custom_model_id})

    def recover_expired(self, record: SubmissionRecord) -> CreatedResource | None:
        """Look for the version itself."""
        try:
            made = None if record.state_before is None else self.recover(record.state_before)
        except UncertainSubmitError:
            return None
        return made if isinstance(made, CreatedResource) else None

    def verify_not_created(self) -> None:
        """Refuse: a version that is not there may still be in the making."""
        raise UncertainSubmitError("There is no new version, but DataRobot may still be making one.")

    def result(self, event: JobEvent) -> str:
        """Return the id of the version: the one that the status record led to, or else the newest."""
        version_id = event.ref.ids.get("custom_model_version_id")
        latest = {} if version_id else self.hook.client.versions.latest(event.ref.ids["custom_model_id"])
        return version_id or required(latest or {}, "id")


class CreateVersionWithTrainingDataOperator(VersionMaker):
    """Create a version that is the latest one with training data, and wait for the assignment. Deprecated by DataRobot.

    Route: PATCH ``/api/v2/customModels/{customModelId}/versions/withTrainingData/``. Use ``training_data`` of
    :class:`CreateVersionOperator` with ``from_latest`` instead. It cannot be cancelled through the API.

    :param custom_model_id: id of the custom model; templated; required.
    :param training_data: ``{"datasetId": …}``, also ``datasetVersionId``; templated; required.
    :param holdout_data: ``{"datasetId": …}`` or ``{"partitionColumn": …}``; templated.
    :param git_model_version: where the code comes from: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``; templated.
    :param wait_for_completion: wait for the assignment; default ``True``; templated.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect here: the API has no way to cancel an assignment.
    :param on_uncertain_submit: what to do when an earlier try may have come through and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a text.
    :raises AirflowFailException: if DataRobot refuses the request, or the assignment fails; the version exists then.
    """

    kind = "version_with_training_data"
    api_fields = {
        "training_data": converters.json_object,
        "holdout_data": converters.json_object,
        "git_model_version": converters.json_object,
    }
    required_fields = ("custom_model_id", "training_data")
    template_fields: Sequence[str] = (*DataRobotJobOperator.template_fields, "custom_model_id", *api_fields)
    operator_extra_links = (CustomModelVersionLink(),)

    def __init__(
        self,
        *,
        training_data: dict[str, Any] | str,
        holdout_data: dict[str, Any] | str | None = None,
        git_model_version: dict[str, Any] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.training_data = training_data
        self.holdout_data = holdout_data
        self.git_model_version = git_model_version

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Create the version and start the assignment."""
        self.log.warning("DataRobot has deprecated this route; use CreateVersionOperator with training_data instead.")
        payload = self.payload()
        job = self.hook.client.versions.create_with_training_data(**self.ids("custom_model_id"), payload=payload)
        version = self.result_from_row(job.body)
        return JobRef(self.kind, {**version.ids, "status_id": job.status_id})

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has this training data."""
        return fields_match(row, self.payload(), ("trainingData",))

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a version as a job of this task."""
        return JobRef(self.kind, {**self.ids("custom_model_id"), "custom_model_version_id": required(row, "id")})

    def result(self, event: JobEvent) -> str:
        """Return the version's id."""
        return event.ref.ids["custom_model_version_id"]
