"""Operators for versions of execution environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import DownloadOperator, GetLogOperator, GetOperator, ListOperator
from datarobot_provider.core.resource_operators import EnvironmentOperator, EnvironmentVersionOperator
from datarobot_provider.core.submission.recovery import RecoverFromList
from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import EnvironmentLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.client.files import ModelFile
    from datarobot_provider.client.request import Response
    from datarobot_provider.client.tar_archive import TarArchive
    from datarobot_provider.core.arguments.types import FilePath, String
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


class CreateEnvironmentVersionOperator(RecoverFromList, DataRobotJobOperator, EnvironmentOperator):
    """Create a version of an execution environment from a Docker context or an image, and wait for its build.

    Route: POST ``/api/v2/executionEnvironments/{environmentId}/versions/``. Every argument up to ``description`` is
    templated. A folder is uploaded as a tar archive, which is streamed from disk or object storage.

    :param environment_id: id of the environment; required.
    :param docker_context: path of a folder with a ``Dockerfile``, or of an archive (``.tar``, ``.tar.gz``, ``.tgz`` or
        ``.zip``): local, or any path that Airflow's object storage supports, such as ``s3://conn_id@bucket/context``,
        as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``. The same files are excluded from a folder as by
        :class:`CreateVersionOperator`. This or ``docker_image_uri`` is required.
    :param docker_image_uri: URI of an image, which is used without a build; a Docker context is only stored then.
    :param version_label: label of the version, up to 50 characters.
    :param description: up to 10,000 characters.
    :param wait_for_completion: wait for the build; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the build of an environment is not cancelled.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a string.
    :raises AirflowFailException: if an argument or a file is wrong, DataRobot refuses the request, or the build fails,
        with the end of its log; in that case the version exists.
    """

    route = "POST executionEnvironments/{environment_id}/versions/"
    # Airflow's operators have a property "label".
    options = ("docker_context", "version_label")

    kind = "environment_build"
    operator_extra_links = (EnvironmentLink(),)
    creates = (routes.ENVIRONMENT_VERSION_RESOURCE,)

    def __init__(
        self,
        *,
        docker_context: FilePath | None = None,
        docker_image_uri: String | None = None,
        version_label: String | None = None,
        description: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.docker_context = docker_context
        self.docker_image_uri = docker_image_uri
        self.version_label = version_label
        self.description = description
        self._archive: ModelFile | TarArchive | None = None

    def check(self) -> None:
        """Check the arguments and the files."""
        from datarobot_provider.core.docker_context import docker_context

        super().check()
        if self.docker_context is None and self.docker_image_uri is None:
            raise InputError("A version requires docker_context or docker_image_uri.")
        self._archive = None if self.docker_context is None else docker_context(self.docker_context, self.log)

    def payload(self) -> dict[str, Any]:
        """Return the fields of the request that were set, in the API's names."""
        label = {} if self.version_label is None else {"label": self.version_label}
        return {**super().payload(), **label}

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Upload the Docker context or send the URI of the image; the build is the job."""
        created = self._send().object()
        self.log.info("Created the version %s.", created.get("id"))
        return self.result_from_row(created)

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the versions of the environment, newest first; DataRobot does not document an order."""
        rows = self.hook.client.items(self.path_of())
        return sorted(rows, key=lambda row: str(row.get("created")), reverse=True)[:limit]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has the label, the description, the image and the Docker context of this task."""
        payload = self.payload()
        expected = {
            "label": payload.get("label"),
            "description": payload.get("description"),
            "sourceDockerImageUri": payload.get("dockerImageUri"),
            "dockerContextSize": self._archive.size if self._archive else None,
        }
        return all((row.get(name) or None) == value for name, value in expected.items())

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return the build of a version as the job of this task."""
        return JobRef(self.kind, {**self.ids(), "environment_version_id": required(row, "id")})

    def result(self, event: JobEvent) -> str:
        """Return the id of the version."""
        return event.ref.ids["environment_version_id"]

    def _send(self) -> Response:
        payload, archive = self.payload(), self._archive
        if archive is None:
            return self.request(json=payload)
        self.log.info("Uploading the Docker context, %s bytes.", f"{archive.size:,}")
        return self.upload([*payload.items(), ("docker_context", archive)])


class GetEnvironmentVersionOperator(GetOperator, EnvironmentVersionOperator):
    """Return a version of an execution environment and the state of its build.

    Route: GET ``/api/v2/executionEnvironments/{environmentId}/versions/{environmentVersionId}/``.

    :param environment_id: id of the environment; templated; required.
    :param environment_version_id: id of the version; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the version, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET executionEnvironments/{environment_id}/versions/{environment_version_id}/"
    operator_extra_links = (EnvironmentLink(),)


class ListEnvironmentVersionsOperator(ListOperator, EnvironmentOperator):
    """Return the versions of an execution environment.

    Route: GET ``/api/v2/executionEnvironments/{environmentId}/versions/``. All arguments are templated.

    :param environment_id: id of the environment; required.
    :param build_status: only versions in this state: ``submitted``, ``processing``, ``success`` or ``failed``.
    :param limit: maximum number of versions; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of versions.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET executionEnvironments/{environment_id}/versions/"

    def __init__(self, *, build_status: String | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.build_status = build_status


class GetEnvironmentBuildLogOperator(GetLogOperator, EnvironmentVersionOperator):
    """Return the log of the build of a version of an execution environment.

    Route: GET ``/api/v2/executionEnvironments/{environmentId}/versions/{environmentVersionId}/buildLog/``.

    :param environment_id: id of the environment; templated; required.
    :param environment_version_id: id of the version; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the log, a string; it is not written to the task log.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET executionEnvironments/{environment_id}/versions/{environment_version_id}/buildLog/"


class DownloadEnvironmentVersionOperator(DownloadOperator, EnvironmentVersionOperator):
    """Download the Docker context of a version of an execution environment.

    Route: GET ``/api/v2/executionEnvironments/{environmentId}/versions/{environmentVersionId}/download/``. All
    arguments are templated.

    :param environment_id: id of the environment; required.
    :param environment_version_id: id of the version; required.
    :param target: local path, or any path that Airflow's object storage supports, such as ``s3://conn_id@bucket/key``,
        as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete;
        required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, or the target cannot be written.
    :raises AirflowException: if the connection is interrupted too often.
    """

    route = "GET executionEnvironments/{environment_id}/versions/{environment_version_id}/download/"
