"""Operators for conversions of versions."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import VERSION, required, route
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import DeleteOperator, GetOperator, ListOperator
from datarobot_provider.core.resource_operators import VersionOperator
from datarobot_provider.core.submission.recovery import RecoverFromList
from datarobot_provider.exceptions import NOTHING_TO_CANCEL, InputError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Boolean, Id, String
    from datarobot_provider.version_compat import Context


class _ConversionOperator(VersionOperator):
    """Base of the operators for one conversion.

    :param conversion_id: id of the conversion; templated; required.
    """

    def __init__(self, *, conversion_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conversion_id = conversion_id


class ConvertVersionOperator(RecoverFromList, DataRobotJobOperator):
    """Convert a version, and wait for the conversion.

    Route: POST ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/conversions/``. Give one of
    ``main_program_item_id`` and ``main_program_path``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param main_program_item_id: id of the file in the version that contains the main program; templated.
    :param main_program_path: path of that file inside the model; takes one more request; templated.
    :param wait_for_completion: wait for the conversion; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: stop the conversion when the task is killed or times out; default ``True``; templated.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the conversion, an object; with ``wait_for_completion=False`` its id.
    :raises AirflowFailException: if DataRobot refuses the request, or the conversion is stopped.
    :raises AirflowException: if the conversion fails.
    """

    route = "POST customModels/{custom_model_id}/versions/{custom_model_version_id}/conversions/"
    options = ("main_program_path",)

    kind = "conversion"
    operator_extra_links = (CustomModelVersionLink(),)
    reads = (routes.VERSION_RESOURCE,)
    creates = (routes.CONVERSION_RESOURCE,)

    def __init__(
        self,
        *,
        custom_model_id: Id,
        custom_model_version_id: Id,
        main_program_item_id: Id | None = None,
        main_program_path: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.main_program_item_id = main_program_item_id
        self.main_program_path = main_program_path

    def check(self) -> None:
        """Check the arguments, and that exactly one main program is given."""
        super().check()
        if (self.main_program_item_id is None) == (self.main_program_path is None):
            raise InputError("Give one of main_program_item_id and main_program_path.")

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the conversion."""
        started = self.request(json={"mainProgramItemId": self._item_id}).object()
        return JobRef(self.kind, {**self.ids(), "conversion_id": required(started, "conversionId")})

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the conversions of the version, the newest first."""
        return self.hook.client.items(self.path_of(), limit=limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a conversion has this main program."""
        return row.get("mainProgramItemId") == self._item_id

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a conversion as the job of this task."""
        return JobRef(self.kind, {**self.ids(), "conversion_id": required(row, "id")})

    @cached_property
    def _item_id(self) -> str:
        if self.main_program_item_id is not None:
            return self.main_program_item_id
        items = self.hook.client.get(route(VERSION, **self.ids())).get("items") or []
        found = [item["id"] for item in items if item["filePath"] == self.main_program_path]
        if not found:
            raise InputError(
                f"main_program_path is {self.main_program_path!r}, but the version has no such file. Its files: "
                f"{', '.join(sorted(item['filePath'] for item in items)) or 'none'}."
            )
        return str(found[0])


class GetConversionOperator(GetOperator, _ConversionOperator):
    """Return a conversion.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/conversions/{conversionId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param conversion_id: id of the conversion; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the conversion, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModels/{custom_model_id}/versions/{custom_model_version_id}/conversions/{conversion_id}/"


class ListConversionsOperator(ListOperator):
    """Return the conversions of a version.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/conversions/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param is_latest: only the latest one; templated.
    :param limit: maximum number of conversions; default: all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of conversions.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModels/{custom_model_id}/versions/{custom_model_version_id}/conversions/"

    def __init__(
        self,
        *,
        custom_model_id: Id,
        custom_model_version_id: Id,
        is_latest: Boolean | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.is_latest = is_latest


class StopConversionOperator(DeleteOperator, _ConversionOperator):
    """Stop a conversion.

    Route: DELETE ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/conversions/{conversionId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param conversion_id: id of the conversion; templated; required.
    :param ignore_if_missing: succeed if the conversion does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request, for example because the conversion has ended.
    """

    route = "DELETE customModels/{custom_model_id}/versions/{custom_model_version_id}/conversions/{conversion_id}/"

    # A conversion that has ended still exists, but cannot be stopped.
    nothing_to_delete = NOTHING_TO_CANCEL
