"""Operators for model tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.job_results import ModelTestResult
from datarobot_provider.core.request_operators import CancelOperator, GetLogOperator, GetOperator, ListOperator
from datarobot_provider.core.resource_operators import ModelTestOperator
from datarobot_provider.core.submission.recovery import RecoverFromList, fields_match
from datarobot_provider.exceptions import DataRobotError, JobFailedError, ValidationError
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Boolean, Id, Integer, Object, PositiveInteger, String
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


_VERSION = ("custom_model_id", "custom_model_version_id")


class RunModelTestOperator(ModelTestResult, RecoverFromList, DataRobotJobOperator):
    """Test a version of a custom model, and fail if the test fails.

    Route: POST ``/api/v2/customModelTests/``. If a test of the same version and dataset is already running, the task
    waits for it. The task log shows a table of the checks; the error of a failed test also contains the end of the
    test's log. Every argument up to ``raise_on_failure`` is templated; arguments that are not given are not sent.

    :param custom_model_id: id of the custom model; required.
    :param custom_model_version_id: id of the version; required.
    :param dataset_id: id of the dataset to test with; required for all but unstructured models.
    :param dataset_version_id: id of the dataset version; default: the latest.
    :param configuration: action of each check when it finds a problem: ``errorCheck`` (``fail``, ``skip``),
        ``longRunningService`` (``fail``), ``nullValueImputation`` and ``sideEffects`` (``skip``, ``warn``, ``fail``).
    :param environment_id: id of the execution environment; default: the environment of the version.
    :param environment_version_id: id of the environment version; default: the latest one that was built.
    :param network_egress_policy: ``NONE`` or ``PUBLIC``.
    :param maximum_memory: maximum memory in bytes, 134217728 to 15032385536; the model is killed if it uses more.
    :param desired_memory: expected memory in bytes, same range.
    :param replicas: fixed number of replicas, 1 to 8.
    :param requires_ha: run every replica on a separate node.
    :param resource_bundle_id: id of a bundle of memory, CPU and GPU; excludes the memory arguments.
    :param fail_on_warning: also fail the task if a check ends with a warning; default ``False``.
    :param raise_on_failure: fail the task when the test fails; default ``True``. Otherwise the test is returned, so
        that the DAG can branch on it.
    :param wait_for_completion: wait for the test; default ``True``; templated.
    :param deferrable: wait in the triggerer; default: Airflow's setting ``[operators] default_deferrable``; not
        templated.
    :param poll_interval: maximum pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: cancel the test when the task is killed or times out; default ``True``; templated.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the test, with ``overallStatus`` and ``testingStatus``; with ``wait_for_completion=False`` its id.
    :raises AirflowFailException: if the test fails or is cancelled, or DataRobot refuses the request.
    :raises AirflowException: if the test does not end in time, or no longer exists.
    """

    route = "POST customModelTests/"
    options = ("fail_on_warning", "raise_on_failure")

    kind = "model_test"
    operator_extra_links = (CustomModelVersionLink(),)
    reads = (routes.VERSION_RESOURCE, routes.DATASET_RESOURCE)

    def __init__(
        self,
        *,
        custom_model_id: Id,
        custom_model_version_id: Id,
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
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
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
        """Check the arguments and their combination."""
        from datarobot_provider.core.custom_model.account_limits import check_bundle

        super().check()
        check_bundle(self)

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the test, or find a running test of this version and dataset."""
        from datarobot_provider.client.accepted import accepted

        payload, ids = self.payload(), self.ids(*_VERSION)
        try:
            ids["status_id"] = accepted(self.request(json=payload)).status_id
        except ValidationError as refusal:
            running = self._newest()
            if running is None or self.hook.jobs.poll_once(running).verdict.outcome is not Outcome.PENDING:
                raise
            self.log.info("Such a test is already running: %s", refusal.message)
            return replace(running, joined=True)
        try:
            newest = self._newest()
        except DataRobotError as error:
            # The test is running. Its status record leads to it later.
            self.log.warning("The test is running, but its id is not known yet: %s", error)
            newest = None
        return JobRef(self.kind, {**ids, **(newest.ids if newest else {})})

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the tests of the model, newest first."""
        return self.hook.client.items(self.path_of(), {"customModelId": self.custom_model_id}, limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a test is about this version and dataset."""
        payload = self.payload()
        version = (row.get("customModelVersion") or {}).get("id")
        return version == payload["customModelVersionId"] and fields_match(row, payload, ("datasetId",))

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a test as the job of this task."""
        return JobRef(self.kind, {**self.ids(*_VERSION), "custom_model_test_id": required(row, "id")})

    def _newest(self) -> JobRef | None:
        """Return the newest test of the model, if it is about this version and dataset.

        The response to the request does not contain the id of the test. DataRobot runs one test of a model at a time.
        """
        newest = next(iter(self.list_rows(1)), None)
        return self.result_from_row(newest) if newest and self.matches(newest) else None

    def on_failure(self, event: JobEvent, error: DataRobotError) -> dict[str, Any]:
        """Raise, or return the failed test if ``raise_on_failure`` is false."""
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
    """Return the log of a model test, or its last lines.

    Route: GET ``/api/v2/customModelTests/{customModelTestId}/log/``, or ``…/tail/`` with ``lines``.

    :param custom_model_test_id: id of the test; templated; required.
    :param lines: number of last lines to return, 1 to 1000; default ``None``: the whole log; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the log, a string; it is not written to the task log.
    :raises AirflowFailException: if DataRobot refuses the request, for example because there is no log yet.
    """

    route = "GET customModelTests/{custom_model_test_id}/log/"
    other_routes = ("GET customModelTests/{custom_model_test_id}/tail/",)

    def __init__(self, *, lines: PositiveInteger | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines = lines

    def path_of(self, operation: str | None = None) -> str:
        """Return the path of the log, or of its last lines."""
        return super().path_of(operation or (self.route if self.lines is None else self.other_routes[0]))


class CancelModelTestOperator(CancelOperator, ModelTestOperator):
    """Cancel a model test.

    Route: DELETE ``/api/v2/customModelTests/{customModelTestId}/``.

    :param custom_model_test_id: id of the test; templated; required.
    :param ignore_if_over: succeed if the job has already ended; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE customModelTests/{custom_model_test_id}/"


class ListModelTestsOperator(ListOperator):
    """Return the tests of a custom model, newest first.

    Route: GET ``/api/v2/customModelTests/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param resource_bundle_id: only tests with this bundle of memory, CPU and GPU; templated, as are the following
        filters.
    :param maximum_memory: only tests with this maximum memory, in bytes.
    :param desired_memory: only tests with this desired memory, in bytes.
    :param network_egress_policy: only tests with ``NONE``, or only with ``PUBLIC``.
    :param replicas: only tests with this number of replicas.
    :param requires_ha: only tests that run replicas on separate nodes, or only tests that do not.
    :param limit: maximum number of tests; default: all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of tests.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModelTests/"

    def __init__(
        self,
        *,
        custom_model_id: Id,
        resource_bundle_id: Id | None = None,
        maximum_memory: Integer | None = None,
        desired_memory: Integer | None = None,
        network_egress_policy: String | None = None,
        replicas: Integer | None = None,
        requires_ha: Boolean | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.resource_bundle_id = resource_bundle_id
        self.maximum_memory = maximum_memory
        self.desired_memory = desired_memory
        self.network_egress_policy = network_egress_policy
        self.replicas = replicas
        self.requires_ha = requires_ha
