"""Operators for versions of custom models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import DownloadOperator, GetOperator, ListOperator, UpdateOperator
from datarobot_provider.core.resource_operators import VersionOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromVersions, fields_match
from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.client.files import ModelFile
    from datarobot_provider.core.arguments.types import (
        Boolean,
        FilePath,
        FilePaths,
        Id,
        Integer,
        Object,
        ObjectList,
        ObjectOrObjectList,
        String,
        StringList,
        StringOrStringList,
    )
    from datarobot_provider.core.custom_model.runtime_parameters import RuntimeParameters
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


_IDENTITY = ("baseEnvironmentId", "baseEnvironmentVersionId", "gitModelVersion")


class CreateVersionOperator(RecoverFromVersions, DataRobotJobOperator):
    """Create a version of a custom model from files, and wait until its training data is assigned.

    Route: POST ``/api/v2/customModels/{customModelId}/versions/``, or PATCH with ``from_latest``. Files are streamed
    from disk or object storage; they are all checked before anything is sent. Every argument up to
    ``git_model_version`` is templated; arguments that are not given are not sent. Memory and replicas are compared with
    the limits of the account before the upload, which takes one more request. The API cannot cancel the assignment of
    training data.

    :param custom_model_id: id of the custom model; required.
    :param folder: local path, or any path that Airflow's object storage supports, such as
        ``s3://conn_id@bucket/model``, as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; all files in it are
        uploaded, except those that are excluded. Give at most one of ``folder``, ``files`` and ``zip_file``.
    :param files: list of such paths, uploaded under their base names; or a mapping of the path inside the model to such
        a path.
    :param zip_file: path of a zip; its files are uploaded one by one.
    :param exclude: patterns, in the syntax of ``.gitignore``, of files in the folder or the zip that are not uploaded;
        a list, or a string with one pattern in each line. They are added to the defaults (version control, virtual
        environments, ``.env``, caches, ``node_modules``) and to the ``.datarobotignore`` at the top of the folder;
        ``!.env`` includes a file again.
    :param follow_links: follow links that lead out of a local folder; default ``False``: such a link is refused. Links
        inside the folder are always followed.
    :param from_latest: start from the files of the latest version, add or replace the given files and remove
        ``files_to_delete``; default ``False``: the version has only the given files.
    :param files_to_delete: with ``from_latest``: paths inside the model, or ids, of the files to remove.
    :param is_major_update: increment the major number of the version, otherwise the minor number; default ``True``.
    :param base_environment_id: id of the execution environment; this or ``base_environment_version_id`` is required for
        the first version.
    :param base_environment_version_id: id of the environment version.
    :param maximum_memory: maximum memory in bytes, 134217728 to 15032385536; the model is killed if it uses more.
    :param desired_memory: expected memory in bytes, same range.
    :param network_egress_policy: ``NONE`` or ``PUBLIC``.
    :param replicas: fixed number of replicas, 1 to 8.
    :param requires_ha: run every replica on a separate node.
    :param resource_bundle_id: id of a bundle of memory, CPU and GPU; excludes the memory arguments.
    :param training_data: ``{"datasetId": …}``, also ``datasetVersionId``; the model must have training data for
        versions enabled.
    :param holdout_data: ``{"datasetId": …}`` or ``{"partitionColumn": …}``.
    :param keep_training_holdout_data: keep the data of the previous version; DataRobot's default is ``True``.
    :param required_metadata: values that the environment requires, an object.
    :param required_metadata_values: the same as a list of ``{"fieldName", "value"}``.
    :param git_model_version: origin of the code: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``.
    :param runtime_parameter_values: values of the model's runtime parameters: a mapping of names to values, or the
        API's list of ``{"fieldName", "type", "value"}``. They are validated against ``runtimeParameterDefinitions`` of
        the ``model-metadata.yaml`` among the files or, with ``from_latest`` and without that file, of the latest
        version. A credential is given by its id or by its name in DataRobot. With ``from_latest`` the other parameters
        keep their values, and ``None`` resets a parameter to its default. Use a credential for a secret: other values
        are visible to everyone who can read the task or the version.
    :param wait_for_completion: wait until training data is assigned; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait for training data, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel an assignment.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a string.
    :raises AirflowFailException: if a file or an argument is wrong, DataRobot refuses the request, or the assignment of
        training data fails; in that case the version exists.
    """

    route = "POST customModels/{custom_model_id}/versions/"
    other_routes = ("PATCH customModels/{custom_model_id}/versions/",)
    options = (
        "folder",
        "files",
        "zip_file",
        "exclude",
        "follow_links",
        "from_latest",
        "files_to_delete",
        "is_major_update",
        "runtime_parameter_values",
    )

    kind = "training_data_assignment"
    operator_extra_links = (CustomModelVersionLink(),)
    reads = (routes.TRAINING_DATA_RESOURCE, routes.HOLDOUT_DATA_RESOURCE)
    creates = (routes.VERSION_RESOURCE,)

    def __init__(
        self,
        *,
        custom_model_id: Id,
        folder: FilePath | None = None,
        files: FilePaths | None = None,
        zip_file: FilePath | None = None,
        exclude: StringOrStringList | None = None,
        follow_links: Boolean = False,
        from_latest: Boolean = False,
        files_to_delete: StringList | None = None,
        is_major_update: Boolean = True,
        base_environment_id: Id | None = None,
        base_environment_version_id: Id | None = None,
        maximum_memory: Integer | None = None,
        desired_memory: Integer | None = None,
        network_egress_policy: String | None = None,
        replicas: Integer | None = None,
        requires_ha: Boolean | None = None,
        resource_bundle_id: Id | None = None,
        training_data: Object | None = None,
        holdout_data: Object | None = None,
        keep_training_holdout_data: Boolean | None = None,
        required_metadata: Object | None = None,
        required_metadata_values: ObjectList | None = None,
        git_model_version: Object | None = None,
        runtime_parameter_values: ObjectOrObjectList | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.folder = folder
        self.files = files
        self.zip_file = zip_file
        self.exclude = exclude
        self.follow_links = follow_links
        self.from_latest = from_latest
        self.files_to_delete = files_to_delete
        self.is_major_update = is_major_update
        self.base_environment_id = base_environment_id
        self.base_environment_version_id = base_environment_version_id
        self.maximum_memory = maximum_memory
        self.desired_memory = desired_memory
        self.network_egress_policy = network_egress_policy
        self.replicas = replicas
        self.requires_ha = requires_ha
        self.resource_bundle_id = resource_bundle_id
        self.training_data = training_data
        self.holdout_data = holdout_data
        self.keep_training_holdout_data = keep_training_holdout_data
        self.required_metadata = required_metadata
        self.required_metadata_values = required_metadata_values
        self.git_model_version = git_model_version
        self.runtime_parameter_values = runtime_parameter_values
        self._to_upload: list[ModelFile] = []
        self._runtime_parameters: RuntimeParameters
        self._runtime_values: list[dict[str, Any]] | None = None

    def check(self) -> None:
        """Check the arguments, their combination and the files."""
        from datarobot_provider.core.custom_model.account_limits import check_bundle
        from datarobot_provider.core.custom_model.files import SOURCES, model_files

        super().check()
        sources = [name for name in SOURCES if getattr(self, name) is not None]
        if len(sources) > 1:
            raise InputError(f"Give only one of folder, files and zip_file, not {' and '.join(sources)}.")
        from_latest = self._from_latest()
        if not sources and not from_latest:
            raise InputError("A new version requires files: give folder, files or zip_file, or set from_latest.")
        check_bundle(self)
        if self.files_to_delete is not None and not from_latest:
            raise InputError(
                "files_to_delete requires from_latest=True: otherwise the version has only the given files."
            )
        self._to_upload = model_files(self, self.log)
        self._check_runtime_parameters()

    def start(self, context: Context) -> JobRef | CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Upload the files; an assignment of training data is the job."""
        from datarobot_provider.client.version_upload import version_upload
        from datarobot_provider.core.custom_model.account_limits import check_limits

        files, form = self._to_upload, self._form()
        check_limits(self.hook.client, self.payload())
        method = "PATCH" if self._from_latest() else "POST"
        self.log.info("Uploading %d files, %s bytes.", len(files), f"{sum(file.size for file in files):,}")
        request = version_upload(method, self.custom_model_id, form, files, lambda line: self.log.info("%s", line))
        version = self.hook.client.send(request).object()
        self.log.info("Created the version %s (%s).", version.get("label"), version.get("id"))
        return self.result_from_row(version)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has the files, the environment, the commit and the values of this task."""
        from datarobot_provider.core.custom_model.runtime_parameters import has_values

        paths = {item["filePath"] for item in row.get("items") or []}
        ours = {file.name for file in self._to_upload}
        complete = ours <= paths if self._from_latest() else ours == paths
        return complete and fields_match(row, self.payload(), _IDENTITY) and has_values(row, self._resolved_values())

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef | CreatedResource:
        """Return the version as created by this task; the assignment of its training data is the job."""
        version_id = required(row, "id")
        ids = {"custom_model_id": self.custom_model_id, "custom_model_version_id": version_id}
        training = row.get("trainingData") or {}
        if training.get("assignmentInProgress") or training.get("assignmentError"):
            return JobRef(self.kind, ids)
        return CreatedResource(version_id, ids)

    def result(self, event: JobEvent) -> str:
        """Return the id of the version."""
        return event.ref.ids["custom_model_version_id"]

    def _check_runtime_parameters(self) -> None:
        from datarobot_provider.core.custom_model.runtime_parameters import RuntimeParameters

        self._runtime_values = None
        self._runtime_parameters = RuntimeParameters(self.runtime_parameter_values, self._to_upload)
        if not self._from_latest():
            self._runtime_parameters.check()

    def _resolved_values(self) -> list[dict[str, Any]]:
        """Return the values of the runtime parameters in the form of the API."""
        if self._runtime_values is None:
            needs_latest = self._from_latest() and self._runtime_parameters.needs_latest_version
            latest = self._latest_kept() if needs_latest else {}
            self._runtime_values = self._runtime_parameters.resolve(latest, self.hook.client)
        return self._runtime_values

    def _latest_kept(self) -> dict[str, Any]:
        """Return the latest version, without its runtime parameters if this task deletes their definitions."""
        from datarobot_provider.core.custom_model.metadata_file import FILE_NAME

        latest = self._latest()
        deleted = self._items_to_delete()
        gone = any(item["filePath"] == FILE_NAME and item["id"] in deleted for item in latest.get("items") or [])
        return {**latest, "runtimeParameters": []} if gone else latest

    def _from_latest(self) -> bool:
        return bool(converters.converted("from_latest", self.from_latest, converters.boolean))

    def _form(self) -> list[tuple[str, str]]:
        """Return the form fields as strings; objects as JSON."""
        from datarobot_provider.client.json_values import form_text

        is_major = converters.converted("is_major_update", self.is_major_update, converters.boolean)
        form = [("isMajorUpdate", form_text(is_major))]
        form += [(name, form_text(value)) for name, value in self.payload().items()]
        values = self._resolved_values()
        if values:
            self.log.info("Setting the runtime parameters %s.", ", ".join(each["fieldName"] for each in values))
            form.append(("runtimeParameterValues", form_text(values)))
        return form + [("filesToDelete", item_id) for item_id in self._items_to_delete()]

    def _latest(self) -> dict[str, Any]:
        return next(iter(self.list_rows(1)), {})

    def _items_to_delete(self) -> list[str]:
        """Return the ids of the files to delete, which may be given as paths, from the latest version."""
        from datarobot_provider.core.custom_model.file_ids import file_ids

        if self.files_to_delete is None:
            return []
        wanted = converters.converted("files_to_delete", self.files_to_delete, converters.string_list)
        return file_ids("files_to_delete", wanted, self._latest())


class GetVersionOperator(GetOperator, VersionOperator):
    """Return a version: its files, dependencies, settings and training data.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the version, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModels/{custom_model_id}/versions/{custom_model_version_id}/"
    operator_extra_links = (CustomModelVersionLink(),)


