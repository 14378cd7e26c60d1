"""Statistics of deployments: service, drift, accuracy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.common.errors import invalid
from datarobot_provider.emulator.routes.deployments import requested_deployment
from datarobot_provider.emulator.store import deployment_health
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.deployments import Deployment, Prediction, ServedRequest

_DEPLOYMENT = "/deployments/{deploymentId}/"
_METRIC = "psi"
_FIRST_YEAR = 1970
_DEFAULT_PERIOD = timedelta(days=7)
#: What the emulator does not measure: the API returns 0, or null for a duration.
_NOT_MEASURED = {
    "slowRequests": 0, "executionTime": None, "responseTime": None, "userErrorRate": 0.0, "serverErrorRate": 0.0,
    "cacheHitRatio": 0.0, "medianLoad": 0, "peakLoad": 0,
}  # fmt: skip


class _Period(NamedTuple):
    """The period and the model that statistics are about."""

    deployment: Deployment
    start: datetime
    end: datetime
    model_id: str

    def to_json(self) -> Json:
        return {"start": timestamps.iso_format(self.start), "end": timestamps.iso_format(self.end)}

    def contains(self, each: Prediction | ServedRequest) -> bool:
        return each.model_id == self.model_id and self.start <= each.created < self.end

    def predictions(self) -> list[Prediction]:
        return [each for each in self.deployment.predictions if self.contains(each)]


@route("GET", _DEPLOYMENT + "serviceStats/")
def get_service_statistics(call: Call) -> Response:
    """Return how many predictions were requested (GET .../serviceStats/)."""
    period = _requested_period(call)
    requests = [each for each in period.deployment.requests if period.contains(each)]
    metrics = {
        "totalPredictions": sum(each.rows for each in requests),
        "totalRequests": len(requests),
        "numConsumers": int(bool(requests)),
        **_NOT_MEASURED,
    }
    return Response(200, {"period": period.to_json(), "modelId": period.model_id, "metrics": metrics})


@route("GET", _DEPLOYMENT + "targetDrift/")
def get_target_drift(call: Call) -> Response:
    """Return the drift of the predictions against the target of the training data (GET .../targetDrift/)."""
    period = _requested_period(call)
    enabled = period.deployment.settings["targetDrift"]["enabled"]
    predictions = period.predictions() if enabled else []
    score, size, baseline = deployment_health.target_drift(call.state, period.deployment, predictions)
    body = {
        "period": period.to_json(),
        "modelId": period.model_id,
        "metric": _METRIC,
        "targetName": deployment_health.target(call.state, period.deployment).name,
        "driftScore": score,
        "sampleSize": size,
        "baselineSampleSize": baseline,
        "segmentValue": None,
    }
    return Response(200, body)


@route("GET", _DEPLOYMENT + "featureDrift/")
def get_feature_drift(call: Call) -> Response:
    """Return the drift of each feature against the training data (GET .../featureDrift/)."""
    period = _requested_period(call)
    enabled = period.deployment.settings["featureDrift"]["enabled"]
    drifts = deployment_health.features(call.state, period.deployment, period.predictions()) if enabled else {}
    page = call.page(
        [*drifts.items()],
        lambda item: {
            "name": item[0],
            "driftScore": item[1][0],
            "featureImpact": None,
            "sampleSize": item[1][1],
            "baselineSampleSize": item[1][2],
        },
    )
    page.body |= {"period": period.to_json(), "modelId": period.model_id, "metric": _METRIC}
    return page


@route("GET", _DEPLOYMENT + "accuracy/")
def get_accuracy(call: Call) -> Response:
    """Return the accuracy of the predictions whose actual values are known (GET .../accuracy/)."""
    period = _requested_period(call)
    values, size = deployment_health.accuracy_metrics(call.state, period.deployment, period.predictions())
    nothing = {"baselineValue": None, "baselineSampleSize": None, "percentChange": None}
    metrics = {name: {"value": value, "sampleSize": size, **nothing} for name, value in values.items()}
    data = [{"modelId": period.model_id, "metricName": name, **metric} for name, metric in metrics.items()]
    return Response(200, {"period": period.to_json(), "modelId": period.model_id, "metrics": metrics, "data": data})


def _requested_period(call: Call) -> _Period:
    deployment = requested_deployment(call)
    next_hour = timestamps.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    end = _hour(call, "end") or next_hour
    start = _hour(call, "start") or end - _DEFAULT_PERIOD
    if start >= end:
        raise invalid("start", "has to be before end", "query")
    return _Period(deployment, start, end, call.query.get("modelId") or deployment.model_id)


def _hour(call: Call, name: str) -> datetime | None:
    text = call.query.get(name)
    if text is None:
        return None
    moment = datetime.fromisoformat(text).astimezone(UTC)
    if moment.year < _FIRST_YEAR:
        raise invalid(name, f"has to be after {_FIRST_YEAR}", "query")
    if (moment.minute, moment.second, moment.microsecond) != (0, 0, 0):
        raise invalid(name, "has to be the top of an hour", "query")
    return moment
