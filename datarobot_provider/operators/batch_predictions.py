"""Operators for batch predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.job_results import BatchPredictionResult
from datarobot_provider.core.request_operators import (
    CancelOperator,
    DownloadOperator,
    GetOperator,
    ListOperator,
    download,
)
from datarobot_provider.core.resource_operators import DeploymentOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromList
from datarobot_provider.exceptions import ConflictError, InputError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import DeploymentLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.client.files import ModelFile
    from datarobot_provider.core.arguments.types import (
        Boolean,
        FilePath,
        Id,
        Integer,
        IntegerOrString,
        Number,
        Object,
        ObjectOrObjectList,
        PositiveInteger,
        String,
        StringList,
        StringOrStringList,
    )
    from datarobot_provider.core.submission.record import SubmissionRecord
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context

_LOCAL_FILE = {"type": "localFile"}
_UPLOAD = routes.BATCH_PREDICTION + "csvUpload/"
_DOWNLOAD = routes.BATCH_PREDICTION + "download/"


class _BatchPredictionOperator(DataRobotBaseOperator):
    """Base of the operators for one batch prediction job.

    :param prediction_job_id: id of the job; templated; required.
    """

    def __init__(self, *, prediction_job_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prediction_job_id = prediction_job_id


class RunBatchPredictionOperator(BatchPredictionResult, RecoverFromList, DeploymentOperator, DataRobotJobOperator):
    """Predict many rows with a deployment, and wait until they are predicted.

    Route: POST ``/api/v2/batchPredictions/``. Every argument up to ``fail_on_failed_rows`` is templated. A file is
    streamed to DataRobot, and the result to its target. The job is aborted if the task is killed or times out.

    :param deployment_id: id of the deployment; required.
    :param file: CSV file with the rows: local path, or any path that Airflow's object storage supports. Give this,
        ``dataset_id`` or ``intake_settings``.
    :param dataset_id: id of the dataset with the rows.
    :param intake_settings: another source of the rows, in the API's names, such as ``{"type": "s3", "url": "s3://…",
        "credentialId": "…"}``.
    :param target: path of the CSV file with the predictions, of the same kinds as ``file``.
    :param output_settings: another destination of the predictions, in the API's names, instead of ``target``. Without
        both, DataRobot keeps the predictions for ``DownloadBatchPredictionOperator``.
    :param passthrough_columns: columns to repeat in the result.
    :param passthrough_columns_set: ``all`` to repeat all columns.
    :param csv_settings: ``{"delimiter", "encoding", "quotechar"}`` of the file and of the result.
    :param column_names_remapping: new names of the columns of the result, an object or a list.
    :param num_concurrent: number of rows to predict at the same time.
    :param chunk_size: ``auto``, ``fixed``, ``dynamic``, or a number of bytes.
    :param max_explanations: number of prediction explanations for each row.
    :param explanation_algorithm: ``shap`` or ``xemp``.
    :param threshold_high: lowest prediction that gets an explanation.
    :param threshold_low: highest prediction that gets an explanation.
    :param prediction_threshold: threshold between the classes of a binary classification, 0 to 1.
    :param prediction_warning_enabled: add prediction warnings.
    :param include_prediction_status: add a column with the state of each row.
    :param include_probabilities: add the probability of each class; DataRobot's default is ``True``.
    :param include_probabilities_classes: only the probabilities of these classes.
    :param skip_drift_tracking: do not count these predictions in the drift.
    :param abort_on_error: abort the job if too many rows fail; DataRobot's default is ``True``.
    :param timeseries_settings: settings of a time series model.
    :param model_package_id: id of the version of a registered model, to use another model of the deployment.
    :param fail_on_failed_rows: fail the task if a row could not be predicted; default ``False``: log a warning.
    :param wait_for_completion: wait until the rows are predicted; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: abort the job when the task is killed or times out; default ``True``; templated. If the task
        is deferred, this needs Airflow 3.3 or later.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the job, an object; with ``wait_for_completion=False`` its id.
    :raises AirflowFailException: if an argument or the file is wrong, DataRobot refuses the request, the job is
        aborted, or rows failed and ``fail_on_failed_rows`` is set.
    :raises AirflowException: if the job fails.
    """

    route = "POST batchPredictions/"

    kind = "batch_prediction"
    operator_extra_links = (DeploymentLink(),)
    options: ClassVar[Sequence[str]] = ("file", "dataset_id", "target", "fail_on_failed_rows")

    def __init__(
        self,
        *,
        file: FilePath | None = None,
        dataset_id: Id | None = None,
        intake_settings: Object | None = None,
        target: FilePath | None = None,
        output_settings: Object | None = None,
        passthrough_columns: StringList | None = None,
        passthrough_columns_set: String | None = None,
        csv_settings: Object | None = None,
        column_names_remapping: ObjectOrObjectList | None = None,
        num_concurrent: PositiveInteger | None = None,
        chunk_size: IntegerOrString | None = None,
        max_explanations: Integer | None = None,
        explanation_algorithm: String | None = None,
        threshold_high: Number | None = None,
        threshold_low: Number | None = None,
        prediction_threshold: Number | None = None,
        prediction_warning_enabled: Boolean | None = None,
        include_prediction_status: Boolean | None = None,
        include_probabilities: Boolean | None = None,
        include_probabilities_classes: StringList | None = None,
        skip_drift_tracking: Boolean | None = None,
        abort_on_error: Boolean | None = None,
        timeseries_settings: Object | None = None,
        model_package_id: Id | None = None,
        fail_on_failed_rows: Boolean = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.file = file
        self.dataset_id = dataset_id
        self.intake_settings = intake_settings
        self.target = target
        self.output_settings = output_settings
        self.passthrough_columns = passthrough_columns
        self.passthrough_columns_set = passthrough_columns_set
        self.csv_settings = csv_settings
        self.column_names_remapping = column_names_remapping
        self.num_concurrent = num_concurrent
        self.chunk_size = chunk_size
        self.max_explanations = max_explanations
        self.explanation_algorithm = explanation_algorithm
        self.threshold_high = threshold_high
        self.threshold_low = threshold_low
        self.prediction_threshold = prediction_threshold
        self.prediction_warning_enabled = prediction_warning_enabled
        self.include_prediction_status = include_prediction_status
        self.include_probabilities = include_probabilities
        self.include_probabilities_classes = include_probabilities_classes
        self.skip_drift_tracking = skip_drift_tracking
        self.abort_on_error = abort_on_error
        self.timeseries_settings = timeseries_settings
        self.model_package_id = model_package_id
        self.fail_on_failed_rows = fail_on_failed_rows
        self._to_upload: ModelFile | None = None

    def check(self) -> None:
        """Check the arguments, the file and the target."""
        super().check()
        given = [self.file, self.dataset_id, self.intake_settings]
        if sum(value is not None for value in given) != 1:
            raise InputError("Give one of file, dataset_id and intake_settings.")
        if self.target is not None and self.output_settings is not None:
            raise InputError("Give either target or output_settings.")
        if self.file is not None:
            from datarobot_provider.core.arguments.paths import file_to_upload

            self._to_upload = file_to_upload("file", self.file)
        if self.target is not None:
            from datarobot_provider.core.arguments.storage import StorageSink

            StorageSink(self.target)

    def payload(self) -> dict[str, Any]:
        """Return the fields of the request, with the intake and the output."""
        fields = {"outputSettings": _LOCAL_FILE, **super().payload()}
        if self.file is not None:
            fields["intakeSettings"] = _LOCAL_FILE
        elif self.dataset_id is not None:
            fields["intakeSettings"] = {"type": "dataset", "datasetId": self.dataset_id}
        return fields

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Create the job."""
        return self.result_from_row(self.request(json=self.payload()).object())

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the jobs of the deployment, newest first."""
        query = {"deploymentId": self.ids("deployment_id")["deployment_id"], "orderBy": "-created"}
        return self.hook.client.items(routes.BATCH_PREDICTIONS, query, limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a job has the intake and the output of this task; DataRobot leaves out what is secret."""
        spec, sent = row.get("jobSpec") or {}, self.payload()
        return all(_equals(spec.get(name), sent.get(name)) for name in ("intakeSettings", "outputSettings"))

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:
        """Find the job of an earlier attempt. One that waits for a file cannot be told from others: start a new one."""
        return None if self.file is not None else super().recover(state_before)

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a batch prediction job as the job of this task."""
        return JobRef(self.kind, {**self.ids("deployment_id"), "prediction_job_id": required(row, "id")})

    def result(self, event: JobEvent) -> dict[str, Any]:
        """Download the predictions and return the job."""
        job = super().result(event)
        if self.target is not None:
            download(self, event.ref.path(_DOWNLOAD), self.target)
        return job

    def _wait_for(self, context: Context, record: SubmissionRecord, ref: JobRef, deadline: float) -> Any:
        """Upload the file, after the id of the job is stored, and wait for the job."""
        if self._to_upload is not None:
            self._running, complete = ref, False
            try:
                self._upload(ref, self._to_upload)
                complete = True
            finally:
                self._running = None
                if not complete:
                    # Without the file, the job would wait for ever.
                    self.log.warning("The upload was not completed. %s", self.hook.jobs.cancel(ref).report)
        return super()._wait_for(context, record, ref, deadline)

    def _upload(self, job: JobRef, file: ModelFile) -> None:
        """Upload the file, unless an earlier attempt has done so."""
        from datarobot_provider.client.multipart import FileBody
        from datarobot_provider.client.request import Request

        def body() -> FileBody:
            return FileBody(file, "text/csv", lambda line: self.log.info("%s", line))

        self.log.info("Uploading %s, %s bytes.", file.name, f"{file.size:,}")
        try:
            self.hook.client.send(Request("PUT", job.path(_UPLOAD), upload=body))
        except ConflictError as error:
            self.log.info("The file is already there: %s", str(error).splitlines()[0])


class GetBatchPredictionOperator(GetOperator, _BatchPredictionOperator):
    """Return a batch prediction job: its status, its progress, its log.

    Route: GET ``/api/v2/batchPredictions/{predictionJobId}/``.

    :param prediction_job_id: id of the job; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the job, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET batchPredictions/{prediction_job_id}/"


