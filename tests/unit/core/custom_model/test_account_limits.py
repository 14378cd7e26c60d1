"""Checks of the account limits before an upload."""

from __future__ import annotations

import pytest

from datarobot_provider.core.custom_model.account_limits import check_limits
from datarobot_provider.exceptions import AuthenticationError, InputError, TransportError
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from datarobot_provider.version_compat import AirflowFailException
from tests.unit.support import FakeApi, response

GIB = 1 << 30
LIMITS = {
    "desiredCustomModelContainerSize": GIB,
    "maxCustomModelContainerSize": 2 * GIB,
    "maxCustomModelReplicasPerDeployment": 3,
    "maxCustomModelTestingParallelUsers": 20,
}


def count_requests(limits_response, payload):
    """Check a payload; return how often the limits were requested."""
    api = FakeApi()
    api.on("GET", "customModelLimits/", limits_response)
    check_limits(api.client(), payload)
    return len(api.requests)


@pytest.mark.parametrize("payload", [{}, {"networkEgressPolicy": "NONE", "maximumMemory": None}])
def test_limits_are_not_requested_without_a_limited_field(payload):
    assert count_requests(response(500), payload) == 0


@pytest.mark.parametrize(
    "payload", [{"maximumMemory": 2 * GIB}, {"desiredMemory": 2 * GIB}, {"replicas": 3, "maximumMemory": GIB}]
)
def test_limits_are_requested_once(payload):
    assert count_requests(response(body=LIMITS), payload) == 1


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (
            {"maximumMemory": 2 * GIB + 1},
            r"maximum_memory is 2,147,483,649 bytes, .* limit of the account is 2,147,483,648 bytes",
        ),
        ({"maximumMemory": GIB, "desiredMemory": 4 * GIB}, r"desired_memory is 4,294,967,296 bytes, .* 2,147,483,648"),
        ({"replicas": 4}, r"replicas is 4, but the limit of the account is 3 \(maxCustomModelReplicasPerDeployment\)"),
    ],
)
def test_error_names_the_argument_the_value_and_the_limit(payload, message):
    with pytest.raises(InputError, match=message):
        count_requests(response(body=LIMITS), payload)


@pytest.mark.parametrize("limits", [{}, {**LIMITS, "maxCustomModelReplicasPerDeployment": None}])
def test_missing_limit_is_not_checked(limits):
    assert count_requests(response(body=limits), {"replicas": 8}) == 1


@pytest.mark.parametrize(
    "limits_response", [response(403), response(404), response(500), response(200, b"<html>"), response(body=[])]
)
def test_failed_request_for_the_limits_is_ignored(limits_response):
    assert count_requests(limits_response, {"replicas": 8}) == 1


def test_errors_that_would_fail_the_upload_are_raised():
    with pytest.raises(AuthenticationError):
        count_requests(response(401), {"replicas": 1})
    with pytest.raises(TransportError):
        count_requests(TransportError("gone", reason="refused", sent=False), {"replicas": 1})


@pytest.mark.parametrize(
    ("task", "given"),
    [
        (CreateVersionOperator, {"custom_model_id": "m", "from_latest": True}),
        (RunModelTestOperator, {"custom_model_id": "m", "custom_model_version_id": "v", "dataset_id": "d"}),
    ],
)
def test_resource_bundle_with_memory_is_refused(task, given, api, context):
    made = task(task_id="t", **given, resource_bundle_id="b", maximum_memory=GIB, desired_memory=GIB)
    with pytest.raises(
        AirflowFailException, match="Pass either resource_bundle_id or maximum_memory and desired_memory"
    ):
        made.execute(context)
    assert api.requests == []
