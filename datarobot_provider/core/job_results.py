"""What an operator and a sensor make of a job's end: the same, so it stands here once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.exceptions import ConfigurationError, DataRobotError, JobFailedError
from datarobot_provider.hooks.datarobot import UsesDataRobotHook

if TYPE_CHECKING:
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.jobs.model import JobRef


class JobResult(UsesDataRobotHook):
    """What becomes of any job."""

    def result(self, event: JobEvent) -> Any:
        """Return what goes to XCom when the job has succeeded."""
        return self.hook.jobs.result(event)

    def page(self, ref: JobRef) -> str | None:
        """Return the URL of the page that shows the job; ``None`` without one, or without the connection."""
        try:
            return self.hook.jobs.page(ref)
        except ConfigurationError:
            return None

    def failure_details(self, event: JobEvent) -> list[str]:  # noqa: ARG002 - for subclasses
        """Return more lines for the error of a job that did not end well."""
        return []


class ModelTestResult(JobResult):
    """A model test: its checks are shown, and warnings count if asked for."""

    fail_on_warning: bool | str

    def warnings_fail(self) -> bool:
        """Return whether a test that only warned counts as failed."""
        return bool(converters.converted("fail_on_warning", self.fail_on_warning, converters.boolean))

    def result(self, event: JobEvent) -> dict[str, Any]:
        """Return the test; refuse one that only warned, if asked to.

        :raises JobFailedError: for warnings, with ``fail_on_warning``.
        """
        from datarobot_provider.core.reports import checks_table

        test: dict[str, Any] = super().result(event)
        for line in checks_table(test):
            self.hook.log.info("%s", line)
        if self.warnings_fail() and test.get("overallStatus") == "warning":
            raise JobFailedError(
                "The model test ended with warnings, and fail_on_warning is set.",
                state="warning",
                details=checks_table(test),
                log_tail=self.hook.jobs.log_tail(event.ref),
                url=self.hook.jobs.page(event.ref),
                can_heal=False,
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
    """A feature impact: the strongest features are shown."""

    def result(self, event: JobEvent) -> dict[str, Any]:
        """Return the impacts, and write the strongest to the log."""
        return self.shown(super().result(event))

    def shown(self, impact: dict[str, Any]) -> dict[str, Any]:
        """Write the strongest features to the log; return what was given."""
        from datarobot_provider.core.reports import impact_bars

        for line in impact_bars(impact.get("featureImpacts") or []):
            self.hook.log.info("%s", line)
        return impact
