"""Real-time predictions by a stand-in for the deployed model."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import strict_json
from datarobot_provider.emulator.common.errors import ApiError
from datarobot_provider.emulator.evaluation import stand_in
from datarobot_provider.emulator.evaluation.table import as_number, read_table
from datarobot_provider.emulator.routes.deployments import requested_deployment
from datarobot_provider.emulator.store import deployment_health
from datarobot_provider.emulator.store.deployments import Deployment, Prediction, ServedRequest
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TYPES = ("application/json", "text/csv")


@route("POST", "/deployments/{deploymentId}/predictions")
def make_predictions(call: Call) -> Response:
    """Predict the rows in the request, a JSON list or CSV (POST /deployments/{deploymentId}/predictions)."""
    deployment = requested_deployment(call)
    if deployment.status(call.now()) not in {"active", "replacingModel"}:
        raise ApiError(422, "The deployment is not active.")
    rows = _rows(call)
    columns = _passthrough_columns(call, rows)
    target = deployment_health.target(call.state, deployment)
    predictions = [predict_row(deployment, target, row) for row in rows]
    deployment.requests.append(ServedRequest(deployment.model_id, len(predictions)))
    deployment.record(predictions)
    data = [_serialize(number, target, each, columns) for number, each in enumerate(predictions)]
    return Response(200, {"data": data})


def predict_row(deployment: Deployment, target: stand_in.Target, row: Mapping[str, str]) -> Prediction:
    """Return the prediction of a deployment for a row."""
    value, shares = stand_in.predict(target, row)
    return Prediction(deployment.model_id, dict(row), value, shares)


def _rows(call: Call) -> list[dict[str, str]]:
    """Return the rows in the body of a request.

    :raises ApiError: with status 422 if there are none.
    """
    content = call.raw
    media = call.media_type
    if media not in _TYPES:
        raise ApiError(422, f"The content type has to be {' or '.join(_TYPES)}.")
    try:
        rows = _json_rows(content) if media == "application/json" else _csv_rows(content)
    except (ValueError, csv.Error) as error:
        raise ApiError(422, f"The request body has no rows that can be read: {error}.") from None
    if not rows:
        raise ApiError(422, "The request body has no rows.")
    return rows


def _csv_rows(content: bytes) -> list[dict[str, str]]:
    table = read_table(content)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _json_rows(content: bytes) -> list[dict[str, str]]:
    try:
        rows = strict_json.loads(content)
    except strict_json.JsonError as error:
        raise ValueError(str(error)) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it is not a list of objects")
    return [{str(name): "" if value is None else str(value) for name, value in row.items()} for row in rows]


def _passthrough_columns(call: Call, rows: Sequence[Mapping[str, str]]) -> list[str]:
    if call.query.get("passthroughColumnsSet") == "all":
        return list(dict.fromkeys(name for row in rows for name in row))
    wanted = [value for name, value in call.arguments if name == "passthroughColumns"]
    unknown = [name for name in wanted if not any(name in row for row in rows)]
    if unknown:
        raise ApiError(400, f"The data has no column {', '.join(unknown)}.")
    return wanted


def _serialize(number: int, target: stand_in.Target, prediction: Prediction, columns: Sequence[str]) -> Json:
    is_number = target.kind in stand_in.NUMERIC
    value = as_number(prediction.value) if is_number else prediction.value
    values: Json = {**prediction.shares} or {target.name: value}
    return {
        "rowId": number,
        "prediction": value,
        "predictionValues": [{"label": label, "value": share} for label, share in values.items()],
        "deploymentApprovalStatus": "APPROVED",
        **({"predictionThreshold": 0.5} if target.kind == "Binary" else {}),
        **({"passthroughValues": {name: prediction.row.get(name) for name in columns}} if columns else {}),
    }
