"""One sensor for each kind of job, and one for any status record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datarobot_provider.exceptions import InputError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.operators import fields
from datarobot_provider.operators.results import FeatureImpactResult, ModelTestResult
from datarobot_provider.sensors.base import DataRobotIdsSensor, DataRobotJobSensor

if TYPE_CHECKING:
    from collections.abc import Sequence


class DataRobotStatusSensor(DataRobotJobSensor):
    """Wait for any job of DataRobot that has a status record.

    Route: GET ``/api/v2/status/{statusId}/``, or ``/api/v2/genai/status/{statusId}/`` if that is what is given. A 303
    and a 200 with ``COMPLETED`` both mean done.

    :param status: the ``Location`` of a reply, the URL of a status record, or its id; templated; required.
    :param genai: whether a bare id is one of the GenAI routes; default ``False``; templated.
    :returns: the absolute URL of what the job made, or ``None`` where DataRobot does not say.
    :raises AirflowFailException: if the job fails.
    """

    argument_types = {"status": fields.text, "genai": fields.boolean}
    required_fields = ("status",)
    template_fields: Sequence[str] = (*DataRobotJobSensor.template_fields, *argument_types)

    def __init__(self, *, status: str, genai: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.status = status
        self.genai = genai

    def ref(self) -> JobRef:
        """Return the job that the status record belongs to."""
        from datarobot_provider.client.endpoint import Endpoint, api_path
        from datarobot_provider.client.resources.base import status_id_of

        status = fields.converted("status", self.status, fields.text).strip()
        genai = fields.converted("genai", self.genai, fields.boolean)
        if "/" not in status:
            status = fields.converted("status", status, fields.identifier)
            return JobRef("genai_task_status" if genai else "task_status", {"status_id": status})
        status_id = status_id_of(status)
        if status_id is None:
            raise InputError(f"status is {status!r}, which is neither an id nor the URL of a status record.")
        ours = self.hook.client.endpoint
        if "://" in status and Endpoint.parse("/".join(status.split("/")[:3])) != ours:
            raise InputError(f"status is {status!r}, which is on another host than the connection's ({ours.origin}).")
        genai = str(api_path(status)).startswith("genai/")
        return JobRef("genai_task_status" if genai else "task_status", {"status_id": status_id})


class VersionSensor(DataRobotIdsSensor):
    """Base of the sensors whose required arguments are the two ids of a version.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    """

    required_fields = ("custom_model_id", "custom_model_version_id")
    template_fields: Sequence[str] = (*DataRobotIdsSensor.template_fields, *required_fields)

    def __init__(self, *, custom_model_id: str, custom_model_version_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id


class DependencyBuildSensor(VersionSensor):
    """Wait for the dependency build of a version.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/dependencyBuild/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :returns: the build: ``{"buildStatus", "buildStart", "buildEnd", "buildLogLocation"}``.
    :raises AirflowFailException: if the build fails.
    """

    kind = "dependency_build"


class ModelTestSensor(ModelTestResult, DataRobotIdsSensor):
    """Wait for a test of a model version.

    Route: GET ``/api/v2/customModelTests/{customModelTestId}/``.

    :param custom_model_test_id: id of the test; templated; required.
    :param fail_on_warning: also fail when a check warns; default ``False``; templated.
    :returns: the test, with ``overallStatus`` and ``testingStatus``.
    :raises AirflowFailException: if the test fails.
    """

    kind = "model_test"
    required_fields = ("custom_model_test_id",)
    template_fields: Sequence[str] = (*DataRobotIdsSensor.template_fields, *required_fields, "fail_on_warning")

    def __init__(self, *, custom_model_test_id: str, fail_on_warning: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_test_id = custom_model_test_id
        self.fail_on_warning = fail_on_warning


class FeatureImpactSensor(FeatureImpactResult, VersionSensor):
    """Wait for the feature impact of a version.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/featureImpact/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param status_id: id of the status record of the computation; templated. Without it the impact itself is asked for,
        which tells nothing about why a computation failed.
    :returns: ``{"featureImpacts": [...], …}``.
    :raises AirflowFailException: if the computation fails.
    """

    kind = "feature_impact"
    template_fields: Sequence[str] = (*VersionSensor.template_fields, "status_id")

    def __init__(self, *, status_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.status_id = status_id

    def ref(self) -> JobRef:
        """Return the job, with its status record where that was given."""
        ref = super().ref()
        if self.status_id is None:
            return ref
        status_id = fields.converted("status_id", self.status_id, fields.identifier)
        return replace(ref, ids={**ref.ids, "status_id": status_id})


class VectorDatabaseValidationSensor(DataRobotIdsSensor):
    """Wait for the validation of a vector database.

    Route: GET ``/api/v2/genai/customModelVectorDatabaseValidations/{validationId}/``.

    :param validation_id: id of the validation; templated; required.
    :returns: the validation, with ``validationStatus`` ``PASSED``.
    :raises AirflowFailException: if the validation fails.
    """

    kind = "vector_database_validation"
    required_fields = ("validation_id",)
    template_fields: Sequence[str] = (*DataRobotIdsSensor.template_fields, *required_fields)

    def __init__(self, *, validation_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validation_id = validation_id


class TrainingDataAssignmentSensor(VersionSensor):
    """Wait until the training data of a version is assigned.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :returns: the version, an object.
    :raises AirflowFailException: if the assignment fails.
    """

    kind = "training_data_assignment"


class ConversionSensor(DataRobotIdsSensor):
    """Wait for the conversion of a version.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/conversions/{conversionId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param conversion_id: id of the conversion; templated; required.
    :returns: the conversion, an object.
    :raises AirflowFailException: if the conversion fails or is stopped.
    """

    kind = "conversion"
    required_fields = ("custom_model_id", "custom_model_version_id", "conversion_id")
    template_fields: Sequence[str] = (*DataRobotIdsSensor.template_fields, *required_fields)

    def __init__(
        self, *, custom_model_id: str, custom_model_version_id: str, conversion_id: str, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.conversion_id = conversion_id


class PredictionExplanationsSensor(DataRobotIdsSensor):
    """Wait until a version is prepared for prediction explanations.

    Route: GET ``/api/v2/status/{statusId}/``.

    :param status_id: id of the status record, as :class:`InitializePredictionExplanationsOperator` returns it with
        ``wait_for_completion=False``; templated; required.
    :returns: the absolute URL that DataRobot names as the result, or ``None``.
    :raises AirflowFailException: if the initialization fails.
    """

    kind = "prediction_explanations"
    required_fields = ("status_id",)
    template_fields: Sequence[str] = (*DataRobotIdsSensor.template_fields, *required_fields)

    def __init__(self, *, status_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.status_id = status_id
