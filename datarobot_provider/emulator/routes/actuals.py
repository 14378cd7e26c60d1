"""Actual values of predictions, from which the accuracy is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common.errors import ApiError, invalid
from datarobot_provider.emulator.routes.deployments import requested_deployment
from datarobot_provider.emulator.store.deployments import NewActuals
from datarobot_provider.emulator.web.routing import Call, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.deployments import Deployment

_DEPLOYMENT = "/deployments/{deploymentId}/"


@route("POST", _DEPLOYMENT + "actuals/fromJSON/")
def submit_actuals(call: Call) -> Response:
    """Add the actual values in the request (POST .../actuals/fromJSON/)."""
    deployment = _with_association_id(call)
    return _start(call, deployment, {row["associationId"]: _text(row["actualValue"]) for row in call.body["data"]})


@route("POST", _DEPLOYMENT + "actuals/fromDataset/")
def submit_actuals_from_dataset(call: Call) -> Response:
    """Add the actual values in a dataset (POST .../actuals/fromDataset/)."""
    deployment = _with_association_id(call)
    dataset = call.state.dataset(call.body["datasetId"], call.body.get("datasetVersionId"))
    columns = []
    for name in ("associationIdColumn", "actualValueColumn"):
        if call.body[name] not in dataset.columns:
            raise invalid(name, "the dataset has no such column")
        columns.append(dataset.columns.index(call.body[name]))
    return _start(call, deployment, {row[columns[0]]: row[columns[1]] for row in dataset.rows})


def _with_association_id(call: Call) -> Deployment:
    deployment = requested_deployment(call)
    if not deployment.settings["associationId"]["columnNames"]:
        raise ApiError(422, "The deployment has no association id; set it before actuals are submitted.")
    return deployment


def _start(call: Call, deployment: Deployment, actuals: dict[str, str]) -> Response:
    job = call.state.start_job("actuals", {"deploymentId": deployment.id})
    call.state.on_success(job, NewActuals(deployment, actuals))
    return call.accepted(call.state.create_status_record(job, _DEPLOYMENT.format(deploymentId=deployment.id)))


def _text(value: str | float) -> str:
    """Return a value as it is in a CSV file: a class may be sent as a number."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
