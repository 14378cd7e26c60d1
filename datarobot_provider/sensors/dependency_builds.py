"""The sensor for dependency builds."""

from __future__ import annotations

from datarobot_provider.core.base_sensor import VersionSensor


class DependencyBuildSensor(VersionSensor):
    """Wait for the dependency build of a version.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/dependencyBuild/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :returns: the build: ``{"buildStatus", "buildStart", "buildEnd", "buildLogLocation"}``.
    :raises AirflowFailException: if the build fails.
    """

    kind = "dependency_build"
