"""The criteria of a quality gate: a measured number, its limit, and whether it passes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments.converters import ConversionError, number
from datarobot_provider.exceptions import InputError, MissingMeasurementError
from datarobot_provider.jobs.kinds import GREEN_CHECKS, KINDS
from datarobot_provider.jobs.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Metrics of DataRobot by the direction in which they improve.
_LOWER_IS_BETTER = frozenset(
    {"RMSE", "MAE", "MAPE", "RMSLE", "LogLoss", "Gamma Deviance", "Poisson Deviance", "Tweedie Deviance", "FPR"}
)
_HIGHER_IS_BETTER = frozenset(
    {"R Squared", "Accuracy", "AUC", "Kolmogorov-Smirnov", "TPR", "TNR", "PPV", "NPV", "F1", "MCC", "Rate@Top10%"}
)
_ADVICE = (
    "Check the period, whether the measurement is enabled in the settings of the deployment, and whether there are "
    "predictions and actual values."
)


@dataclass(frozen=True)
class Criterion:
    """One criterion of a gate.

    :param name: what is measured.
    :param value: the measured number, or a text.
    :param limit: what the value is compared with.
    :param accepted: whether the value passes.
    """

    name: str
    value: float | str
    limit: str
    accepted: bool

    def __str__(self) -> str:
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"{'accepted' if self.accepted else 'REJECTED'}  {self.name}: {value} ({self.limit})"


def decision(criteria: Sequence[Criterion]) -> dict[str, Any]:
    """Return the decision of a gate, for XCom: ``accepted``, and ``criteria``, a list."""
    return {"accepted": all(each.accepted for each in criteria), "criteria": [asdict(each) for each in criteria]}


def higher_is_better(metric: str, given: bool | None) -> bool:
    """Return whether higher values of a metric are better.

    :param metric: name of the metric.
    :param given: the answer of the user; ``None`` if the metric is a known one.
    :raises InputError: if the metric is unknown and there is no answer.
    """
    if given is not None:
        return given
    if metric not in _LOWER_IS_BETTER | _HIGHER_IS_BETTER:
        raise InputError(f"It is not known whether higher values of {metric!r} are better: give higher_is_better.")
    return metric in _HIGHER_IS_BETTER


def metric_value(accuracy: Mapping[str, Any], metric: str, model_id: str | None) -> float:
    """Return the value of a metric in a response with the accuracy.

    :param accuracy: the response.
    :param metric: name of the metric.
    :param model_id: id of the model, for the error; ``None`` for the current one.
    :raises MissingMeasurementError: if there is no value.
    """
    metrics = accuracy.get("metrics") or {}
    value = (metrics.get(metric) or {}).get("value")
    known = f" The response contains {', '.join(metrics)}." if metrics and metric not in metrics else ""
    return _number(value, f"{metric} of the {f'model {model_id}' if model_id else 'current model'}", known)


def metric_limit(name: str, value: float, limit: float, *, higher: bool) -> Criterion:
    """Return the criterion that a metric is as good as a limit.

    :param higher: whether higher values are better.
    """
    words = "at least" if higher else "at most"
    return Criterion(name, value, f"{words} {limit:g}", value >= limit if higher else value <= limit)


def drift(name: str, score: object, limit: float) -> Criterion:
    """Return the criterion that a drift is not above a limit.

    :raises MissingMeasurementError: if there is no score.
    """
    value = _number(score, name)
    return Criterion(name, value, f"at most {limit:g}", value <= limit)


def model_test(test: Mapping[str, Any]) -> Criterion:
    """Return the criterion that all checks of a model test succeeded or were skipped.

    :raises MissingMeasurementError: if the test has not ended.
    """
    checks = {name: check.get("status") for name, check in (test.get("testingStatus") or {}).items()}
    if not checks or KINDS["model_test"].probes[-1].outcome_of(str(test.get("overallStatus"))) is Outcome.PENDING:
        raise MissingMeasurementError("the checks of the model test", "Wait for the end of the test.")
    red = [f"{name} {status}" for name, status in checks.items() if status not in GREEN_CHECKS]
    return Criterion("checks of the model test", ", ".join(red) or "all green", "all green", not red)


def highest_drift(features: Sequence[Mapping[str, Any]], limit: float) -> Criterion:
    """Return the criterion that no feature has a drift above a limit.

    :param features: the features with their scores; those without a score are named in the criterion.
    :raises MissingMeasurementError: if no feature has a score.
    """
    scores = [row["driftScore"] for row in features if row.get("driftScore") is not None]
    name = "highest drift of a feature"
    missing = len(features) - len(scores)
    values = [_number(score, name) for score in scores]
    return drift(f"{name}, {missing} not measured" if missing else name, max(values, default=None), limit)


def _number(value: object, name: str, advice: str = "") -> float:
    try:
        return number(value)
    except ConversionError:
        raise MissingMeasurementError(name, f"{_ADVICE}{advice}") from None
