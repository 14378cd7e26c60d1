"""Dependency builds, as the tests of job operators script and run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from tests.unit.jobs.scripted_waits import ref_of
from tests.unit.support import response

if TYPE_CHECKING:
    from datarobot_provider.client.request import Response
    from tests.unit.support import FakeApi

IDS = {"custom_model_id": "m", "custom_model_version_id": "v"}
BUILD = "customModels/m/versions/v/dependencyBuild/"
LOG = "customModels/m/versions/v/dependencyBuildLog/"
REF = ref_of("dependency_build")


def state(word: str) -> Response:
    """Return a build in this state."""
    return response(body={"buildStatus": word})


def build(**given: Any) -> StartDependencyBuildOperator:
    """Return the operator."""
    return StartDependencyBuildOperator(task_id="t", **IDS, **given)


def script(api: FakeApi, *polls: Any) -> None:
    """Let the API start, show, log and cancel a build."""
    api.on("POST", BUILD, response(202, {"buildStatus": "submitted"}))
    api.on("GET", BUILD, *polls)
    api.on("GET", LOG, response(200, b"first\nlast\n"))
    api.on("DELETE", BUILD, response(204))