class ListVersionsOperator(ListOperator):
    """Return the versions of a custom model, newest first.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param main_branch_commit_sha: only versions created from this commit; templated.
    :param limit: maximum number of versions; default: all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of versions.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModels/{custom_model_id}/versions/"

    def __init__(self, *, custom_model_id: Id, main_branch_commit_sha: String | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.main_branch_commit_sha = main_branch_commit_sha


class UpdateVersionOperator(UpdateOperator):
    """Change the description and the metadata of a version; fields that are not given stay unchanged.

    Route: PATCH ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/``. All arguments are templated.

    :param custom_model_id: id of the custom model; required.
    :param custom_model_version_id: id of the version; required.
    :param description: up to 10,000 characters.
    :param required_metadata: values that the environment requires, an object; they cannot be removed.
    :param required_metadata_values: the same as a list of ``{"fieldName", "value"}``.
    :param git_model_version: origin of the code: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the version after the change, an object.
    :raises AirflowFailException: if no field is given, or DataRobot refuses the request.
    """

    route = "PATCH customModels/{custom_model_id}/versions/{custom_model_version_id}/"

    def __init__(
        self,
        *,
        custom_model_id: Id,
        custom_model_version_id: Id,
        description: String | None = None,
        required_metadata: Object | None = None,
        required_metadata_values: ObjectList | None = None,
        git_model_version: Object | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.description = description
        self.required_metadata = required_metadata
        self.required_metadata_values = required_metadata_values
        self.git_model_version = git_model_version


class DownloadVersionOperator(DownloadOperator):
    """Download the files of a version as a zip.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/download/``. All arguments are
    templated.

    :param custom_model_id: id of the custom model; required.
    :param custom_model_version_id: id of the version; required.
    :param target: local path, or any path that Airflow's object storage supports, such as ``s3://conn_id@bucket/key``,
        as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete;
        required.
    :param pps: add the script that installs the dependencies, for the portable prediction server; DataRobot's default
        is ``False``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, or the target cannot be written.
    :raises AirflowException: if the connection is interrupted too often.
    """

    route = "GET customModels/{custom_model_id}/versions/{custom_model_version_id}/download/"

    def __init__(
        self, *, custom_model_id: Id, custom_model_version_id: Id, pps: Boolean | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.pps = pps
