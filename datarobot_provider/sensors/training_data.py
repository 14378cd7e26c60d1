"""The sensor for training data assignments."""

from __future__ import annotations

from datarobot_provider.core.base_sensor import VersionSensor


class TrainingDataAssignmentSensor(VersionSensor):
    """Wait until the training data of a version is assigned.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :returns: the version, an object.
    :raises AirflowFailException: if the assignment fails.
    """

    kind = "training_data_assignment"
