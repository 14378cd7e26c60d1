"""Bases of the operators that send one request: get, list, create, update, delete, cancel, download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromList, SubmitOnce
from datarobot_provider.exceptions import NOTHING_TO_CANCEL, ApiError, InputError, NotFoundError
from datarobot_provider.version_compat import mask_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from datarobot_provider.client.download import Downloader
    from datarobot_provider.core.arguments.types import Boolean, FilePath, PositiveInteger, String, SubmitPolicy
    from datarobot_provider.jobs.model import JobRef
    from datarobot_provider.version_compat import Context

_IF_EXISTS = ("create", "reuse", "fail")


class GetOperator(DataRobotBaseOperator):
    """Base of the operators that return one object."""

    def run_request(self, context: Context) -> dict[str, Any]:
        """Return the object."""
        if self.operator_extra_links:
            ids = self.ids()
            self.push_ids(context, [*ids.values()][-1], ids)
        return self.hook.client.get(self.path_of(), self.payload())


class GetLogOperator(DataRobotBaseOperator):
    """Base of the operators that return a log."""

    def run_request(self, context: Context) -> str:  # noqa: ARG002 - for operators that push XComs
        """Return the log."""
        return self.hook.client.request("GET", self.path_of(), params=self.payload()).log_text()


class ListOperator(DataRobotBaseOperator):
    """Base of the operators that return a list. Their fields are the filters of the route.

    :param limit: maximum number of entries; default ``None``: all of them, page by page; templated.
    """

    options: ClassVar[Sequence[str]] = ("limit",)
    #: Maximum number of entries for each request, where the API allows fewer than usual.
    page_size: ClassVar[int | None] = None

    def __init__(self, *, limit: PositiveInteger | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit: Any = limit

    def run_request(self, context: Context) -> list[dict[str, Any]]:  # noqa: ARG002 - for operators that push XComs
        """Return the entries."""
        entries = self.hook.client.items(self.path_of(), self.payload(), self.limit, self.page_size)
        self.log.info("DataRobot returned %d entries.", len(entries))
        return entries


class UnpagedListOperator(DataRobotBaseOperator):
    """Base of the operators that return a list which has no pages. Their fields are the filters of the route."""

    def run_request(self, context: Context) -> list[dict[str, Any]]:  # noqa: ARG002 - for operators that push XComs
        """Return the entries."""
        entries = self.hook.client.unpaged_items(self.path_of(), self.payload())
        self.log.info("DataRobot returned %d entries.", len(entries))
        return entries


class CreateOperator(SubmitOnce, DataRobotBaseOperator):
    """Base of the operators that create something, once, and return its id.

    :param on_uncertain_submit: what to do if an earlier attempt may have created it and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    """

    options: ClassVar[Sequence[str]] = ("on_uncertain_submit",)
    not_templated: ClassVar[Sequence[str]] = ("on_uncertain_submit",)

    def __init__(self, *, on_uncertain_submit: SubmitPolicy = "fail", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_uncertain_submit = on_uncertain_submit

    def check(self) -> None:
        """Check the rendered arguments."""
        super().check()
        self.check_submission()

    def run_request(self, context: Context) -> str:
        """Create it, or find what an earlier attempt created; return its id."""
        from datarobot_provider.core.submission.record import SubmissionRecord
        from datarobot_provider.core.submission.superseded import cancel_superseded_jobs

        cancel_superseded_jobs(context, deferrable=False)
        record = SubmissionRecord.load_or_create(context, self)
        created = record.result or self.submit(context, record)
        if not isinstance(created, CreatedResource):
            raise TypeError(f"{created} is a job, not a created resource")
        self.push_ids(context, created.value, created.ids)
        return str(created.value)


class CreateOrReuseOperator(RecoverFromList, CreateOperator):
    """Base of the operators that create a named object, unless it exists.

    :param if_exists: what to do if the object already exists: ``create`` another one (default), ``reuse`` it, or
        ``fail``; templated.
    """

    options: ClassVar[Sequence[str]] = ("if_exists",)
    #: The kind of the object, for the log and for errors.
    noun: ClassVar[str]
    #: Field with the name of the object.
    name_field: ClassVar[str] = "name"

    def __init__(self, *, if_exists: String = "create", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.if_exists = if_exists

    def check(self) -> None:
        """Check the rendered arguments."""
        super().check()
        check_if_exists(self.if_exists)

    def start(self, context: Context) -> JobRef | CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Create the object, or find the existing one."""
        payload = self.payload()
        found = existing(self.if_exists, self.noun, lambda: self.find(payload), self.name_field)
        row = found or self.create(payload)
        self.log.info(
            "%s the %s %s (%s).",
            "Reusing" if found else "Created",
            self.noun,
            row.get(self.name_field),
            row.get("id"),
        )
        return self.result_from_row(row)

    def find(self, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the existing object, by default the newest one with this name; ``None`` if there is none."""
        name = payload[self.name_field]
        return next((row for row in self.list_rows(None) if row.get(self.name_field) == name), None)

    def create(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Create the object and return it."""
        return self.request(json=payload).object()


def check_if_exists(value: str) -> None:
    """Check the argument ``if_exists``.

    :raises InputError: if it has another value.
    """
    if value not in _IF_EXISTS:
        raise InputError(f"if_exists should be one of {', '.join(_IF_EXISTS)}, but is {value!r}.")


def existing(
    if_exists: str, noun: str, find: Callable[[], dict[str, Any] | None], name_field: str = "name"
) -> dict[str, Any] | None:
    """Return the existing object that a task reuses; ``None`` if it creates one.

    :param if_exists: value of the argument ``if_exists``.
    :param noun: kind of the object, for the error.
    :param find: returns the existing object, if there is one; not called if the task creates one in any case.
    :param name_field: field with the name of the object; default ``name``.
    :raises InputError: if the object exists and must not.
    """
    found = None if if_exists == "create" else find()
    if found is not None and if_exists == "fail":
        raise InputError(f"The {noun} {found[name_field]!r} already exists: {found['id']}.")
    return found


class UpdateOperator(DataRobotBaseOperator):
    """Base of the operators that change an object. Fields that are not given stay as they are."""

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Change the object and return it.

        :raises InputError: if no field is given.
        """
        payload = self.payload()
        if not payload:
            raise InputError(f"There is nothing to change: give at least one of {', '.join(self.api_fields)}.")
        response = self.request(json=payload)
        changed = response.object() if response.body else self.hook.client.get(self.path_of())
        self.report_change(changed)
        self.log.info("Changed %s.", ", ".join(sorted(payload)))
        return changed

    def report_change(self, changed: Mapping[str, Any]) -> None:
        """Log what is unusual about the changed object."""


class DeleteOperator(DataRobotBaseOperator):
    """Base of the operators that delete an object.

    :param ignore_if_missing: succeed if the object does not exist; default ``False``; templated.
    """

    options: ClassVar[Sequence[str]] = ("ignore_if_missing",)
    #: Errors with which the API responds if there is nothing to delete.
    nothing_to_delete: ClassVar[tuple[type[ApiError], ...]] = (NotFoundError,)

    def __init__(self, *, ignore_if_missing: Boolean = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_if_missing = ignore_if_missing

    def run_request(self, context: Context) -> None:
        """Delete the object; succeed if an earlier attempt has deleted it."""
        try:
            self.hook.client.request("DELETE", self.path_of(), params=self.payload())
        except self.nothing_to_delete as error:
            missing = self.ignore_if_missing and isinstance(error, NotFoundError)
            if not (missing or error.repeated or _is_retry(context, self.retries)):
                raise
            self.log.info("Nothing to delete: %s", str(error).splitlines()[0])
        else:
            self.log.info("Deleted.")


class CancelOperator(DataRobotBaseOperator):
    """Base of the operators that cancel a job.

    :param ignore_if_over: succeed if the job has already ended; default ``False``; templated.
    """

    options: ClassVar[Sequence[str]] = ("ignore_if_over",)

    def __init__(self, *, ignore_if_over: Boolean = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_if_over = ignore_if_over

    def run_request(self, context: Context) -> None:
        """Cancel the job; succeed if an earlier attempt has cancelled it."""
        try:
            self.request()
        except NOTHING_TO_CANCEL as error:
            if not (self.ignore_if_over or error.repeated or _is_retry(context, self.retries)):
                raise
            self.log.info("Nothing to cancel: %s", str(error).splitlines()[0])
        else:
            self.log.info("Cancelled.")


def _is_retry(context: Context, retries: int | None) -> bool:
    from datarobot_provider.core.submission.record import is_retry

    return is_retry(context, retries)


class DownloadOperator(DataRobotBaseOperator):
    """Base of the operators that download a file.

    :param target: path of the file: local, or any path that Airflow's object storage supports, such as
        ``s3://conn_id@bucket/key``, as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this
        name when it is complete; templated; required.
    """

    options: ClassVar[Sequence[str]] = ("target",)

    def __init__(self, *, target: FilePath, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Download the file."""
        return download(self, self.path_of(), self.target, self.payload())

    def downloader(self) -> Downloader:
        """Return the downloader, which reports to the task log."""
        return downloader(self)


def download(
    task: DataRobotBaseOperator, path: str, target: FilePath, params: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Save a response as a file.

    :param task: the operator, whose log gets the progress.
    :param path: path below ``/api/v2/``.
    :param target: path of the file.
    :param params: query parameters; default ``None``: none.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    """
    from datarobot_provider.client.download import Expected
    from datarobot_provider.client.request import Request
    from datarobot_provider.core.arguments.storage import StorageSink

    done = downloader(task).fetch(Request("GET", path, params=params or {}), StorageSink(target), Expected())
    task.log.info("Downloaded %s bytes to %s.", f"{done['size']:,}", done["path"])
    return done


def downloader(task: DataRobotBaseOperator) -> Downloader:
    """Return a downloader that reports to the log of a task."""
    return task.hook.client.downloader(lambda line: task.log.info("%s", line), mask_secret)
