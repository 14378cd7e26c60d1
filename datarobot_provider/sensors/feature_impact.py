"""The sensor for feature impact."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_sensor import VersionSensor
from datarobot_provider.core.job_results import FeatureImpactResult

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id
    from datarobot_provider.jobs.model import JobRef


class FeatureImpactSensor(FeatureImpactResult, VersionSensor):
    """Wait for the feature impact of a version.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/featureImpact/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param status_id: id of the status record of the computation; templated. Without it, the sensor polls the feature
        impact itself, which does not contain the reason of a failure.
    :returns: ``{"featureImpacts": [...], …}``.
    :raises AirflowFailException: if the computation fails.
    """

    kind = "feature_impact"

    def __init__(self, *, status_id: Id | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.status_id = status_id

    def ref(self) -> JobRef:
        """Return the job, with its status record if it is given."""
        ref = super().ref()
        if self.status_id is None:
            return ref
        status_id = converters.converted("status_id", self.status_id, converters.identifier)
        return replace(ref, ids={**ref.ids, "status_id": status_id})