class ListBatchPredictionsOperator(ListOperator):
    """Return the batch prediction jobs that the user of the connection can access.

    Route: GET ``/api/v2/batchPredictions/``. All arguments are templated.

    :param deployment_id: only jobs of this deployment.
    :param status: only jobs with this status, or with one of a list, such as ``COMPLETED``.
    :param order_by: ``created`` or ``status``, with ``-`` for the reverse order.
    :param limit: maximum number of jobs; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of jobs.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET batchPredictions/"

    def __init__(
        self,
        *,
        deployment_id: Id | None = None,
        status: StringOrStringList | None = None,
        order_by: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deployment_id = deployment_id
        self.status = status
        self.order_by = order_by


class CancelBatchPredictionOperator(CancelOperator, _BatchPredictionOperator):
    """Abort a batch prediction job. DataRobot also removes it from the list of jobs.

    Route: DELETE ``/api/v2/batchPredictions/{predictionJobId}/``.

    :param prediction_job_id: id of the job; templated; required.
    :param ignore_if_over: succeed if the job has already ended; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE batchPredictions/{prediction_job_id}/"


class DownloadBatchPredictionOperator(DownloadOperator, _BatchPredictionOperator):
    """Download the predictions of a batch prediction job as CSV. DataRobot keeps them for 48 hours.

    Route: GET ``/api/v2/batchPredictions/{predictionJobId}/download/``. All arguments are templated.

    :param prediction_job_id: id of the job; required.
    :param target: local path, or any path that Airflow's object storage supports, such as ``s3://conn_id@bucket/key``,
        as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete;
        required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, or the target cannot be written.
    :raises AirflowException: if the connection is interrupted too often.
    """

    route = "GET batchPredictions/{prediction_job_id}/download/"


def _equals(value: Any, sent: Any) -> bool:
    """Return whether a setting equals the one that was sent; DataRobot may leave out parts of an object."""
    if isinstance(value, dict) and isinstance(sent, dict):
        return all(_equals(value[name], part) for name, part in sent.items() if name in value)
    return bool(value == sent)
