"""The operator for operations of the API that have no operator of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.submission.recovery import CreatedResource
from datarobot_provider.exceptions import DownloadError, InputError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.version_compat import mask_secret

if TYPE_CHECKING:
    from datarobot_provider.client.download import Downloader, Expected
    from datarobot_provider.client.files import ModelFile
    from datarobot_provider.client.request import Request, Response
    from datarobot_provider.core.arguments.storage import StorageSink
    from datarobot_provider.core.arguments.types import FilePath, Form, FormFiles, Json, Query, ResultFilter, String
    from datarobot_provider.core.submission.record import SubmissionRecord
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_WITH_BODY = ("POST", "PATCH", "PUT")
_SHA256 = re.compile("[0-9A-Fa-f]{64}")


class DataRobotRequestOperator(DataRobotJobOperator):
    """Send any request to the DataRobot API. If it starts a job, wait for the job.

    Route: GET (or POST, PATCH, PUT, DELETE) any path below ``/api/v2/``. If the response is a 202 whose ``Location`` is
    a status record, the task waits for the job and returns its result; every other response is returned, or saved, as
    it is. The API cannot cancel such a job. With ``files`` or ``data`` the request is a multipart form, whose files are
    streamed from disk or object storage.

    :param path: path below ``/api/v2/``, such as ``datasets/`` or ``deployments/65a0…/``; templated; required.
    :param method: ``GET`` (default), ``POST``, ``PATCH``, ``PUT`` or ``DELETE``; templated.
    :param query: query parameters, an object; a list repeats its parameter, ``None`` omits it; templated.
    :param json: JSON body, in the API's names; templated. A string is parsed, as JSON or as a Python literal.
    :param data: form fields, name to value; a list repeats its field, an object is sent as JSON; excludes ``json``;
        templated.
    :param files: files of the form, field name to file, or a list of such pairs; excludes ``json``; templated. A file
        is a local path or any path that Airflow's object storage supports, as a string, a ``pathlib.Path`` or an
        ``ObjectStoragePath``; or ``{"path", "filename"}``. A list of files repeats its field.
    :param target: path under which the response, or the result of the job, is saved, of the same kinds; templated. The
        file gets its name when it is complete.
    :param sha256: expected SHA-256 of the saved file, hexadecimal; templated.
    :param response_filter: function that receives the result and returns the value that is pushed to XCom instead.
    :param wait_for_completion: wait for the ``Location`` of a 202; default ``True``; templated. Otherwise the id of the
        status record is returned, for :class:`DataRobotStatusSensor`.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect: the API cannot cancel a job by its status record.
    :param on_uncertain_submit: what to do if an earlier attempt may have sent a POST whose response was lost: ``fail``
        (default) or ``resubmit``. There is no general way to find out what a POST has created. Requests with other
        methods are sent again.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the JSON of the response, or of the result of the job; ``None`` if there is none. With ``target``:
        ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if an argument or a file is wrong, DataRobot refuses the request, or the target cannot
        be written.
    :raises AirflowException: if the job fails, or the downloaded file is incomplete or has another SHA-256.
    """

    not_templated = ("response_filter",)
    also_required = ("method",)

    kind = "task_status"
    other_kinds = ("genai_task_status",)
    template_fields_renderers = {"query": "json", "json": "json", "data": "json", "files": "json"}

    def __init__(
        self,
        *,
        path: String,
        method: String = "GET",
        query: Query | None = None,
        json: Json | None = None,
        data: Form | None = None,
        files: FormFiles | None = None,
        target: FilePath | None = None,
        sha256: String | None = None,
        response_filter: ResultFilter | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.method = method
        self.query: Any = query
        self.json = json
        self.data = data
        self.files = files
        self.target = target
        self.sha256 = sha256
        self.response_filter = response_filter
        self._form: list[tuple[str, str | ModelFile]] = []

    def start(self, context: Context) -> JobRef | CreatedResource:  # noqa: ARG002 - for operators that push XComs
        """Send the request; a 202 with the URL of a status record starts a job."""
        from datarobot_provider.client.accepted import status_id_of
        from datarobot_provider.client.client import ACCEPTED

        request = self._request()
        if self.target is not None and request.method == "GET":
            return CreatedResource(self._filtered(self._downloaded(request)))
        response = self.hook.client.send(request)
        self.log.info("DataRobot responded to %s %s with %d.", request.method, request.path, response.status)
        status_id = status_id_of(response.location or "")
        if response.status != ACCEPTED or status_id is None:
            return CreatedResource(self._filtered(_json_of(response) if self.target is None else self._saved(response)))
        genai = "genai/" in str(response.location)
        return JobRef("genai_task_status" if genai else self.kind, {"status_id": status_id})

    def submit(self, context: Context, record: SubmissionRecord) -> JobRef | CreatedResource:
        """Send the request; a GET is not recorded."""
        return self.start(context) if self.method == "GET" else super().submit(context, record)

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:
        """Refuse to send a POST again; send other requests again."""
        return super().recover(state_before) if self.method == "POST" else None

    def result(self, event: JobEvent) -> Any:
        """Return the JSON of the result of the job."""
        if not event.verdict.result:
            return self._filtered(None)
        from datarobot_provider.client.request import Request

        request = Request("GET", event.verdict.result)
        if self.target is not None:
            return self._filtered(self._downloaded(request))
        return self._filtered(_json_of(self.hook.client.send(request)))

    def check(self) -> None:
        """Check the arguments, the form and the target."""
        from datarobot_provider.client.endpoint import API_PREFIX

        super().check()
        if self.method not in _METHODS:
            raise InputError(f"method should be one of {', '.join(_METHODS)}, but is {self.method!r}.")
        if "://" in self.path or self._api_path() is None:
            raise InputError(f"path should be a path below {API_PREFIX}, such as 'datasets/', but is {self.path!r}.")
        self._check_form()
        self._check_target()

    def _check_form(self) -> None:
        """Check the fields and the files of the form."""
        from datarobot_provider.core.arguments.request_form import form_fields, form_parts

        given = [name for name in ("data", "files") if getattr(self, name) is not None]
        if not given:
            return
        if self.json is not None:
            raise InputError(f"Give json or {' and '.join(given)}, not both: a request has one body.")
        if self.method not in _WITH_BODY:
            raise InputError(f"{' and '.join(given)} require the method {', '.join(_WITH_BODY)}, not {self.method}.")
        self._form = form_parts(form_fields(self.data), self.files)
        if not self._form:
            raise InputError(f"{' and '.join(given)} contain nothing to send.")

    def _check_target(self) -> None:
        from datarobot_provider.core.arguments.storage import StorageSink

        if self.target is not None:
            StorageSink(self.target)
        if self.sha256 is None:
            return
        if self.target is None:
            raise InputError("sha256 requires target: it is the hash of the saved file.")
        if not _SHA256.fullmatch(str(self.sha256)):
            raise InputError(f"sha256 should be 64 hexadecimal digits, but is {self.sha256!r}.")

    def _api_path(self) -> str | None:
        from datarobot_provider.client.endpoint import API_PREFIX, api_path

        return api_path(API_PREFIX + self.path.removeprefix(API_PREFIX).lstrip("/"))

    def _request(self) -> Request:
        from datarobot_provider.client.request import Request

        request = Request(self.method, str(self._api_path()), params=self.query or {}, json=self.json)
        if not self._form:
            return request
        from datarobot_provider.client.auth import secret_values
        from datarobot_provider.client.multipart import MultipartBody
        from datarobot_provider.core.arguments.request_form import form_fields

        sizes = [part.size for _, part in self._form if not isinstance(part, str)]
        self.log.info("Uploading %d files, %s bytes.", len(sizes), f"{sum(sizes):,}")
        secrets = frozenset(secret_values(form_fields(self.data)))
        for secret in secrets:
            mask_secret(secret)
        return replace(request, upload=lambda: MultipartBody(self._form, self._report), secret_values=secrets)

    def _downloaded(self, request: Request) -> dict[str, Any]:
        """Stream a response to the target."""
        saved = self._downloader().fetch(request, *self._destination())
        self.log.info("Saved %s bytes to %s.", f"{saved['size']:,}", saved["path"])
        return saved

    def _saved(self, response: Response) -> dict[str, Any]:
        """Save the response of a request that must not be repeated, even if the disk is full."""
        try:
            return self._downloader().save(response.body, *self._destination())
        except InputError as error:
            raise DownloadError(
                f"DataRobot responded with {response.status}, but the response could not be saved. {error}"
            ) from None

    def _destination(self) -> tuple[StorageSink, Expected]:
        from datarobot_provider.client.download import Expected
        from datarobot_provider.core.arguments.storage import StorageSink

        return StorageSink(self.target), Expected(sha256=self.sha256)

    def _downloader(self) -> Downloader:
        return self.hook.client.downloader(self._report, mask_secret)

    def _report(self, line: str) -> None:
        self.log.info("%s", line)

    def _filtered(self, result: Any) -> Any:
        return self.response_filter(result) if self.response_filter else result


def _json_of(response: Response) -> Any:
    return response.json() if response.body.strip() else None
