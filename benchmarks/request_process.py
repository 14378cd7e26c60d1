"""Run the pipeline once on the emulator, with deferred waits, and count the requests of each task."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import TaskDeferred

from benchmarks.seed import DATASET, DEPLOYMENT, ENVIRONMENT
from benchmarks.subprocesses import ROOT, print_result
from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from harness.emulator import Emulator
from harness.emulator_client import EmulatorClient, requests_by_route

if TYPE_CHECKING:
    from collections.abc import Iterator

GUARD = {
    "name": "Prompt length",
    "description": "Reports long prompts.",
    "type": "ootb",
    "ootbType": "token_count",
    "stages": ["prompt"],
    "intervention": {
        "action": "report",
        "allowedActions": ["block", "report"],
        "conditions": [{"comparator": "greaterThan", "comparand": 4000}],
        "message": "Long.",
    },
}


class TaskInstance:
    """A task instance that ignores XComs."""

    def xcom_push(self, key: str, value: object) -> None:
        """Ignore the XCom."""


class StateStore(dict[str, Any]):
    """A task state store in memory."""

    set = dict.__setitem__
    delete = dict.__delitem__


def pipeline() -> Iterator[str]:
    """Run the tasks in sequence; yield the name of each one after its end."""
    model_id = _run(
        CreateCustomModelOperator, name="Requests", target_type="Regression", target_name="target",
        is_training_data_for_versions_permanently_enabled=True,
    )  # fmt: skip
    yield "create the model"
    folder = str(ROOT / "example_dags" / "models" / "diabetes_regression")
    training = {"datasetId": DATASET}
    version_id = _run(
        CreateVersionOperator, custom_model_id=model_id, folder=folder, base_environment_id=ENVIRONMENT,
        training_data=training, deferrable=True,
    )  # fmt: skip
    yield "create a version with training data"
    ids = {"custom_model_id": model_id, "custom_model_version_id": version_id, "deferrable": True}
    _run(StartDependencyBuildOperator, **ids)
    yield "build its dependencies"
    _run(RunModelTestOperator, **ids, dataset_id=DATASET)
    yield "test it"
    _run(ComputeFeatureImpactOperator, **ids)
    yield "compute feature impact"
    columns = {"prompt_column_name": "promptText", "target_column_name": "relevant"}
    _run(ValidateVectorDatabaseOperator, deployment_id=DEPLOYMENT, **columns, deferrable=True)
    yield "validate a vector database"
    _run(ApplyGuardConfigOperator, custom_model_id=model_id, guards=[GUARD])
    yield "apply guards"


def _run(operator: type, **arguments: Any) -> Any:
    context = {"ti": TaskInstance(), "task_state_store": StateStore()}
    try:
        return operator(task_id="t", **arguments).execute(context)
    except TaskDeferred as deferred:
        event = asyncio.run(_first(deferred.trigger))
        return getattr(operator(task_id="t", **arguments), deferred.method_name)(context, event=event.payload)


async def _first(trigger: Any) -> Any:
    return await anext(trigger.run())


def main() -> None:
    """Run the pipeline and print the requests of each task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--time-scale", type=float, required=True)
    options = parser.parse_args()
    rows, before = [], Counter[str]()
    with Emulator(options.folder, time_scale=options.time_scale) as emulator:
        os.environ["AIRFLOW_CONN_DATAROBOT_DEFAULT"] = json.dumps(emulator.connection)
        client = EmulatorClient(emulator.endpoint, emulator.token)
        for task in pipeline():
            now = requests_by_route(client.provider_requests())
            rows += [{"task": task, "route": route, "count": count} for route, count in (now - before).items()]
            before = now
    print_result({"rows": rows})


if __name__ == "__main__":
    main()
