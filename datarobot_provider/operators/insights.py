"""Operators for insights into a version: feature impact, prediction explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.job_results import FeatureImpactResult
from datarobot_provider.core.submission.recovery import RecoverByConflict
from datarobot_provider.exceptions import InputError, NotFoundError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.version_compat import Context

_WHAT = ("custom_model_id", "custom_model_version_id", "image_id")


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

    kind = "feature_impact"
    other_kinds = ("image_feature_impact",)
    api_fields = {"row_count": converters.integer}
    template_fields: Sequence[str] = (*DataRobotJobOperator.template_fields, *_WHAT, *api_fields)
    operator_extra_links = (CustomModelVersionLink(),)

    def __init__(
        self,
        *,
        custom_model_id: str | None = None,
        custom_model_version_id: str | None = None,
        image_id: str | None = None,
        row_count: int | str | None = None,
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
        impacts, ref, joined = self.hook.client.feature_impacts, self.existing_job(), False
        start = impacts.start if self.image_id is None else impacts.start_for_image
        if self.image_id is not None:
            self.log.warning("DataRobot has deprecated feature impact of images; compute it of versions instead.")
        try:
            status_id = start(**ref.ids, payload=self.payload()).status_id
        except NotFoundError as refusal:
            if refusal.job_id is None:
                raise
            self.log.info("Feature impact was submitted before: %s", refusal.message)
            status_id, joined = refusal.job_id, True
        return JobRef(ref.kind, {**ref.ids, "status_id": status_id}, joined)

    def existing_job(self) -> JobRef:
        """Return the computation of the version or the image: it has one at the most."""
        if self.image_id is not None:
            return JobRef("image_feature_impact", self.ids("image_id"))
        return JobRef("feature_impact", self.ids("custom_model_id", "custom_model_version_id"))


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

    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *_WHAT)

    def __init__(
        self,
        *,
        custom_model_id: str | None = None,
        custom_model_version_id: str | None = None,
        image_id: str | None = None,
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
        impacts = self.hook.client.feature_impacts
        if self.image_id is not None:
            return self.log_impact(impacts.get_for_image(**self.ids("image_id")))
        return self.log_impact(impacts.get(**self.ids("custom_model_id", "custom_model_version_id")))


class InitializePredictionExplanationsOperator(DataRobotJobOperator):
    """Prepare a version for prediction explanations, and wait for it.

    Routes: POST ``/api/v2/customModels/predictionExplanationsInitialization/`` with ``environment_id``, otherwise POST
    ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/predictionExplanationsInitialization/``. It
    cannot be cancelled through the API.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param environment_id: id of the execution environment to use instead of the version's own; templated.
    :param environment_version_id: id of one version of that environment; templated.
    :param wait_for_completion: wait for it; default ``True``; templated.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect here: the API has no way to cancel it.
    :param on_uncertain_submit: what to do when an earlier try may have come through: ``fail`` (default) or
        ``resubmit``. DataRobot cannot tell: it shows an initialization only to who knows its status record.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the absolute URL that DataRobot names as the result, or ``None``; with ``wait_for_completion=False`` the
        id of the status record.
    :raises AirflowFailException: if DataRobot refuses the request.
    :raises AirflowException: if it fails.
    """

    kind = "prediction_explanations"
    api_fields = {
        "custom_model_id": converters.identifier,
        "custom_model_version_id": converters.identifier,
        "environment_id": converters.identifier,
        "environment_version_id": converters.identifier,
    }
    required_fields = ("custom_model_id", "custom_model_version_id")
    template_fields: Sequence[str] = (*DataRobotJobOperator.template_fields, *api_fields)
    operator_extra_links = (CustomModelVersionLink(),)

    def __init__(
        self,
        *,
        custom_model_id: str,
        custom_model_version_id: str,
        environment_id: str | None = None,
        environment_version_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.environment_id = environment_id
        self.environment_version_id = environment_version_id

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the initialization."""
        explanations = self.hook.client.prediction_explanations
        if self.environment_id is None and self.environment_version_id is None:
            job = explanations.initialize(**self.ids())
        else:
            job = explanations.initialize_in_environment(self.payload())
        return JobRef(self.kind, {**self.ids(), "status_id": job.status_id})


def check_version_or_image(task: Any) -> None:
    """Refuse arguments that name neither one version nor one image.

    :raises InputError: saying what to give.
    """
    given = tuple(getattr(task, name) is not None for name in _WHAT)
    if given not in ((True, True, False), (False, False, True)):
        raise InputError("Give custom_model_id and custom_model_version_id, or image_id alone.")
