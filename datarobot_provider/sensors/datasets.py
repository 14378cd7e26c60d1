"""Sensors for datasets and their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.base_sensor import DataRobotIdsSensor

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id


class DatasetSensor(DataRobotIdsSensor):
    """Wait until the data of a dataset is read.

    Route: GET ``/api/v2/datasets/{datasetId}/``.

    :param dataset_id: id of the dataset; templated; required.
    :returns: the dataset, with ``processingState`` ``COMPLETED``.
    :raises AirflowFailException: if the data cannot be read.
    """

    kind = "dataset_from_file"

    def __init__(self, *, dataset_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_id = dataset_id


class DatasetVersionSensor(DataRobotIdsSensor):
    """Wait until the data of a version of a dataset is read.

    Route: GET ``/api/v2/datasets/{datasetId}/versions/{datasetVersionId}/``.

    :param dataset_id: id of the dataset; templated; required.
    :param dataset_version_id: id of the version; templated; required.
    :returns: the version, with ``processingState`` ``COMPLETED``.
    :raises AirflowFailException: if the data cannot be read.
    """

    kind = "dataset_version_from_file"

    def __init__(self, *, dataset_id: Id, dataset_version_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_id = dataset_id
        self.dataset_version_id = dataset_version_id
