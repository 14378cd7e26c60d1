"""Training data of custom models: the legacy route that assigns them to the model and not to a version."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common.errors import ApiError, invalid
from datarobot_provider.emulator.store.entities import CustomModel, Dataset, TrainingData
from datarobot_provider.emulator.store.model_rules import training_data_problem
from datarobot_provider.emulator.store.snapshot import snapshot_class
from datarobot_provider.emulator.web.routing import Call, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.state import State

_ONLY_VERSIONS = (
    "Training data assignment at the model level has been permanently disabled; assign the data to a version."
)


@snapshot_class
@dataclass
class Assignment:
    """The assignment of training data to a model. After a failed one, the previous data remain.

    :param model: the model.
    :param training: the training data.
    """

    model: CustomModel
    training: TrainingData

    def apply(self, _: State) -> None:
        """Set the training data."""
        self.model.training = self.training


@route("PATCH", "/customModels/{customModelId}/trainingData/")
def assign_training_data(call: Call) -> Response:
    """Assign training data to a model (PATCH /customModels/{customModelId}/trainingData/)."""
    model = call.state.model(call.path["customModelId"])
    if model.has_training_data_per_version:
        raise ApiError(422, _ONLY_VERSIONS)
    if model.training and call.state.deployments_of(model):
        raise ApiError(HTTPStatus.CONFLICT, "The custom model is deployed and has its training data already.")
    if model.assignment and model.assignment.active(call.now()):
        raise ApiError(422, "Training data is still being assigned to the custom model.")
    dataset = _dataset(call)
    partition = call.body.get("partitionColumn")
    problem = training_data_problem(model, dataset, partition)
    if problem:
        raise ApiError(422, problem)
    return _assign(call, model, dataset, partition)


def _assign(call: Call, model: CustomModel, dataset: Dataset, partition: str | None) -> Response:
    job = call.state.start_job("training_data", {"customModelId": model.id, "datasetId": dataset.id})
    model.assignment = job
    call.state.on_success(job, Assignment(model, TrainingData(dataset, job, partition)))
    return call.accepted(call.state.create_status_record(job, f"/customModels/{model.id}/"))


def _dataset(call: Call) -> Dataset:
    dataset_id = call.body.get("datasetId")
    if dataset_id is None:
        raise invalid("datasetId", "this field is required")
    known = call.state.datasets.get(dataset_id)
    if known is None:
        raise invalid("datasetId", "no such dataset")
    if known.deleted:
        raise ApiError(HTTPStatus.GONE, "The requested dataset has been deleted.")
    version_id = call.body.get("datasetVersionId")
    if version_id not in {None, *(version.version_id for version in known.versions)}:
        raise invalid("datasetVersionId", "no such version of the dataset")
    return call.state.dataset(dataset_id, version_id)
