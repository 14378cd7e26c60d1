"""Operators that download: the files of a model or of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.version_compat import mask_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.client.download import Downloader
    from datarobot_provider.client.request import Request
    from datarobot_provider.core.arguments.paths import PathArgument
    from datarobot_provider.version_compat import Context


class DownloadOperator(DataRobotBaseOperator):
    """Base of the operators that download.

    :param target: local path, or any path that Airflow's object storage knows, such as ``s3://conn_id@bucket/key``, as
        a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete;
        templated; required.
    """

    required_fields: ClassVar[Sequence[str]] = ("target",)
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, "target")

    def __init__(self, *, target: PathArgument, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target

    def downloader(self) -> Downloader:
        """Return what fetches the file and reports to the task log."""
        return self.hook.client.downloader(lambda line: self.log.info("%s", line), mask_secret)


class _FilesOperator(DownloadOperator):
    """Base of the downloads of files as a zip."""

    argument_types = {"pps": converters.optional(converters.boolean)}

    def __init__(self, *, pps: bool | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pps: Any = pps

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Download the zip."""
        from datarobot_provider.client.download import Expected
        from datarobot_provider.core.arguments.storage import StorageSink

        done = self.downloader().fetch(self.files_request(self.pps), StorageSink(self.target), Expected())
        self.log.info("Downloaded %s bytes to %s.", f"{done['size']:,}", done["path"])
        return done

    def files_request(self, pps: bool | None) -> Request:
        """Return the request for the zip."""
        raise NotImplementedError


class DownloadCustomModelOperator(_FilesOperator):
    """Download the files of a custom model's latest version as a zip.

    Route: GET ``/api/v2/customModels/{customModelId}/download/``. Every argument is templated.

    :param custom_model_id: id of the custom model; required.
    :param target: local path, or any path that Airflow's object storage knows, such as ``s3://conn_id@bucket/key``, as
        a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete; required.
    :param pps: add the script that installs the dependencies, for the portable prediction server; DataRobot's default
        is ``False``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, or the target cannot be written.
    :raises AirflowException: if the connection breaks off too often.
    """

    required_fields = ("custom_model_id", "target")
    template_fields: Sequence[str] = (*DownloadOperator.template_fields, "custom_model_id", "pps")

    def __init__(self, *, custom_model_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id

    def files_request(self, pps: bool | None) -> Request:
        """Return the request for the zip."""
        return self.hook.client.custom_models.download_request(**self.ids("custom_model_id"), pps=pps)


class DownloadVersionOperator(_FilesOperator):
    """Download the files of a version as a zip.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/download/``. Every argument is
    templated.

    :param custom_model_id: id of the custom model; required.
    :param custom_model_version_id: id of the version; required.
    :param target: local path, or any path that Airflow's object storage knows, such as ``s3://conn_id@bucket/key``, as
        a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete; required.
    :param pps: add the script that installs the dependencies, for the portable prediction server; DataRobot's default
        is ``False``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, or the target cannot be written.
    :raises AirflowException: if the connection breaks off too often.
    """

    required_fields = ("custom_model_id", "custom_model_version_id", "target")
    template_fields: Sequence[str] = (
        *DownloadOperator.template_fields,
        "custom_model_id",
        "custom_model_version_id",
        "pps",
    )

    def __init__(self, *, custom_model_id: str, custom_model_version_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id

    def files_request(self, pps: bool | None) -> Request:
        """Return the request for the zip."""
        ids = self.ids("custom_model_id", "custom_model_version_id")
        return self.hook.client.versions.download_request(**ids, pps=pps)
