"""Operators for versions of custom models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.request import required
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromVersions, fields_match
from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.client.files import ModelFile
    from datarobot_provider.core.arguments.paths import PathArgument
    from datarobot_provider.core.custom_model.runtime_parameters import RuntimeParameters
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


_IDENTITY = ("baseEnvironmentId", "baseEnvironmentVersionId", "gitModelVersion")


class CreateVersionOperator(RecoverFromVersions, DataRobotJobOperator):
    """Create a version of a custom model from files, and wait until its training data is assigned.

    Route: POST ``/api/v2/customModels/{customModelId}/versions/``, or PATCH with ``from_latest``. Files are streamed
    from disk or object storage; all of them are checked before anything is sent. Every argument up to
    ``git_model_version`` is templated; what is not given is not sent. Memory and replicas are held against the
    account's limits before the upload, for one more request. The assignment of training data cannot be cancelled
    through the API.

    :param custom_model_id: id of the custom model; required.
    :param folder: local path, or any path that Airflow's object storage knows, such as ``s3://conn_id@bucket/model``,
        as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; everything below it is uploaded that is not left
        out. Give one of ``folder``, ``files`` and ``zip_file`` at the most.
    :param files: such paths, uploaded under their base names; or a mapping of the path inside the model to such a path.
    :param zip_file: such a path of a zip, whose files are uploaded one by one.
    :param exclude: patterns in the syntax of ``.gitignore`` for what to leave out of a folder or a zip; a list, or one
        string with a pattern in each line. They add to the defaults (version control, virtual environments, ``.env``,
        caches, ``node_modules``) and to the ``.datarobotignore`` at the top of the folder; ``!.env`` takes one back.
    :param follow_links: upload what the links of a local folder lead to outside of it; default ``False``: such a link
        is refused. Links inside the folder are always followed.
    :param from_latest: start from the files of the latest version, add or replace those given here and remove those of
        ``files_to_delete``; default ``False``: the version has the given files alone.
    :param files_to_delete: with ``from_latest``: paths inside the model, or ids, of the files to leave out.
    :param is_major_update: raise the major number of the version; default ``True``, otherwise the minor one.
    :param base_environment_id: id of the execution environment; this or the next is needed for a first version.
    :param base_environment_version_id: id of one version of the environment.
    :param maximum_memory: bytes of memory beyond which the model is killed, 134217728 to 15032385536.
    :param desired_memory: bytes of memory the model is expected to need, same range.
    :param network_egress_policy: ``NONE`` or ``PUBLIC``.
    :param replicas: fixed number of replicas, 1 to 8.
    :param requires_ha: put every replica on a node of its own.
    :param resource_bundle_id: id of a bundle of memory, CPU and GPU; excludes the memory arguments.
    :param training_data: ``{"datasetId": …}``, also ``datasetVersionId``; the model must have training data for
        versions enabled.
    :param holdout_data: ``{"datasetId": …}`` or ``{"partitionColumn": …}``.
    :param keep_training_holdout_data: take over the data of the previous version; DataRobot's default is ``True``.
    :param required_metadata: values that the environment asks for, as an object.
    :param required_metadata_values: the same as a list of ``{"fieldName", "value"}``.
    :param git_model_version: where the code comes from: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``.
    :param runtime_parameter_values: values of the model's runtime parameters: a mapping of names to values, or the
        API's list of ``{"fieldName", "type", "value"}``. They are held against ``runtimeParameterDefinitions`` of the
        ``model-metadata.yaml`` among the files or, with ``from_latest`` and without that file, of the latest version.
        A credential is named by its id or by its name in DataRobot. With ``from_latest`` the others keep their values,
        and ``None`` takes one back to its default. Secrets belong into a credential: other values are shown to all
        who may read the task or the version.
    :param wait_for_completion: wait until training data is assigned; default ``True``; templated.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait for training data, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect here: the API has no way to cancel an assignment.
    :param on_uncertain_submit: what to do when an earlier try may have come through and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a text.
    :raises AirflowFailException: if a file or an argument is wrong, DataRobot refuses the request, or the assignment of
        training data fails; the version exists then.
    """

    kind = "training_data_assignment"
    argument_types = {
        "from_latest": converters.boolean,
        "files_to_delete": converters.optional(converters.string_list),
        "is_major_update": converters.boolean,
        "exclude": converters.optional(converters.string_or_string_list),
        "follow_links": converters.boolean,
        "runtime_parameter_values": converters.optional(converters.object_or_object_list),
    }
    api_fields = {
        "base_environment_id": converters.identifier,
        "base_environment_version_id": converters.identifier,
        "maximum_memory": converters.integer,
        "desired_memory": converters.integer,
        "network_egress_policy": converters.string,
        "replicas": converters.integer,
        "requires_ha": converters.boolean,
        "resource_bundle_id": converters.identifier,
        "training_data": converters.json_object,
        "holdout_data": converters.json_object,
        "keep_training_holdout_data": converters.boolean,
        "required_metadata": converters.json_object,
        "required_metadata_values": converters.object_list,
        "git_model_version": converters.json_object,
    }
    required_fields = ("custom_model_id",)
    template_fields: Sequence[str] = (
        *DataRobotJobOperator.template_fields,
        "custom_model_id",
        "folder",
        "files",
        "zip_file",
        "exclude",
        "follow_links",
        "from_latest",
        "files_to_delete",
        "is_major_update",
        *api_fields,
        "runtime_parameter_values",
    )
    operator_extra_links = (CustomModelVersionLink(),)

    def __init__(
        self,
        *,
        custom_model_id: str,
        folder: PathArgument | None = None,
        files: Sequence[PathArgument] | Mapping[str, PathArgument] | str | None = None,
        zip_file: PathArgument | None = None,
        exclude: str | list[str] | None = None,
        follow_links: bool | str = False,
        from_latest: bool | str = False,
        files_to_delete: list[str] | str | None = None,
        is_major_update: bool | str = True,
        base_environment_id: str | None = None,
        base_environment_version_id: str | None = None,
        maximum_memory: int | str | None = None,
        desired_memory: int | str | None = None,
        network_egress_policy: str | None = None,
        replicas: int | str | None = None,
        requires_ha: bool | str | None = None,
        resource_bundle_id: str | None = None,
        training_data: dict[str, Any] | str | None = None,
        holdout_data: dict[str, Any] | str | None = None,
        keep_training_holdout_data: bool | str | None = None,
        required_metadata: dict[str, Any] | str | None = None,
        required_metadata_values: list[dict[str, str]] | str | None = None,
        git_model_version: dict[str, Any] | str | None = None,
        runtime_parameter_values: dict[str, Any] | list[dict[str, Any]] | str | None = None,
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
        """Check the arguments, that they fit together, and every file."""
        from datarobot_provider.core.custom_model.account_limits import check_bundle
        from datarobot_provider.core.custom_model.files import SOURCES, model_files

        super().check()
        sources = [name for name in SOURCES if getattr(self, name) is not None]
        if len(sources) > 1:
            raise InputError(f"Give one source of files, not {' and '.join(sources)}.")
        from_latest = self._from_latest()
        if not sources and not from_latest:
            raise InputError("A new version needs files: give folder, files or zip_file, or set from_latest.")
        check_bundle(self)
        if self.files_to_delete is not None and not from_latest:
            raise InputError("files_to_delete needs from_latest=True: a new version has the given files alone.")
        self._to_upload = model_files(self, self.log)
        self._check_runtime_parameters()

    def start(self, context: Context) -> JobRef | CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Upload the files; there is a job to wait for if training data is being assigned."""
        from datarobot_provider.core.custom_model.account_limits import check_limits

        files, form = self._to_upload, self._form()
        check_limits(self.hook.client, self.payload())
        versions = self.hook.client.versions
        create = versions.create_from_latest if self._from_latest() else versions.create
        self.log.info("Uploading %d files, %s bytes.", len(files), f"{sum(file.size for file in files):,}")
        version = create(self.custom_model_id, form, files, lambda line: self.log.info("%s", line))
        self.log.info("Created the version %s (%s).", version.get("label"), version.get("id"))
        return self.result_from_row(version)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has the files, the environment, the commit and the values of this one."""
        from datarobot_provider.core.custom_model.runtime_parameters import has_values

        paths = {item["filePath"] for item in row.get("items") or []}
        ours = {file.name for file in self._to_upload}
        complete = ours <= paths if self._from_latest() else ours == paths
        return complete and fields_match(row, self.payload(), _IDENTITY) and has_values(row, self._resolved_values())

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef | CreatedResource:
        """Return the version as made by this task; its training data may still be being assigned."""
        version_id = required(row, "id")
        ids = {"custom_model_id": self.custom_model_id, "custom_model_version_id": version_id}
        training = row.get("trainingData") or {}
        if training.get("assignmentInProgress") or training.get("assignmentError"):
            return JobRef(self.kind, ids)
        return CreatedResource(version_id, ids)

    def result(self, event: JobEvent) -> str:
        """Return the version's id."""
        return event.ref.ids["custom_model_version_id"]

    def _check_runtime_parameters(self) -> None:
        from datarobot_provider.core.custom_model.runtime_parameters import RuntimeParameters

        self._runtime_values = None
        self._runtime_parameters = RuntimeParameters(self.runtime_parameter_values, self._to_upload)
        if not self._from_latest():
            self._runtime_parameters.check()

    def _resolved_values(self) -> list[dict[str, Any]]:
        """Return the values of the runtime parameters as they are sent."""
        if self._runtime_values is None:
            latest = (
                self._latest_kept() if self._from_latest() and self._runtime_parameters.needs_latest_version else {}
            )
            self._runtime_values = self._runtime_parameters.resolve(latest, self.hook.client)
        return self._runtime_values

    def _latest_kept(self) -> dict[str, Any]:
        """Return the latest version, without its runtime parameters if their definitions are deleted."""
        from datarobot_provider.core.custom_model.metadata_file import FILE_NAME

        latest = self._latest()
        deleted = self._items_to_delete()
        gone = any(item["filePath"] == FILE_NAME and item["id"] in deleted for item in latest.get("items") or [])
        return {**latest, "runtimeParameters": []} if gone else latest

    def _major(self) -> bool:
        return bool(converters.converted("is_major_update", self.is_major_update, converters.boolean))

    def _from_latest(self) -> bool:
        return bool(converters.converted("from_latest", self.from_latest, converters.boolean))

    def _form(self) -> list[tuple[str, str]]:
        """Return the form fields in the spelling of the multipart route: text, and JSON for objects."""
        from datarobot_provider.client.json_values import form_text

        form = [("isMajorUpdate", form_text(self._major()))]
        form += [(name, form_text(value)) for name, value in self.payload().items()]
        values = self._resolved_values()
        if values:
            self.log.info("Setting the runtime parameters %s.", ", ".join(each["fieldName"] for each in values))
            form.append(("runtimeParameterValues", form_text(values)))
        return form + [("filesToDelete", item_id) for item_id in self._items_to_delete()]

    def _latest(self) -> dict[str, Any]:
        return next(iter(self.list_rows(1)), {})

    def _items_to_delete(self) -> list[str]:
        """Turn paths into the ids that the API wants, by way of the latest version."""
        if self.files_to_delete is None:
            return []
        wanted = converters.converted("files_to_delete", self.files_to_delete, converters.string_list)
        items = self._latest().get("items") or []
        ids = {name: item["id"] for item in items for name in (item["filePath"], item["id"])}
        unknown = [name for name in wanted if name not in ids]
        if unknown:
            raise InputError(
                f"files_to_delete names {', '.join(unknown)}, which the latest version does not have. It has: "
                f"{', '.join(sorted(item['filePath'] for item in items)) or 'no files'}."
            )
        return [ids[name] for name in wanted]
