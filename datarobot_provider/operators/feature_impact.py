"""Operators for the feature impact of versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.job_results import FeatureImpactResult
from datarobot_provider.core.submission.recovery import (
    RecoverByConflict,
)
from datarobot_provider.exceptions import (
    InputError,
    NotFoundError,
)
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import (
        Id,
        Integer,
    )
    from datarobot_provider.version_compat import Context


_IDS = ("custom_model_id", "custom_model_version_id", "image_id")


class ComputeFeatureImpactOperator(FeatureImpactResult, RecoverByConflict, DataRobotJobOperator):
    """Compute how much each feature of the training data counts in a version's predictions.

    Route: POST ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/featureImpact/``. The version
    needs training data. The strongest features are written to the task log as bars. A computation that was already
    submitted is waited for. It cannot be cancelled through the API.

    :param custom_model_id: id of the custom model; templated; required, unless ``image_id`` is given.
    :param custom_model_version_id: id of the version; templated; required, unless ``image_id`` is given.
    :param image_id: id of a custom inference image: the deprecated POST
        ``/api/v2/customInferenceImages/{imageId}/featureImpact/`` is used; templated.
    :param row_count: rows of the training data to use, 10 to 100000; templated; DataRobot chooses by default.
    :param wait_for_completion: wait for the result; default ``True``; templated.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect here: the API has no way to cancel the computation.
    :param on_uncertain_submit: no effect here: DataRobot takes a computation once.
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
        """Check the arguments, and that they name one version or one image."""
        super().check()
        check_version_or_image(self)

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the computation, or find the one that was submitted before."""
        from datarobot_provider.client.accepted import accepted

        ref, joined, operation = self.existing(), False, self.route
        if self.image_id is not None:
            operation = self.other_routes[0]
            self.log.warning("DataRobot has deprecated feature impact of images; compute it of versions instead.")
        try:
            status_id = accepted(self.request(operation, self.payload())).status_id
        except NotFoundError as refusal:
            if refusal.job_id is None:
                raise
            self.log.info("Feature impact was submitted before: %s", refusal.message)
            status_id, joined = refusal.job_id, True
        return JobRef(ref.kind, {**ref.ids, "status_id": status_id}, joined)

    def existing(self) -> JobRef:
        """Return the computation of the version or the image: it has one at the most."""
        if self.image_id is not None:
            return JobRef("image_feature_impact", self.ids("image_id"))
        return JobRef("feature_impact", self.ids())


class GetFeatureImpactOperator(FeatureImpactResult, DataRobotBaseOperator):
    """Return the feature impact of a version that was computed before.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/featureImpact/``.

    :param custom_model_id: id of the custom model; templated; required, unless ``image_id`` is given.
    :param custom_model_version_id: id of the version; templated; required, unless ``image_id`` is given.
    :param image_id: id of a custom inference image: the deprecated GET
        ``/api/v2/customInferenceImages/{imageId}/featureImpact/`` is used; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"featureImpacts": [{"featureName", "impactNormalized", "impactUnnormalized", "redundantWith", …}],
        "ranRedundancyDetection", "rowCount", "shapBased", "count", "next", "previous"}``.
    :raises AirflowFailException: if DataRobot refuses the request, for one because nothing was computed yet.
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
        """Check the arguments, and that they name one version or one image."""
        super().check()
        check_version_or_image(self)

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Return the impacts."""
        operation = self.route if self.image_id is None else self.other_routes[0]
        return self.shown(self.hook.client.get_all_pages(self.path_of(operation)))


def check_version_or_image(task: Any) -> None:
    """Refuse arguments that name neither one version nor one image.

    :raises InputError: saying what to give.
    """
    given = tuple(getattr(task, name) is not None for name in _IDS)
    if given not in ((True, True, False), (False, False, True)):
        raise InputError("Give custom_model_id and custom_model_version_id, or image_id alone.")
