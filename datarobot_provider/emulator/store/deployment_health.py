"""Health and statistics of a deployment, computed from its predictions and actual values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.evaluation import accuracy as metrics
from datarobot_provider.emulator.evaluation import stand_in
from datarobot_provider.emulator.evaluation.drift import stability_index
from datarobot_provider.emulator.evaluation.table import as_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.emulator.store.deployments import Deployment, Prediction
    from datarobot_provider.emulator.store.entities import Dataset
    from datarobot_provider.emulator.store.state import State

Json = dict[str, Any]
#: DataRobot's default limit of a population stability index.
_DRIFT_LIMIT = 0.15


def service(deployment: Deployment) -> Json:
    """Return the service health: unknown without requests."""
    return {"status": "passing" if deployment.requests else "unknown"}


def model(state: State, deployment: Deployment) -> Json:
    """Return the model health: failing if the target or a feature has drifted."""
    if not (deployment.settings["targetDrift"]["enabled"] or deployment.settings["featureDrift"]["enabled"]):
        return {"status": "unknown"}
    predictions = of_model(deployment, deployment.model_id)
    scores = [score for score, *_ in features(state, deployment, predictions).values() if score is not None]
    if not scores:
        return {"status": "unknown"}
    return {"status": "failing" if max(scores) > _DRIFT_LIMIT else "passing"}


def accuracy(deployment: Deployment) -> Json:
    """Return the accuracy health: unknown without actual values, because there is no limit by default."""
    known = known_pairs(deployment, of_model(deployment, deployment.model_id))
    return {"status": "passing" if known else "unknown"}


def of_model(deployment: Deployment, model_id: str) -> list[Prediction]:
    """Return the predictions of a model."""
    return [each for each in deployment.predictions if each.model_id == model_id]


def target(state: State, deployment: Deployment) -> stand_in.Target:
    """Return what a deployment predicts."""
    version = state.find_version(deployment.version_id or "")
    if version is None:
        return stand_in.Target("target", deployment.target_type, ())
    return stand_in.target_of(state.model(version.model_id).fields)


def training_data(state: State, deployment: Deployment) -> Dataset | None:
    """Return the training data of the version that a deployment serves, or None."""
    version = state.find_version(deployment.version_id or "")
    return version.training.dataset if version and version.training else None


def features(
    state: State, deployment: Deployment, predictions: Sequence[Prediction]
) -> dict[str, tuple[float | None, int, int]]:
    """Return the drift of each feature of the training data: score, number of predictions, number of training rows."""
    data, name = training_data(state, deployment), target(state, deployment).name
    if data is None:
        return {}
    drifts = {}
    for index, column in enumerate(data.columns):
        new = [each.row[column] for each in predictions if column in each.row]
        if column != name:
            drifts[column] = (stability_index([row[index] for row in data.rows], new), len(new), len(data.rows))
    return drifts


def target_drift(
    state: State, deployment: Deployment, predictions: Sequence[Prediction]
) -> tuple[float | None, int, int]:
    """Return the drift of the target: score, number of predictions, number of training rows."""
    data, name = training_data(state, deployment), target(state, deployment).name
    if data is None or name not in data.columns:
        return None, len(predictions), 0
    index = data.columns.index(name)
    score = stability_index([row[index] for row in data.rows], [each.value for each in predictions])
    return score, len(predictions), len(data.rows)


def known_pairs(deployment: Deployment, predictions: Sequence[Prediction]) -> list[tuple[Prediction, str]]:
    """Return the predictions with an actual value, each with that value."""
    columns = deployment.settings["associationId"]["columnNames"] or []
    pairs = [(each, each.row.get(columns[0], "")) for each in predictions] if columns else []
    return [(each, deployment.actuals[key]) for each, key in pairs if key in deployment.actuals]


def accuracy_metrics(
    state: State, deployment: Deployment, predictions: Sequence[Prediction]
) -> tuple[dict[str, float | None], int]:
    """Return the accuracy metrics, and the number of predictions with an actual value."""
    known = known_pairs(deployment, predictions)
    if target(state, deployment).classes:
        return metrics.classification_metrics([(each.shares, actual) for each, actual in known]), len(known)
    numbers = [(as_number(each.value), as_number(actual)) for each, actual in known]
    pairs = [(old, new) for old, new in numbers if old is not None and new is not None]
    return metrics.regression_metrics(pairs), len(pairs)
