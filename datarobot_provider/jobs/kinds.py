"""Table of all kinds of long-running jobs. It is the only module with the names of states.

The names come from the enums of the API contract; those of status records also come from the clients of DataRobot.
"""

from __future__ import annotations

from typing import Any

from datarobot_provider.client import routes
from datarobot_provider.jobs.model import JobKind, Listing, Probe

_MODEL = "customModels/{custom_model_id}/"
_VERSION = "customModels/{custom_model_id}/versions/{custom_model_version_id}/"
_IMPACT = _VERSION + "featureImpact/"
_IMAGE_IMPACT = "customInferenceImages/{image_id}/featureImpact/"
_TEST = "customModelTests/{custom_model_test_id}/"
_VALIDATION = "genai/customModelVectorDatabaseValidations/{validation_id}/"
_CONVERSION = _VERSION + "conversions/{conversion_id}/"
_HOUR = 3600.0
#: States for HTTP statuses and flags, which DataRobot does not name.
RUNNING, SUCCEEDED, FAILED, CANCELLED, GONE = "running", "succeeded", "failed", "cancelled", "gone"
#: States of the checks of a model test without a warning.
GREEN_CHECKS = frozenset({SUCCEEDED, "skipped"})
#: Lists that contain many jobs. Status records are requested without pages.
_STATUS_RECORDS = Listing("status/?limit=0", "statusId", "status_id")
_TESTS = Listing("customModelTests/?customModelId={custom_model_id}", "id", "custom_model_test_id")
_VERSIONS = Listing(routes.VERSIONS, "id", "custom_model_version_id")
_VALIDATIONS = Listing("genai/customModelVectorDatabaseValidations/", "id", "validation_id")
_BATCH_PREDICTIONS = Listing(
    f"{routes.BATCH_PREDICTIONS}?status=INITIALIZING&status=RUNNING", "id", "prediction_job_id"
)
#: A status record may stay in its first state although the job runs. After these seconds, the job itself is polled.
_STUCK = ("INITIALIZED", 120.0)


def _states(*names: str) -> frozenset[str]:
    return frozenset(names)


def _status(path: str = "status/{status_id}/", listing: Listing | None = _STATUS_RECORDS, **differences: Any) -> Probe:
    """Return the probe of a status record. QUEUE and INPROGRESS are states of other queues of DataRobot."""
    return Probe(
        path,
        listing=listing,
        running=_states("INITIALIZED", "INITIALIZING", "RUNNING", "QUEUE", "INPROGRESS"),
        succeeded=_states("COMPLETED"),
        failed=_states("ERROR"),
        cancelled=_states("ABORTED"),
        expired=_states("EXPIRED"),
        done_on_303=True,
        messages=("message", "description"),
        **differences,
    )


def _impact(path: str) -> Probe:
    """Return the probe of a feature impact. It has no field for the state, only HTTP statuses."""
    return Probe(
        path,
        http_states={200: SUCCEEDED, 404: GONE, 422: RUNNING},
        running=_states(RUNNING),
        succeeded=_states(SUCCEEDED),
        expired=_states(GONE),
    )


def _dataset(name: str, path: str, handle: str, *, repeatable: bool) -> JobKind:
    """Return the kind of a job that reads the data of a dataset or of a version of one."""
    record = Probe(
        path,
        state="processingState",
        running=_states("REGISTERING", "RUNNING"),
        succeeded=_states("COMPLETED"),
        failed=_states("ERROR"),
        messages=("error",),
    )
    probes = (_status(stuck=_STUCK), record)
    return JobKind(
        name, "dataset import", probes, _HOUR, handle, result=path, page=routes.DATASET_PAGE, repeatable=repeatable
    )


_TRAINING_DATA = Probe(
    _VERSION,
    flags=(
        ("trainingData.assignmentInProgress", True, RUNNING),
        ("trainingData.assignmentError.message", True, FAILED),
    ),
    unflagged=SUCCEEDED,
    running=_states(RUNNING),
    succeeded=_states(SUCCEEDED),
    failed=_states(FAILED),
    messages=("trainingData.assignmentError.message",),
    listing=_VERSIONS,
)

_MODEL_TRAINING_DATA = Probe(
    _MODEL,
    flags=(
        ("trainingDataAssignmentInProgress", True, RUNNING),
        ("trainingDatasetId", None, "not assigned"),
    ),
    unflagged=SUCCEEDED,
    running=_states(RUNNING),
    succeeded=_states(SUCCEEDED),
    # Not started or lost. Only the status record has the reason.
    expired=_states("not assigned"),
)

