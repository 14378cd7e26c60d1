"""Operators that assign training data to custom models and versions."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromVersions, fields_match
from datarobot_provider.exceptions import ConflictError, DataRobotError, JobFailedError, ValidationError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelLink, CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Id, Object, String
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


_MODEL = "customModels/{custom_model_id}/"


class AssignTrainingDataOperator(DataRobotJobOperator):
    """Assign training data to a custom model, and wait for the assignment. Deprecated by DataRobot.

    Route: PATCH ``/api/v2/customModels/{customModelId}/trainingData/``. Assign training data to a version instead, with
    ``training_data`` of :class:`CreateVersionOperator`. The API cannot cancel this job.

    :param custom_model_id: id of the custom model; templated; required.
    :param dataset_id: id of the dataset; templated; required.
    :param dataset_version_id: id of the dataset version; default: the latest; templated.
    :param dataset_name: name of the dataset, up to 255 characters; templated.
    :param partition_column: column of the dataset that separates training and holdout; templated.
    :param wait_for_completion: wait for the assignment; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel an assignment.
    :param on_uncertain_submit: no effect: the model contains the id of its training data.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the model, an object; with ``wait_for_completion=False`` its id.
    :raises AirflowFailException: if DataRobot refuses the request.
    :raises AirflowException: if the assignment fails.
    """

    route = "PATCH customModels/{custom_model_id}/trainingData/"

    kind = "model_training_data_assignment"
    operator_extra_links = (CustomModelLink(),)
    reads = (routes.DATASET_RESOURCE,)
    creates = (routes.CUSTOM_MODEL_RESOURCE,)

    def __init__(
        self,
        *,
        custom_model_id: Id,
        dataset_id: Id,
        dataset_version_id: Id | None = None,
        dataset_name: String | None = None,
        partition_column: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.dataset_id = dataset_id
        self.dataset_version_id = dataset_version_id
        self.dataset_name = dataset_name
        self.partition_column = partition_column

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the assignment, or find the one that is already running."""
        self.log.warning(
            "The training data of models is deprecated in DataRobot; assign training data to versions instead."
        )
        ids = self.ids()
        try:
            return self.accepted_job(ids)
        except (ConflictError, ValidationError) as refusal:
            if not self._is_assigning():
                raise
            self.log.info("An assignment of training data is already running: %s", refusal.message)
            return JobRef(self.kind, ids, joined=True)

    def _is_assigning(self) -> bool:
        """Return whether an assignment is running; ``False`` if the model cannot be read."""
        with suppress(DataRobotError):
            model = self.hook.client.get(self.path_of(_MODEL))
            return bool(model.get("trainingDataAssignmentInProgress"))
        return False

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:  # noqa: ARG002 - the state of the model is enough
        """Find the assignment in the model, which contains its training data."""
        model = self.hook.client.get(self.path_of(_MODEL))
        # During the assignment, the model has no dataset, and DataRobot refuses another assignment.
        ours = model.get("trainingDataAssignmentInProgress") or model.get("trainingDatasetId") == self.dataset_id
        return JobRef(self.kind, self.ids()) if ours else None

    def result(self, event: JobEvent) -> dict[str, Any]:
        """Return the model.

        :raises JobFailedError: if another client has assigned other data.
        """
        model: dict[str, Any] = super().result(event)
        if model.get("trainingDatasetId") not in (None, self.dataset_id):
            raise JobFailedError(
                f"The model has the training data {model['trainingDatasetId']}, not {self.dataset_id}: another "
                "client has assigned it in the meantime.",
                advice="clear the task to assign its training data again.",
                retryable=False,
            )
        return model


class CreateVersionWithTrainingDataOperator(RecoverFromVersions, DataRobotJobOperator):
    """Create a version with other training data, and wait for the assignment. Deprecated by DataRobot.

    Route: PATCH ``/api/v2/customModels/{customModelId}/versions/withTrainingData/``. Use ``training_data`` of
    :class:`CreateVersionOperator` with ``from_latest`` instead. The API cannot cancel this job.

    :param custom_model_id: id of the custom model; templated; required.
    :param training_data: ``{"datasetId": …}``, also ``datasetVersionId``; templated; required.
    :param holdout_data: ``{"datasetId": …}`` or ``{"partitionColumn": …}``; templated.
    :param git_model_version: origin of the code: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``; templated.
    :param wait_for_completion: wait for the assignment; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel an assignment.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the version, a string.
    :raises AirflowFailException: if DataRobot refuses the request, or the assignment fails; in that case the version
        exists.
    """

    route = "PATCH customModels/{custom_model_id}/versions/withTrainingData/"

    kind = "version_with_training_data"
    operator_extra_links = (CustomModelVersionLink(),)
    reads = (routes.TRAINING_DATA_RESOURCE, routes.HOLDOUT_DATA_RESOURCE)
    creates = (routes.VERSION_RESOURCE,)

    def __init__(
        self,
        *,
        custom_model_id: Id,
        training_data: Object,
        holdout_data: Object | None = None,
        git_model_version: Object | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.training_data = training_data
        self.holdout_data = holdout_data
        self.git_model_version = git_model_version

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Create the version and start the assignment."""
        from datarobot_provider.client.accepted import accepted

        self.log.warning("This route is deprecated in DataRobot; use CreateVersionOperator with training_data instead.")
        job = accepted(self.request(json=self.payload()))
        version = self.result_from_row(job.body)
        return JobRef(self.kind, {**version.ids, "status_id": job.status_id})

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has the training data of this task."""
        return fields_match(row, self.payload(), ("trainingData",))

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a version as the job of this task."""
        return JobRef(self.kind, {**self.ids(), "custom_model_version_id": required(row, "id")})

    def result(self, event: JobEvent) -> str:
        """Return the id of the version."""
        return event.ref.ids["custom_model_version_id"]
