"""Deletions and cancellations of a resource that no longer exists: an error, except after an earlier attempt."""

from __future__ import annotations

import pytest

from datarobot_provider.client.request import Response
from datarobot_provider.core.request_operators import CancelOperator
from datarobot_provider.operators.conversions import StopConversionOperator
from datarobot_provider.operators.custom_models import DeleteCustomModelOperator
from datarobot_provider.operators.dependency_builds import CancelDependencyBuildOperator
from datarobot_provider.operators.guard_configurations import DeleteGuardConfigOperator
from datarobot_provider.operators.model_tests import CancelModelTestOperator
from datarobot_provider.operators.vector_databases import DeleteVectorDatabaseValidationOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.unit.support import response

VERSION = {"custom_model_id": "m", "custom_model_version_id": "v"}
DELETES = [
    (DeleteCustomModelOperator, {"custom_model_id": "m"}, "customModels/m/", (404, 410)),
    (DeleteGuardConfigOperator, {"config_id": "g"}, "guardConfigurations/g/", (404, 410)),
    (
        DeleteVectorDatabaseValidationOperator,
        {"validation_id": "x"},
        "genai/customModelVectorDatabaseValidations/x/",
        (404, 410),
    ),
    (StopConversionOperator, {**VERSION, "conversion_id": "c"}, "customModels/m/versions/v/conversions/c/", (404, 410)),
    (CancelModelTestOperator, {"custom_model_test_id": "t"}, "customModelTests/t/", (404, 409, 410, 422)),
    (CancelDependencyBuildOperator, VERSION, "customModels/m/versions/v/dependencyBuild/", (404, 409, 410, 422)),
]
MISSING = [
    pytest.param(task, given, path, status, id=f"{task.__name__}-{status}")
    for task, given, path, statuses in DELETES
    for status in statuses
]
each_missing = pytest.mark.parametrize(("task", "given", "path", "status"), MISSING)


@each_missing
def test_first_attempt_fails(api, context, task, given, path, status):
    api.on("DELETE", path, response(status, {"message": "gone"}))
    with pytest.raises(AirflowFailException, match=f"returned {status} for DELETE {path}"):
        task(task_id="t", **given).execute(context)


@each_missing
def test_retry_succeeds(api, context, ti, task_log, task, given, path, status):
    api.on("DELETE", path, response(status, {"message": "gone"}))
    ti.retry()
    assert task(task_id="t", **given).execute(context) is None
    verb = "cancel" if issubclass(task, CancelOperator) else "delete"
    assert f"Nothing to {verb}: DataRobot returned {status}" in task_log()


@each_missing
def test_first_attempt_after_a_clear_fails(api, context, ti, task, given, path, status):
    api.on("DELETE", path, response(status, {"message": "gone"}))
    ti.clear()
    with pytest.raises(AirflowFailException, match=f"returned {status}"):
        task(task_id="t", **given).execute(context)


@each_missing
def test_repeated_request_succeeds(api, context, task, given, path, status):
    missing = response(status, {"message": "gone"})
    api.on("DELETE", path, Response(missing.status, missing.headers, missing.body, repeated=True))
    assert task(task_id="t", **given).execute(context) is None


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("task", "given", "path", "_"), DELETES, ids=lambda value: getattr(value, "__name__", ""))
def test_refused_request_fails_at_every_attempt(api, context, ti, task, given, path, _, status):
    api.on("DELETE", path, response(status, {"message": "no"}))
    ti.retry()
    with pytest.raises(AirflowFailException, match=f"returned {status}"):
        task(task_id="t", **given).execute(context)


@pytest.mark.parametrize("status", [409, 422])
def test_ignore_if_missing_ignores_no_other_reason(api, context, status):
    path = "customModels/m/versions/v/conversions/c/"
    api.on("DELETE", path, response(status, {"message": "no"}))
    with pytest.raises(AirflowFailException, match=f"returned {status}"):
        StopConversionOperator(task_id="t", **VERSION, conversion_id="c", ignore_if_missing=True).execute(context)
