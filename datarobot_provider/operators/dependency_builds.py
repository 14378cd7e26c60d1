"""Operators for dependency builds of versions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from datarobot_provider.client import routes
from datarobot_provider.client.routes import VERSION, route
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import CancelOperator, GetLogOperator, GetOperator
from datarobot_provider.core.resource_operators import VersionOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverByConflict
from datarobot_provider.exceptions import ValidationError
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from datarobot_provider.version_compat import Context


class StartDependencyBuildOperator(RecoverByConflict, DataRobotJobOperator, VersionOperator):
    """Build the environment of a version from its ``requirements.txt``, and wait for the build.

    Route: POST ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/dependencyBuild/``. DataRobot
    builds a version once: the task waits for a build that is already running, and returns a build that has already
    ended. A version without dependencies needs no build; the task then succeeds without a result.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param wait_for_completion: wait for the build; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: cancel the build when the task is killed or times out; default ``True``; templated.
    :param on_uncertain_submit: no effect: DataRobot builds the dependencies of a version once.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the build: ``{"buildStatus", "buildStart", "buildEnd", "buildLogLocation"}``; with
        ``wait_for_completion=False`` the version's id; ``None`` if there was nothing to build.
    :raises AirflowFailException: if the build fails, with the end of its log; or if DataRobot refuses the request.
    """

    route = "POST customModels/{custom_model_id}/versions/{custom_model_version_id}/dependencyBuild/"

    kind = "dependency_build"
    operator_extra_links = (CustomModelVersionLink(),)
    reads = (routes.VERSION_RESOURCE,)

    def start(self, context: Context) -> JobRef | CreatedResource:  # noqa: ARG002 - for operators that push XComs
        """Start the build, or find the existing build of the version."""
        ref = self.existing_job()
        try:
            self.request().object()
        except ValidationError as refusal:
            outcome = self.hook.jobs.poll_once(ref).verdict.outcome
            if outcome not in (Outcome.CANCELLED, Outcome.EXPIRED):
                self.log.info("The version already has a build: %s", refusal.message)
                return replace(ref, joined=True)
            if self.hook.client.get(route(VERSION, **ref.ids)).get("dependencies") == []:
                self.log.info("The version has no dependencies, so there is nothing to build.")
                return CreatedResource(None)
            raise
        return ref

    def existing_job(self) -> JobRef:
        """Return the build of the version; a version has at most one."""
        return JobRef(self.kind, self.ids())


class GetDependencyBuildOperator(GetOperator, VersionOperator):
    """Return the dependency build of a version.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/dependencyBuild/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the build: ``{"buildStatus", "buildStart", "buildEnd", "buildLogLocation"}``.
    :raises AirflowFailException: if DataRobot refuses the request, for example because no build was started.
    """

    route = "GET customModels/{custom_model_id}/versions/{custom_model_version_id}/dependencyBuild/"


class GetDependencyBuildLogOperator(GetLogOperator, VersionOperator):
    """Return the log of a finished dependency build.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/dependencyBuildLog/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the log, a string; it is not written to the task log.
    :raises AirflowFailException: if DataRobot refuses the request, for example because the build is still running.
    """

    route = "GET customModels/{custom_model_id}/versions/{custom_model_version_id}/dependencyBuildLog/"


class CancelDependencyBuildOperator(CancelOperator, VersionOperator):
    """Cancel the dependency build of a version.

    Route: DELETE ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/dependencyBuild/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param ignore_if_over: succeed if the job has already ended; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE customModels/{custom_model_id}/versions/{custom_model_version_id}/dependencyBuild/"