_DEPLOYED = Probe(
    routes.DEPLOYMENT,
    running=_states("launching", "stopping", "replacingModel"),
    succeeded=_states("active", "inactive"),
    failed=_states("errored"),
    expired=_states("archived"),
)


def _deployment_job(
    name: str, title: str, *probes: Probe, handle: str = "deployment_id", result: str = routes.DEPLOYMENT
) -> JobKind:
    """Return the kind of a job that creates or changes a deployment."""
    return JobKind(name, title, probes, _HOUR, handle, result=result, page=routes.DEPLOYMENT_PAGE)


_ALL = (
    JobKind("task_status", "job", (_status(),), _HOUR, "status_id"),
    JobKind("genai_task_status", "GenAI job", (_status("genai/status/{status_id}/", None),), _HOUR, "status_id"),
    JobKind(
        "dependency_build",
        "dependency build",
        (
            Probe(
                _VERSION + "dependencyBuild/",
                state="buildStatus",
                # After a build is cancelled, the API returns 422, as for a build that was not started.
                http_states={422: CANCELLED},
                running=_states("submitted", "processing"),
                succeeded=_states("success"),
                failed=_states("failed"),
                cancelled=_states(CANCELLED),
            ),
        ),
        _HOUR,
        "custom_model_version_id",
        result=_VERSION + "dependencyBuild/",
        log=_VERSION + "dependencyBuildLog/",
        cancel=_VERSION + "dependencyBuild/",
        page=routes.CUSTOM_MODEL_VERSION_PAGE,
        # The files of a version never change, so a new build would fail in the same way. The API refuses to repeat it.
        repeatable=False,
        identity="buildStart",
    ),
    JobKind(
        "model_test",
        "model test",
        (
            # A failed test also ends with a 303, and only the test contains the reason why it was aborted.
            _status(success_is_final=False, failure_is_final=False, stuck=_STUCK),
            Probe(
                _TEST,
                state="overallStatus",
                running=_states("not_tested", "queued", "in_progress"),
                succeeded=_states("succeeded", "warning", "skipped"),
                failed=_states("failed"),
                cancelled=_states("canceled", "aborted"),
                listing=_TESTS,
            ),
        ),
        _HOUR,
        "custom_model_test_id",
        result=_TEST,
        log=_TEST + "tail/?lines=50",
        cancel=_TEST,
        page=routes.CUSTOM_MODEL_VERSION_PAGE,
        # A failed test is a result, not an accident.
        repeatable=False,
    ),
    JobKind(
        "feature_impact",
        "feature impact computation",
        (_status(stuck=_STUCK), _impact(_IMPACT)),
        _HOUR,
        "status_id",
        result=_IMPACT,
        page=routes.CUSTOM_MODEL_VERSION_PAGE,
    ),
    JobKind(
        "image_feature_impact",
        "feature impact computation",
        (_status(stuck=_STUCK), _impact(_IMAGE_IMPACT)),
        _HOUR,
        "status_id",
        result=_IMAGE_IMPACT,
    ),
    JobKind(
        "prediction_explanations",
        "prediction explanations initialization",
        (_status(),),
        _HOUR,
        "status_id",
        page=routes.CUSTOM_MODEL_VERSION_PAGE,
    ),
    JobKind(
        "version_from_repository",
        "version from a repository",
        (_status(),),
        _HOUR,
        "status_id",
        result=_VERSION,
        page=routes.CUSTOM_MODEL_PAGE,
    ),
    JobKind(
        "training_data_assignment",
        "training data assignment",
        (_TRAINING_DATA,),
        _HOUR,
        "custom_model_version_id",
        result=_VERSION,
        page=routes.CUSTOM_MODEL_VERSION_PAGE,
        # A retry would create another version with the same data.
        repeatable=False,
    ),
    JobKind(
        "version_with_training_data",
        "training data assignment",
        (_status(success_is_final=False, failure_is_final=False, stuck=_STUCK), _TRAINING_DATA),
        _HOUR,
        "custom_model_version_id",
        result=_VERSION,
        page=routes.CUSTOM_MODEL_VERSION_PAGE,
        repeatable=False,
    ),
    JobKind(
        "model_training_data_assignment",
        "training data assignment",
        (_status(stuck=_STUCK), _MODEL_TRAINING_DATA),
        _HOUR,
        "custom_model_id",
        result=_MODEL,
        page=routes.CUSTOM_MODEL_PAGE,
    ),
    JobKind(
        "conversion",
        "conversion",
        (
            Probe(
                _CONVERSION,
                flags=(
                    ("conversionSucceeded", True, SUCCEEDED),
                    ("shouldStop", True, CANCELLED),
                    ("conversionInProgress", True, RUNNING),
                    ("conversionInProgress", None, "queued"),
                ),
                unflagged=FAILED,
                running=_states(RUNNING, "queued"),
                succeeded=_states(SUCCEEDED),
                failed=_states(FAILED),
                cancelled=_states(CANCELLED),
                messages=("logMessage",),
            ),
        ),
        _HOUR,
        "conversion_id",
        result=_CONVERSION,
        cancel=_CONVERSION,
        page=routes.CUSTOM_MODEL_VERSION_PAGE,
    ),
    JobKind(
        "vector_database_validation",
        "vector database validation",
        (
            Probe(
                _VALIDATION,
                state="validationStatus",
                running=_states("TESTING"),
                succeeded=_states("PASSED"),
                failed=_states("FAILED"),
                messages=("errorMessage",),
                listing=_VALIDATIONS,
            ),
        ),
        _HOUR / 2,
        "validation_id",
        result=_VALIDATION,
        page=routes.DEPLOYMENT_PAGE,
    ),
    JobKind(
        "registered_model_build",
        "registered model build",
        (
            Probe(
                routes.REGISTERED_VERSION,
                state="buildStatus",
                # A model that needs no build has no status.
                unflagged="complete",
                running=_states("inProgress"),
                succeeded=_states("complete"),
                failed=_states("failed"),
            ),
        ),
        _HOUR,
        "version_id",
        result=routes.REGISTERED_VERSION,
        page=routes.REGISTERED_MODEL_PAGE,
    ),
    JobKind(
        "environment_build",
        "environment build",
        (
            Probe(
                routes.ENVIRONMENT_VERSION,
                state="buildStatus",
                running=_states("submitted", "processing"),
                succeeded=_states("success"),
                failed=_states("failed"),
            ),
        ),
        _HOUR,
        "environment_version_id",
        result=routes.ENVIRONMENT_VERSION,
        log=routes.ENVIRONMENT_VERSION + "buildLog/",
        page=routes.ENVIRONMENT_PAGE,
        # The same Docker context would fail again, and leave another version behind.
        repeatable=False,
    ),
    _deployment_job("deployment", "deployment", _status(stuck=_STUCK), _DEPLOYED),
    _deployment_job("deployment_status", "change of the deployment's status", _status(), _DEPLOYED),
    _deployment_job("model_replacement", "replacement of the model", _status(), _DEPLOYED),
    _deployment_job(
        "deployment_settings",
        "change of the deployment's settings",
        _status(),
        handle="status_id",
        result=routes.DEPLOYMENT + "settings/",
    ),
    _deployment_job(
        "challenger",
        "creation of the challenger",
        _status(),
        # A challenger has no state.
        Probe(routes.CHALLENGER, http_states={200: SUCCEEDED}, succeeded=_states(SUCCEEDED)),
        result=routes.CHALLENGER,
    ),
    _deployment_job("actuals", "processing of the actual values", _status(), handle="status_id"),
    JobKind(
        "batch_prediction",
        "batch prediction",
        (
            Probe(
                routes.BATCH_PREDICTION,
                running=_states("INITIALIZING", "RUNNING"),
                succeeded=_states("COMPLETED"),
                failed=_states("FAILED"),
                cancelled=_states("ABORTED"),
                messages=("statusDetails",),
                listing=_BATCH_PREDICTIONS,
            ),
        ),
        _HOUR,
        "prediction_job_id",
        result=routes.BATCH_PREDICTION,
        cancel=routes.BATCH_PREDICTION,
        page=routes.DEPLOYMENT_PAGE,
    ),
    # The same file would fail again, and leave another dataset behind. A URL or a database may respond differently.
    _dataset("dataset_from_file", routes.DATASET, "dataset_id", repeatable=False),
    _dataset("dataset_from_url", routes.DATASET, "dataset_id", repeatable=True),
    _dataset("dataset_from_data_source", routes.DATASET, "dataset_id", repeatable=True),
    _dataset("dataset_version_from_file", routes.DATASET_VERSION, "dataset_version_id", repeatable=False),
    _dataset("dataset_version_from_url", routes.DATASET_VERSION, "dataset_version_id", repeatable=True),
    _dataset("dataset_version_from_data_source", routes.DATASET_VERSION, "dataset_version_id", repeatable=True),
)

KINDS: dict[str, JobKind] = {kind.name: kind for kind in _ALL}
