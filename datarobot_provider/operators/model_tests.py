"""Operators for tests of a version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.request import required
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.job_results import ModelTestResult
from datarobot_provider.core.request_operators import CancelOperator, ListOperator
from datarobot_provider.core.submission.recovery import RecoverFromList, fields_match
from datarobot_provider.exceptions import DataRobotError, JobFailedError, ValidationError
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


class RunModelTestOperator(ModelTestResult, RecoverFromList, DataRobotJobOperator):
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

    kind = "model_test"
    argument_types = {"raise_on_failure": converters.boolean}
    api_fields = {
        "custom_model_id": converters.identifier,
        "custom_model_version_id": converters.identifier,
        "dataset_id": converters.identifier,
        "dataset_version_id": converters.identifier,
        "configuration": converters.json_object,
        "environment_id": converters.identifier,
        "environment_version_id": converters.identifier,
        "network_egress_policy": converters.string,
        "maximum_memory": converters.integer,
        "desired_memory": converters.integer,
        "replicas": converters.integer,
        "requires_ha": converters.boolean,
        "resource_bundle_id": converters.identifier,
    }
    required_fields = ("custom_model_id", "custom_model_version_id")
    template_fields: Sequence[str] = (
        *DataRobotJobOperator.template_fields,
        *api_fields,
        "fail_on_warning",
        "raise_on_failure",
    )
    operator_extra_links = (CustomModelVersionLink(),)

    def __init__(
        self,
        *,
        custom_model_id: str,
        custom_model_version_id: str,
        dataset_id: str | None = None,
        dataset_version_id: str | None = None,
        configuration: dict[str, str] | str | None = None,
        environment_id: str | None = None,
        environment_version_id: str | None = None,
        network_egress_policy: str | None = None,
        maximum_memory: int | str | None = None,
        desired_memory: int | str | None = None,
        replicas: int | str | None = None,
        requires_ha: bool | str | None = None,
        resource_bundle_id: str | None = None,
        fail_on_warning: bool | str = False,
        raise_on_failure: bool | str = True,
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
        """Check the arguments, and that they fit together."""
        from datarobot_provider.core.custom_model.account_limits import check_bundle

        super().check()
        check_bundle(self)

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the test, or find the one of this version and dataset that runs already."""
        payload = self.payload()
        ids = {
            "custom_model_id": payload["customModelId"],
            "custom_model_version_id": payload["customModelVersionId"],
        }
        try:
            ids["status_id"] = self.hook.client.model_tests.start(payload).status_id
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

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the tests of the model, the newest first."""
        return self.hook.client.model_tests.list(self.custom_model_id, limit=limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a test is one of this version and dataset."""
        payload = self.payload()
        version = (row.get("customModelVersion") or {}).get("id")
        return version == payload["customModelVersionId"] and fields_match(row, payload, ("datasetId",))

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a test as a job of this task."""
        return JobRef(self.kind, {**self.ids(), "custom_model_test_id": required(row, "id")})

    def _newest(self) -> JobRef | None:
        """Return the model's newest test, if it is one of this version and dataset.

        The response to the request does not hold the test's id. DataRobot runs one test of a model at a time.
        """
        newest = next(iter(self.list_rows(1)), None)
        return self.result_from_row(newest) if newest and self.matches(newest) else None

    def on_failure(self, event: JobEvent, error: DataRobotError) -> dict[str, Any]:
        """Raise, or return the failed test if so asked."""
        if self.raise_on_failure or not isinstance(error, JobFailedError):
            raise error
        self.log.warning("%s", error)
        test: dict[str, Any] = self.hook.jobs.result(event)
        return test


class ModelTestOperator(DataRobotBaseOperator):
    """Base of the operators that need the id of a model test and nothing else.

    :param custom_model_test_id: id of the test; templated; required.
    """

    required_fields = ("custom_model_test_id",)
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *required_fields)

    def __init__(self, *, custom_model_test_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_test_id = custom_model_test_id


class GetModelTestOperator(ModelTestOperator):
    """Return a model test with its checks.

    Route: GET ``/api/v2/customModelTests/{customModelTestId}/``.

    :param custom_model_test_id: id of the test; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the test, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Return the test."""
        return self.hook.client.model_tests.get(**self.ids())


class GetModelTestLogOperator(ModelTestOperator):
    """Return the log of a model test, whole or its end.

    Route: GET ``/api/v2/customModelTests/{customModelTestId}/log/``, or ``…/tail/`` with ``lines``.

    :param custom_model_test_id: id of the test; templated; required.
    :param lines: return the last lines only, 1 to 1000; default ``None``: the whole log; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the log, a text; it is not repeated in the task log.
    :raises AirflowFailException: if DataRobot refuses the request, for one because there is no log yet.
    """

    argument_types = {"lines": converters.optional(converters.positive_integer)}
    template_fields: Sequence[str] = (*ModelTestOperator.template_fields, "lines")

    def __init__(self, *, lines: int | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines: Any = lines

    def run_request(self, context: Context) -> str:  # noqa: ARG002 - for operators that push XComs
        """Return the log."""
        tests = self.hook.client.model_tests
        if self.lines is None:
            return tests.log(**self.ids())
        return tests.log_tail(**self.ids(), lines=self.lines)


class CancelModelTestOperator(CancelOperator, ModelTestOperator):
    """Cancel a model test.

    Route: DELETE ``/api/v2/customModelTests/{customModelTestId}/``.

    :param custom_model_test_id: id of the test; templated; required.
    :param ignore_if_over: take it well if there is nothing left to cancel; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    template_fields: Sequence[str] = (*CancelOperator.template_fields, *ModelTestOperator.required_fields)

    def cancel(self) -> None:
        """Send the cancellation."""
        self.hook.client.model_tests.cancel(**self.ids())


class ListModelTestsOperator(ListOperator):
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

    api_fields = {
        "resource_bundle_id": converters.identifier,
        "maximum_memory": converters.integer,
        "desired_memory": converters.integer,
        "network_egress_policy": converters.string,
        "replicas": converters.integer,
        "requires_ha": converters.boolean,
    }
    required_fields = ("custom_model_id",)
    template_fields: Sequence[str] = (*ListOperator.template_fields, *required_fields, *api_fields)

    def __init__(
        self,
        *,
        custom_model_id: str,
        resource_bundle_id: str | None = None,
        maximum_memory: int | str | None = None,
        desired_memory: int | str | None = None,
        network_egress_policy: str | None = None,
        replicas: int | str | None = None,
        requires_ha: bool | str | None = None,
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

    def entries(self, filters: dict[str, Any], limit: int | None) -> list[dict[str, Any]]:
        """Ask for the tests."""
        return self.hook.client.model_tests.list(**self.ids(), filters=filters, limit=limit)
