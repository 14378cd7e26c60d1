"""What the account allows is asked for before an upload, and only then."""

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


def asked(answer, payload):
    """Check a payload; return how often the limits were asked for."""
    api = FakeApi()
    api.on("GET", "customModelLimits/", answer)
    check_limits(api.client(), payload)
    return len(api.requests)


@pytest.mark.parametrize("payload", [{}, {"networkEgressPolicy": "NONE", "maximumMemory": None}])
def test_nothing_is_asked_if_nothing_is_limited(payload):
    assert asked(response(500), payload) == 0


@pytest.mark.parametrize(
    "payload", [{"maximumMemory": 2 * GIB}, {"desiredMemory": 2 * GIB}, {"replicas": 3, "maximumMemory": GIB}]
)
def test_what_the_account_allows_is_asked_for_once_and_taken(payload):
    assert asked(response(body=LIMITS), payload) == 1


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (
            {"maximumMemory": 2 * GIB + 1},
            r"maximum_memory is 2,147,483,649 bytes, .* limit of the account is 2,147,483,648 bytes",
        ),
        ({"maximumMemory": GIB, "desiredMemory": 4 * GIB}, r"desired_memory is 4,294,967,296 bytes, .* 2,147,483,648"),
        ({"replicas": 4}, r"replicas is 4, but the limit of the account is 3 \(maxCustomModelReplicasPerDeployment\)"),
    ],
)
def test_the_argument_the_value_and_the_limit_are_named(payload, said):
    with pytest.raises(InputError, match=said):
        asked(response(body=LIMITS), payload)


@pytest.mark.parametrize("limits", [{}, {**LIMITS, "maxCustomModelReplicasPerDeployment": None}])
def test_a_limit_that_is_not_told_is_none(limits):
    assert asked(response(body=limits), {"replicas": 8}) == 1


@pytest.mark.parametrize(
    "answer", [response(403), response(404), response(500), response(200, b"<html>"), response(body=[])]
)
def test_an_installation_that_does_not_tell_does_not_stop_the_upload(answer):
    assert asked(answer, {"replicas": 8}) == 1


def test_what_would_stop_the_upload_too_is_told_at_once():
    with pytest.raises(AuthenticationError):
        asked(response(401), {"replicas": 1})
    with pytest.raises(TransportError):
        asked(TransportError("gone", reason="refused", sent=False), {"replicas": 1})


@pytest.mark.parametrize(
    ("task", "given"),
    [
        (CreateVersionOperator, {"custom_model_id": "m", "from_latest": True}),
        (RunModelTestOperator, {"custom_model_id": "m", "custom_model_version_id": "v", "dataset_id": "d"}),
    ],
)
def test_a_bundle_and_memory_exclude_each_other_before_anything_is_sent(task, given, api, context):
    made = task(task_id="t", **given, resource_bundle_id="b", maximum_memory=GIB, desired_memory=GIB)
    with pytest.raises(
        AirflowFailException, match="Pass either resource_bundle_id or maximum_memory and desired_memory"
    ):
        made.execute(context)
    assert api.requests == []
