"""Processing of the result of a job, shared by operators and sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.exceptions import ConfigurationError, DataRobotError, JobFailedError
from datarobot_provider.hooks.datarobot import UsesDataRobotHook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.jobs.model import JobRef

_LOG_LINES = 20


class JobResult(UsesDataRobotHook):
    """Result of a job of any kind."""

    def result(self, event: JobEvent) -> Any:
        """Return the value for XCom after the job has succeeded."""
        return self.hook.jobs.result(event)

    def page(self, ref: JobRef) -> str | None:
        """Return the URL of the job's page in DataRobot; ``None`` if it has no page or the connection is missing."""
        try:
            return self.hook.jobs.page(ref)
        except ConfigurationError:
            return None

    def failure_details(self, event: JobEvent) -> list[str]:  # noqa: ARG002 - for subclasses
        """Return additional lines for the error message of a job that failed."""
        return []


class ModelTestResult(JobResult):
    """Result of a model test: logs the checks, and fails on warnings if ``fail_on_warning`` is set."""

    fail_on_warning: bool | str

    def fails_on_warning(self) -> bool:
        """Return the value of ``fail_on_warning``."""
        return bool(converters.converted("fail_on_warning", self.fail_on_warning, converters.boolean))

    def result(self, event: JobEvent) -> dict[str, Any]:
        """Log the checks and return the test.

        :raises JobFailedError: if the test ended with warnings and ``fail_on_warning`` is set.
        """
        from datarobot_provider.core.reports import checks_table

        test: dict[str, Any] = super().result(event)
        for line in checks_table(test):
            self.hook.log.info("%s", line)
        if self.fails_on_warning() and test.get("overallStatus") == "warning":
            raise JobFailedError(
                "The model test ended with warnings, and fail_on_warning is set.",
                state="warning",
                details=checks_table(test),
                log_tail=self.hook.jobs.log_tail(event.ref),
                url=self.hook.jobs.page(event.ref),
                retryable=False,
            )
        return test

    def failure_details(self, event: JobEvent) -> list[str]:
        """Return the table of the checks."""
        from datarobot_provider.core.reports import checks_table

        try:
            return checks_table(super().result(event))
        except DataRobotError as error:
            return [f"(the checks could not be fetched: {str(error).splitlines()[0]})"]


class FeatureImpactResult(JobResult):
    """Result of a feature impact computation: logs the features with the highest impact."""

    def result(self, event: JobEvent) -> dict[str, Any]:
        """Log the features with the highest impact and return all impacts."""
        return self.log_impact(super().result(event))

    def log_impact(self, impact: dict[str, Any]) -> dict[str, Any]:
        """Log the features with the highest impact; return ``impact`` unchanged."""
        from datarobot_provider.core.reports import impact_bars

        for line in impact_bars(impact.get("featureImpacts") or []):
            self.hook.log.info("%s", line)
        return impact


class BatchPredictionResult(JobResult):
    """Result of a batch prediction: logs the numbers of rows, and fails on failed rows if that is requested."""

    fail_on_failed_rows: bool | str

    def result(self, event: JobEvent) -> dict[str, Any]:
        """Log the numbers of rows and return the job.

        :raises JobFailedError: if rows have failed and ``fail_on_failed_rows`` is set.
        """
        job: dict[str, Any] = super().result(event)
        failed = job.get("failedRows") or 0
        self.hook.log.info("%s rows were scored, %s have failed.", job.get("scoredRows"), failed)
        if not failed:
            return job
        lines = job_log(job)
        if not converters.converted("fail_on_failed_rows", self.fail_on_failed_rows, converters.boolean):
            for line in lines:
                self.hook.log.warning("%s", line)
            return job
        raise JobFailedError(
            f"{failed} rows of the batch prediction have failed, and fail_on_failed_rows is set.",
            state=str(job.get("status")),
            log_tail=lines,
            url=self.page(event.ref),
            retryable=False,
        )

    def failure_details(self, event: JobEvent) -> list[str]:
        """Return the numbers of rows and the log of the job."""
        # DataRobot removes a job that is aborted.
        job = event.verdict.found
        if job is None:
            return []
        return [f"{job.get('scoredRows')} rows were scored, {job.get('failedRows')} have failed.", *job_log(job)]


def job_log(job: Mapping[str, Any]) -> list[str]:
    """Return the last lines of the log that is part of a batch prediction job."""
    return [str(line) for line in (job.get("logs") or [])[-_LOG_LINES:]]
