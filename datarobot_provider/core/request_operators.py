"""What reading, listing, changing and deleting have in common, whatever the noun."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.submission.recovery import CreatedResource, SubmitOnce
from datarobot_provider.exceptions import NOTHING_TO_CANCEL, ApiError, InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.version_compat import Context


class ListOperator(DataRobotBaseOperator):
    """Base of the operators that return a list. ``api_fields`` are the filters of the route.

    :param limit: most entries to return; default ``None``: all of them, page by page; templated.
    """

    argument_types = {"limit": converters.optional(converters.positive_integer)}
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, "limit")

    def __init__(self, *, limit: int | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit: Any = limit

    def run_request(self, context: Context) -> list[dict[str, Any]]:  # noqa: ARG002 - for operators that push XComs
        """Return the entries."""
        entries = self.entries(self.payload(), self.limit)
        self.log.info("DataRobot returned %d entries.", len(entries))
        return entries

    @abstractmethod
    def entries(self, filters: dict[str, Any], limit: int | None) -> list[dict[str, Any]]:
        """Ask for the entries."""


class CreateOperator(SubmitOnce, DataRobotBaseOperator):
    """Base of the operators that make something, once, and return its id.

    :param on_uncertain_submit: what to do when an earlier try may have made it and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    """

    def __init__(self, *, on_uncertain_submit: str = "fail", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_uncertain_submit = on_uncertain_submit

    def check(self) -> None:
        """Check the rendered arguments, and what holds for every creation."""
        super().check()
        self.check_submission()

    def run_request(self, context: Context) -> str:
        """Make it, or find what an earlier attempt made; return its id."""
        from datarobot_provider.core.submission.record import SubmissionRecord
        from datarobot_provider.core.submission.superseded import cancel_superseded_jobs

        cancel_superseded_jobs(context, deferrable=False)
        record = SubmissionRecord.load_or_create(context, self)
        made = record.result or self.submit(context, record)
        if not isinstance(made, CreatedResource):
            raise TypeError(f"{made} is a job, not something that is there at once")
        self.push_handles(context, made.value, made.ids)
        return str(made.value)


class UpdateOperator(DataRobotBaseOperator):
    """Base of the operators that change something: what is not given stays as it is."""

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Change it; return it as it is now.

        :raises InputError: if nothing is to be changed.
        """
        payload = self.payload()
        if not payload:
            raise InputError(f"There is nothing to change: give at least one of {', '.join(self.api_fields)}.")
        changed = self.change(payload)
        self.log.info("Changed %s.", ", ".join(sorted(payload)))
        return changed

    @abstractmethod
    def change(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Send the change."""


class DeleteOperator(DataRobotBaseOperator):
    """Base of the operators that delete something.

    :param ignore_if_missing: take it well if it is gone already; default ``False``; templated.
    """

    #: How the API answers when there is nothing left to delete.
    gone: ClassVar[tuple[type[ApiError], ...]] = (NotFoundError,)
    argument_types = {"ignore_if_missing": converters.boolean}
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *argument_types)

    def __init__(self, *, ignore_if_missing: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_if_missing = ignore_if_missing

    def run_request(self, context: Context) -> None:
        """Delete it; what an earlier attempt has deleted is gone, and that is fine."""
        try:
            self.delete()
        except self.gone as error:
            missing = self.ignore_if_missing and isinstance(error, NotFoundError)
            if not (missing or error.repeated or _is_retry(context, self.retries)):
                raise
            self.log.info("It is gone already. %s", str(error).splitlines()[0])
        else:
            self.log.info("Deleted.")

    @abstractmethod
    def delete(self) -> None:
        """Send the deletion."""


class CancelOperator(DataRobotBaseOperator):
    """Base of the operators that cancel a job.

    :param ignore_if_over: take it well if there is nothing left to cancel; default ``False``; templated.
    """

    argument_types = {"ignore_if_over": converters.boolean}
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *argument_types)

    def __init__(self, *, ignore_if_over: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_if_over = ignore_if_over

    def run_request(self, context: Context) -> None:
        """Cancel it; what an earlier attempt has cancelled is over, and that is fine."""
        try:
            self.cancel()
        except NOTHING_TO_CANCEL as error:
            if not (self.ignore_if_over or error.repeated or _is_retry(context, self.retries)):
                raise
            self.log.info("It is over already. %s", str(error).splitlines()[0])
        else:
            self.log.info("Cancelled.")

    @abstractmethod
    def cancel(self) -> None:
        """Send the cancellation."""


def _is_retry(context: Context, retries: int | None) -> bool:
    from datarobot_provider.core.submission.record import is_retry

    return is_retry(context, retries)


class VersionOperator(DataRobotBaseOperator):
    """Base of the operators whose required arguments are the two ids of a version.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    """

    required_fields = ("custom_model_id", "custom_model_version_id")
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *required_fields)

    def __init__(self, *, custom_model_id: str, custom_model_version_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
