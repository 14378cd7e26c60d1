"""Operators for model tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.routes import required
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.job_results import ModelTestResult
from datarobot_provider.core.request_operators import (
    CancelOperator,
    GetLogOperator,
    GetOperator,
    ListOperator,
)
from datarobot_provider.core.resource_operators import (
    CustomModelOperator,
    ModelTestOperator,
    VersionOperator,
)
from datarobot_provider.core.submission.recovery import (
    RecoverFromList,
    same_fields,
)
from datarobot_provider.exceptions import (
    DataRobotError,
    JobFailedError,
    ValidationError,
)
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import (
        Boolean,
        Id,
        Integer,
        Object,
        PositiveInteger,
        String,
    )
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


_VERSION = ("custom_model_id", "custom_model_version_id")


class RunModelTestOperator(ModelTestResult, RecoverFromList, DataRobotJobOperator, VersionOperator):
    """Test a version of a custom model, and fail if the test does.

    Route: POST ``/api/v2/customModelTests/``. A test of the same version and dataset that runs already is waited for.
    The report of the checks is written to the task log as a table; a failed test's error also holds the end of the
    test's log. Every argument up to ``raise_on_failure`` is templated; what is not given is not sent.

    :param custom_model_id: id of the custom model; required.
    :param custom_model_version_id: id of the version; required.
    :param dataset_id: id of the dataset to test with; needed for all but unstructured models.
    :param dataset_version_id: id of one version of the dataset; default is the latest.
    :param configuration: what each check does when it finds a fault: ``errorCheck`` (``fail``, ``skip``),
        ``longRunningService`` (``fail``), ``nullValueImputation`` and ``sideEffects`` (``skip``, ``warn``, ``fail``).
    :param environment_id: id of the execution environment; default is the version's own.
    :param environment_version_id: id of one version of the environment; default is the latest that was built.
    :param network_egress_policy: ``NONE`` or ``PUBLIC``.
    :param maximum_memory: bytes of memory beyond which the model is killed, 134217728 to 15032385536.
    :param desired_memory: bytes of memory the model is expected to need, same range.
    :param replicas: fixed number of replicas, 1 to 8.
    :param requires_ha: put every replica on a node of its own.
    :param resource_bundle_id: id of a bundle of memory, CPU and GPU; excludes the memory arguments.
    :param fail_on_warning: also fail the task when a check warns; default ``False``.
    :param raise_on_failure: fail the task when the test fails; default ``True``. Otherwise the test is returned as it
        is, for a branch of your own.
    :param wait_for_completion: wait for the test; default ``True``; templated.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: cancel the test when the task is killed or times out; default ``True``; templated.
    :param on_uncertain_submit: what to do when an earlier try may have come through and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the test, with ``overallStatus`` and ``testingStatus``; with ``wait_for_completion=False`` its id.
    :raises AirflowFailException: if the test fails or is cancelled, or DataRobot refuses the request.
    :raises AirflowException: if the test does not end in time or is lost; Airflow tries again.
    """

    route = "POST customModelTests/"
    options = ("fail_on_warning", "raise_on_failure")

    kind = "model_test"
    operator_extra_links = (CustomModelVersionLink(),)

    def __init__(
        self,
        *,
        dataset_id: Id | None = None,
        dataset_version_id: Id | None = None,
        configuration: Object | None = None,
        environment_id: Id | None = None,
        environment_version_id: Id | None = None,
        network_egress_policy: String | None = None,
        maximum_memory: Integer | None = None,
        desired_memory: Integer | None = None,
        replicas: Integer | None = None,
        requires_ha: Boolean | None = None,
        resource_bundle_id: Id | None = None,
        fail_on_warning: Boolean = False,
        raise_on_failure: Boolean = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_id = dataset_id
        self.dataset_version_id = dataset_version_id
        self.configuration = configuration
        self.environment_id = environment_id
        self.environment_version_id = environment_version_id
        self.network_egress_policy = network_egress_policy
        self.maximum_memory = maximum_memory
        self.desired_memory = desired_memory
        self.replicas = replicas
        self.requires_ha = requires_ha
        self.resource_bundle_id = resource_bundle_id
        self.fail_on_warning = fail_on_warning
        self.raise_on_failure = raise_on_failure

    def check(self) -> None:
        """Check the arguments, and that they fit together."""
        from datarobot_provider.core.custom_model.account_limits import check_bundle

        super().check()
        check_bundle(self)

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the test, or find the one of this version and dataset that runs already."""
        from datarobot_provider.client.accepted import accepted

        payload, ids = self.payload(), self.ids(*_VERSION)
        try:
            ids["status_id"] = accepted(self.request(json=payload)).status_id
        except ValidationError as refusal:
            running = self._newest()
            if running is None or self.hook.jobs.poll_once(running).verdict.outcome is not Outcome.PENDING:
                raise
            self.log.info("DataRobot runs such a test already: %s", refusal.message)
            return replace(running, joined=True)
        try:
            newest = self._newest()
        except DataRobotError as error:
            # The test runs: its status record leads to it as well, only later.
            self.log.warning("The id of the test is not known yet: %s", error)
            newest = None
        return JobRef(self.kind, {**ids, **(newest.ids if newest else {})})

    def listed(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the tests of the model, the newest first."""
        return self.hook.client.items(self.path_of(), {"customModelId": self.custom_model_id}, limit)

    def is_same(self, row: Mapping[str, Any]) -> bool:
        """Return whether a test is one of this version and dataset."""
        payload = self.payload()
        version = (row.get("customModelVersion") or {}).get("id")
        return version == payload["customModelVersionId"] and same_fields(row, payload, ("datasetId",))

    def recovered_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a test as a job of this task."""
        return JobRef(self.kind, {**self.ids(*_VERSION), "custom_model_test_id": required(row, "id")})

    def _newest(self) -> JobRef | None:
        """Return the model's newest test, if it is one of this version and dataset.

        The response to the request does not hold the test's id. DataRobot runs one test of a model at a time.
        """
        newest = next(iter(self.listed(1)), None)
        return self.recovered_row(newest) if newest and self.is_same(newest) else None

    def on_failure(self, event: JobEvent, error: DataRobotError) -> dict[str, Any]:
        """Raise, or return the failed test if so asked."""
        if self.raise_on_failure or not isinstance(error, JobFailedError):
            raise error
        self.log.warning("%s", error)
        test: dict[str, Any] = self.hook.jobs.result(event)
        return test


class GetModelTestOperator(GetOperator, ModelTestOperator):
    """Return a model test with its checks.

    Route: GET ``/api/v2/customModelTests/{customModelTestId}/``.

    :param custom_model_test_id: id of the test; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the test, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModelTests/{custom_model_test_id}/"


class GetModelTestLogOperator(GetLogOperator, ModelTestOperator):
    """Return the log of a model test, whole or its end.

    Route: GET ``/api/v2/customModelTests/{customModelTestId}/log/``, or ``…/tail/`` with ``lines``.

    :param custom_model_test_id: id of the test; templated; required.
    :param lines: return the last lines only, 1 to 1000; default ``None``: the whole log; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the log, a text; it is not repeated in the task log.
    :raises AirflowFailException: if DataRobot refuses the request, for one because there is no log yet.
    """

    route = "GET customModelTests/{custom_model_test_id}/log/"
    other_routes = ("GET customModelTests/{custom_model_test_id}/tail/",)

    def __init__(self, *, lines: PositiveInteger | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines = lines

    def path_of(self, operation: str | None = None) -> str:
        """Return the path of the whole log, or of its end."""
        return super().path_of(operation or (self.route if self.lines is None else self.other_routes[0]))


class CancelModelTestOperator(CancelOperator, ModelTestOperator):
    """Cancel a model test.

    Route: DELETE ``/api/v2/customModelTests/{customModelTestId}/``.

    :param custom_model_test_id: id of the test; templated; required.
    :param ignore_if_over: take it well if there is nothing left to cancel; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE customModelTests/{custom_model_test_id}/"


class ListModelTestsOperator(ListOperator, CustomModelOperator):
    """Return the tests of a custom model, newest first.

    Route: GET ``/api/v2/customModelTests/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param resource_bundle_id: only tests with this bundle of memory, CPU and GPU; templated, like the next ones.
    :param maximum_memory: only tests with this maximum memory, in bytes.
    :param desired_memory: only tests with this desired memory, in bytes.
    :param network_egress_policy: only tests with ``NONE``, or only with ``PUBLIC``.
    :param replicas: only tests with this number of replicas.
    :param requires_ha: only tests that keep replicas on nodes of their own, or only those that do not.
    :param limit: most tests to return; default all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of tests.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModelTests/"

    def __init__(
        self,
        *,
        resource_bundle_id: Id | None = None,
        maximum_memory: Integer | None = None,
        desired_memory: Integer | None = None,
        network_egress_policy: String | None = None,
        replicas: Integer | None = None,
        requires_ha: Boolean | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.resource_bundle_id = resource_bundle_id
        self.maximum_memory = maximum_memory
        self.desired_memory = desired_memory
        self.network_egress_policy = network_egress_policy
        self.replicas = replicas
        self.requires_ha = requires_ha
