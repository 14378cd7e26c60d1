"""Training data of versions: checks the request, assigns in the background, shows the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.store.jobs import CANCELLED, FAILED, Fate, Job
from datarobot_provider.emulator.store.state import CustomModel, Dataset, TrainingData, Version
from datarobot_provider.emulator.web import strict_json as strictjson
from datarobot_provider.emulator.web.errors import ApiError, invalid

if TYPE_CHECKING:
    from datarobot_provider.emulator.web.routing import Call, Json

_TRAINING_KEYS = frozenset({"datasetId", "datasetVersionId", "datasetName", "assignmentInProgress"})
_HOLDOUT_KEYS = frozenset({"datasetId", "datasetVersionId", "datasetName", "partitionColumn"})


def decode(body: Json, field: str) -> Json | None:
    """Return the object in a JSON-text `field` of a version form, or None if it is absent or null."""
    text = body.get(field)
    if text is None:
        return None
    try:
        value = strictjson.loads(text)
    except strictjson.JsonError as error:
        raise invalid(field, f"is not valid JSON: {error}") from None
    if value is not None and not isinstance(value, dict):
        raise invalid(field, "is not a JSON object")
    return value


def chosen_dataset(call: Call, model: CustomModel, training: Json | None, holdout: Json | None) -> Dataset | None:
    """Return the training dataset a request names, after checking all that is checked before a version exists."""
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
        _check_texts(field, value or {})
        _dataset_of(call, field, value or {})
    return _dataset_of(call, "trainingData", training or {})


def _check_texts(field: str, value: Json) -> None:
    for name in ("datasetId", "datasetVersionId", "partitionColumn"):
        if not isinstance(value.get(name), str | None):
            raise invalid(field, f"{name} is not a string")


def _dataset_of(call: Call, field: str, value: Json) -> Dataset | None:
    dataset_id = value.get("datasetId")
    if dataset_id is None:
        return None
    if not dataset_id:
        raise invalid(field, "datasetId is not a dataset's id")
    dataset = call.state.dataset(dataset_id)
    if value.get("datasetVersionId") not in {None, dataset.version_id}:
        raise ApiError(404, "Dataset version not found.")
    return dataset


def assign(call: Call, model: CustomModel, version: Version, dataset: Dataset, holdout: Json) -> Job:
    """Begin to assign `dataset` to `version`. Returns the job."""
    ids = {"customModelId": model.id, "customModelVersionId": version.id, "datasetId": dataset.id}
    problem = misfit(model, dataset, holdout.get("partitionColumn"))
    natural = Fate(FAILED, problem) if problem else Fate()
    # The flag that tells progress is for structured models only, so the others are done at once.
    job = call.state.start("training_data", ids, natural, 0 if model.unstructured else None)
    version.training = TrainingData(dataset, job)
    return job


def misfit(model: CustomModel, dataset: Dataset, partition: str | None) -> str | None:
    """Return why a dataset cannot be the training data of a model, or None if it can."""
    if model.unstructured:
        return None
    target = model.fields.get("targetName")
    if target and target not in dataset.columns:
        return f"Custom model's target is not found in the provided dataset: there is no column '{target}'."
    if partition and partition not in dataset.columns:
        return f"The partition column '{partition}' is not found in the provided dataset."
    return None


def view_training(call: Call, training: TrainingData | None) -> Json:
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
        return {"message": job.fate.message or "The dataset could not be assigned as training data."}
    if result == CANCELLED:
        return {"message": job.fate.message or "The assignment of training data was cancelled."}
    return None


def view_holdout(call: Call, holdout: Json) -> dict[str, Any]:
    """Return the `holdoutData` of a version."""
    dataset = call.state.datasets.get(holdout.get("datasetId") or "")
    return {
        "datasetId": dataset.id if dataset else None,
        "datasetVersionId": dataset.version_id if dataset else None,
        "datasetName": dataset.name if dataset else None,
        "partitionColumn": holdout.get("partitionColumn"),
    }


def ready(call: Call, version: Version) -> TrainingData:
    """Return the training data of a version, or raise 422 while it is missing, being assigned or refused.

    A version of a model that still has training data of its own uses that.
    """
    model = call.state.model(version.model_id)
    training, assignment = version.training, None
    if training is None and not model.trains_versions:
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
