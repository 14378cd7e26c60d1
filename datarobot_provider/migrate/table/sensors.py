"""Entries for the sensors."""

from __future__ import annotations

from datarobot_provider.migrate.entry import Entry, to

_STATUS = "sensors.status.DataRobotStatusSensor"
_NO_POLL = "No sensor of this provider polls GET {route}."


def _status(module: str, name: str) -> Entry:
    """Return the entry of a sensor that polls a status record."""
    return Entry(
        module,
        name,
        _STATUS,
        arguments={"job_id": to("status")},
        pushes="the URL of the result of the job",
        same_xcom=True,
    )


def _not_yet(module: str, name: str, route: str, pushed: str = "nothing") -> Entry:
    """Return the entry of a sensor that polls something that this provider cannot wait for."""
    return Entry(module, name, pushed=pushed, note=_NO_POLL.format(route=route))


ENTRIES = (
    _status("sensors.datarobot", "StatusCheckJobCompleteSensor"),
    _status("sensors.client", "BaseAsyncResolutionSensor"),
    _not_yet("sensors.datarobot", "AutopilotCompleteSensor", "projects/{projectId}/status/"),
    Entry(
        "sensors.datarobot",
        "ScoringCompleteSensor",
        "sensors.batch_predictions.BatchPredictionSensor",
        arguments={"job_id": to("prediction_job_id")},
        pushes="the batch job, an object",
        note="A job that failed fails the sensor; the other sensor never ends then.",
    ),
    _not_yet("sensors.model_insights", "DataRobotJobSensor", "projects/{projectId}/jobs/{jobId}/"),
    _not_yet(
        "sensors.model_training",
        "ModelTrainingJobSensor",
        "projects/{projectId}/modelJobs/{jobId}/",
        "the id of the model",
    ),
    _not_yet("sensors.monitoring_job", "MonitoringJobCompleteSensor", "batchJobs/{jobId}/"),
    _not_yet("sensors.notebook", "NotebookRunCompleteSensor", "notebookJobs/{jobId}/"),
    _not_yet("sensors.predictions", "WaitForPredictionsSensor", "projects/{projectId}/predictJobs/{jobId}/"),
)
