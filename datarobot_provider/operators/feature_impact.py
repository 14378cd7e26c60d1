"""Operators for the feature impact of versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.job_results import FeatureImpactResult
from datarobot_provider.core.submission.recovery import RecoverByConflict
from datarobot_provider.exceptions import InputError, NotFoundError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id, Integer
    from datarobot_provider.version_compat import Context


_IDS = ("custom_model_id", "custom_model_version_id", "image_id")


class ComputeFeatureImpactOperator(FeatureImpactResult, RecoverByConflict, DataRobotJobOperator):
    """Compute the impact of each feature of the training data on the predictions of a version.

    Route: POST ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/featureImpact/``. The version
    must have training data. The task log shows the features with the highest impact. If the computation has already
    been submitted, the task waits for it. The API cannot cancel this job.

    :param custom_model_id: id of the custom model; templated; required, unless ``image_id`` is given.
    :param custom_model_version_id: id of the version; templated; required, unless ``image_id`` is given.
    :param image_id: id of a custom inference image: uses the deprecated POST
        ``/api/v2/customInferenceImages/{imageId}/featureImpact/``; templated.
    :param row_count: rows of the training data to use, 10 to 100000; templated; default: DataRobot's choice.
    :param wait_for_completion: wait for the result; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel a computation.
    :param on_uncertain_submit: no effect: DataRobot accepts one computation for a version.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"featureImpacts": [{"featureName", "impactNormalized", "impactUnnormalized", "redundantWith", …}],
        "ranRedundancyDetection", "rowCount", "shapBased", "count", "next", "previous"}``; with
        ``wait_for_completion=False`` the id of the status record.
    :raises AirflowException: if the computation fails.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "POST customModels/{custom_model_id}/versions/{custom_model_version_id}/featureImpact/"
    other_routes = ("POST customInferenceImages/{image_id}/featureImpact/",)
    options = ("image_id",)

    kind = "feature_impact"
    other_kinds = ("image_feature_impact",)
    operator_extra_links = (CustomModelVersionLink(),)
    reads = (routes.VERSION_RESOURCE,)

    def __init__(
        self,
        *,
        custom_model_id: Id | None = None,
        custom_model_version_id: Id | None = None,
        image_id: Id | None = None,
        row_count: Integer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_id = image_id
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.row_count = row_count

    def check(self) -> None:
        """Check the arguments, and that they are the ids of one version or one image."""
        super().check()
        check_version_or_image(self)

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the computation, or find the one that has already been submitted."""
        from datarobot_provider.client.accepted import accepted

        ref, joined, operation = self.existing_job(), False, self.route
        if self.image_id is not None:
            operation = self.other_routes[0]
            self.log.warning("Feature impact of images is deprecated in DataRobot; compute it for versions instead.")
        try:
            status_id = accepted(self.request(operation, self.payload())).status_id
        except NotFoundError as refusal:
            if refusal.job_id is None:
                raise
            self.log.info("The feature impact has already been submitted: %s", refusal.message)
            status_id, joined = refusal.job_id, True
        return JobRef(ref.kind, {**ref.ids, "status_id": status_id}, joined)

    def existing_job(self) -> JobRef:
        """Return the computation of the version or the image; each has at most one."""
        if self.image_id is not None:
            return JobRef("image_feature_impact", self.ids("image_id"))
        return JobRef("feature_impact", self.ids())


class GetFeatureImpactOperator(FeatureImpactResult, DataRobotBaseOperator):
    """Return the feature impact of a version, which must have been computed.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/featureImpact/``.

    :param custom_model_id: id of the custom model; templated; required, unless ``image_id`` is given.
    :param custom_model_version_id: id of the version; templated; required, unless ``image_id`` is given.
    :param image_id: id of a custom inference image: uses the deprecated GET
        ``/api/v2/customInferenceImages/{imageId}/featureImpact/``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"featureImpacts": [{"featureName", "impactNormalized", "impactUnnormalized", "redundantWith", …}],
        "ranRedundancyDetection", "rowCount", "shapBased", "count", "next", "previous"}``.
    :raises AirflowFailException: if DataRobot refuses the request, for example because it has not been computed.
    """

    route = "GET customModels/{custom_model_id}/versions/{custom_model_version_id}/featureImpact/"
    other_routes = ("GET customInferenceImages/{image_id}/featureImpact/",)
    options = ("image_id",)

    def __init__(
        self,
        *,
        custom_model_id: Id | None = None,
        custom_model_version_id: Id | None = None,
        image_id: Id | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.image_id = image_id

    def check(self) -> None:
        """Check the arguments, and that they are the ids of one version or one image."""
        super().check()
        check_version_or_image(self)

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Return the feature impact."""
        operation = self.route if self.image_id is None else self.other_routes[0]
        return self.log_impact(self.hook.client.get_all_pages(self.path_of(operation)))


def check_version_or_image(task: Any) -> None:
    """Refuse arguments that are neither the ids of a version nor the id of an image.

    :raises InputError: if other arguments are given.
    """
    given = tuple(getattr(task, name) is not None for name in _IDS)
    if given not in ((True, True, False), (False, False, True)):
        raise InputError("Give custom_model_id and custom_model_version_id, or image_id alone.")
