"""Training data of versions: validation, assignment by a job, serialization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import strict_json
from datarobot_provider.emulator.common.errors import ApiError, invalid
from datarobot_provider.emulator.store.entities import CustomModel, Dataset, TrainingData, Version
from datarobot_provider.emulator.store.jobs import CANCELLED, FAILED, Job, PlannedOutcome
from datarobot_provider.emulator.store.model_rules import training_data_problem

if TYPE_CHECKING:
    from datarobot_provider.emulator.web.routing import Call, Json

_TRAINING_KEYS = frozenset({"datasetId", "datasetVersionId", "datasetName", "assignmentInProgress"})
_HOLDOUT_KEYS = frozenset({"datasetId", "datasetVersionId", "datasetName", "partitionColumn"})


def decode_json_object(body: Json, field: str) -> Json | None:
    """Return the JSON object in a form field, or None if the field is absent or null.

    :raises ApiError: with status 422 if the field does not contain a JSON object.
    """
    text = body.get(field)
    if text is None:
        return None
    try:
        value = strict_json.loads(text)
    except strict_json.JsonError as error:
        raise invalid(field, f"is not valid JSON: {error}") from None
    if value is not None and not isinstance(value, dict):
        raise invalid(field, "is not a JSON object")
    return value


def requested_dataset(call: Call, model: CustomModel, training: Json | None, holdout: Json | None) -> Dataset | None:
    """Validate training and holdout data of a request and return the training dataset, or None.

    :raises ApiError: if the data are invalid.
    """
    if training is None and holdout is None:
        return None
    if not model.fields.get("isTrainingDataForVersionsPermanentlyEnabled"):
        raise ApiError(
            422,
            "Training data can be assigned to versions only if isTrainingDataForVersionsPermanentlyEnabled is set on "
            "the custom model.",
        )
    for field, value, known in (("trainingData", training, _TRAINING_KEYS), ("holdoutData", holdout, _HOLDOUT_KEYS)):
        unknown = sorted(set(value or ()) - known)
        if unknown:
            raise invalid(field, f"{unknown[0]} is not an allowed key")
        _check_strings(field, value or {})
        _dataset_of(call, field, value or {})
    return _dataset_of(call, "trainingData", training or {})


def _check_strings(field: str, value: Json) -> None:
    for name in ("datasetId", "datasetVersionId", "partitionColumn"):
        if not isinstance(value.get(name), str | None):
            raise invalid(field, f"{name} is not a string")


def _dataset_of(call: Call, field: str, value: Json) -> Dataset | None:
    dataset_id = value.get("datasetId")
    if dataset_id is None:
        return None
    if not dataset_id:
        raise invalid(field, "datasetId is not a dataset's id")
    return call.state.dataset(dataset_id, value.get("datasetVersionId"))


def start_assignment(call: Call, model: CustomModel, version: Version, dataset: Dataset, holdout: Json) -> Job:
    """Start the job that assigns training data to a version.

    :returns: the job.
    """
    ids = {"customModelId": model.id, "customModelVersionId": version.id, "datasetId": dataset.id}
    problem = training_data_problem(model, dataset, holdout.get("partitionColumn"))
    default = PlannedOutcome(FAILED, problem) if problem else PlannedOutcome()
    # Only structured models report the progress of the assignment. For others it is complete at once.
    job = call.state.start_job("training_data", ids, default, 0 if model.unstructured else None)
    version.training = TrainingData(dataset, job)
    return job


def serialize_training_data(call: Call, training: TrainingData | None) -> Json:
    """Return the `trainingData` of a version."""
    if training is None:
        return {
            "datasetId": None,
            "datasetVersionId": None,
            "datasetName": None,
            "assignmentInProgress": False,
            "assignmentError": None,
        }
    return {
        "datasetId": training.dataset.id,
        "datasetVersionId": training.dataset.version_id,
        "datasetName": training.dataset.name,
        "assignmentInProgress": training.job.active(call.now()),
        "assignmentError": _error(training.job, call.now()),
    }


def _error(job: Job, now: float) -> Json | None:
    result = job.result(now)
    if result == FAILED:
        return {"message": job.planned.message or "The dataset could not be assigned as training data."}
    if result == CANCELLED:
        return {"message": job.planned.message or "The assignment of training data was cancelled."}
    return None


def serialize_holdout_data(call: Call, holdout: Json) -> dict[str, Any]:
    """Return the `holdoutData` of a version."""
    dataset = call.state.datasets.get(holdout.get("datasetId") or "")
    return {
        "datasetId": dataset.id if dataset else None,
        "datasetVersionId": dataset.version_id if dataset else None,
        "datasetName": dataset.name if dataset else None,
        "partitionColumn": holdout.get("partitionColumn"),
    }


def assigned_training_data(call: Call, version: Version) -> TrainingData:
    """Return the assigned training data of a version, or those of its model from the legacy route.

    :raises ApiError: with status 422 if they are missing, are still being assigned or could not be assigned.
    """
    model = call.state.model(version.model_id)
    training, assignment = version.training, None
    if training is None and not model.has_training_data_per_version:
        training, assignment = model.training, model.assignment
    if assignment and assignment.active(call.now()):
        raise ApiError(422, "Training data is still being assigned to the custom model.")
    if training is None:
        raise ApiError(422, "Training data is not assigned to the custom model version.")
    if training.job.active(call.now()):
        raise ApiError(422, "Training data is still being assigned to the custom model version.")
    if _error(training.job, call.now()):
        raise ApiError(422, "The assignment of training data to the custom model version has failed.")
    return training
