"""Deployments, what they have predicted, and batch predictions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.store.jobs import FAILED
from datarobot_provider.emulator.store.snapshot import snapshot_class

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from datarobot_provider.emulator.store.entities import RegisteredVersion
    from datarobot_provider.emulator.store.jobs import Job
    from datarobot_provider.emulator.store.state import State

#: The prediction environment of all deployments.
PREDICTION_ENVIRONMENT = {
    "id": "64e0000000000000000000b0",
    "name": "Emulated prediction environment",
    "platform": "datarobotServerless",
}
_OFF = {"enabled": False}


def _default_settings() -> dict[str, Any]:
    return {
        "associationId": {"columnNames": None, "requiredInPredictionRequests": False, "autoGenerateId": False},
        "automaticActuals": _OFF,
        "batchMonitoring": _OFF,
        "challengerModels": _OFF,
        "featureDrift": _OFF,
        "humility": _OFF,
        "predictionIntervals": {"enabled": False, "percentiles": []},
        "predictionWarning": _OFF,
        "predictionsDataCollection": _OFF,
        "segmentAnalysis": {"enabled": False, "attributes": []},
        "targetDrift": _OFF,
    }


@snapshot_class
@dataclass
class Prediction:
    """The prediction for one row.

    :param model_id: the id of the model that made it, as the API names it.
    :param row: the values of the row, by column.
    :param value: the predicted number, class or text.
    :param shares: the probability of each class; empty if there are no classes.
    """

    model_id: str
    row: dict[str, str]
    value: str
    shares: dict[str, float]
    created: datetime = field(default_factory=timestamps.now)


@snapshot_class
@dataclass
class ServedRequest:
    """A request for predictions that was not rejected.

    :param rows: the number of predicted rows.
    """

    model_id: str
    rows: int
    created: datetime = field(default_factory=timestamps.now)


@snapshot_class
@dataclass
class Champion:
    """A model that a deployment serves or has served.

    :param package: the registered model version, or None if the control API or the seed has created the deployment.
    :param reason: the reason of its deployment.
    :param replaced: the time of its replacement, or None.
    """

    model_id: str
    package: RegisteredVersion | None
    reason: str
    since: datetime = field(default_factory=timestamps.now)
    replaced: datetime | None = None


@snapshot_class
@dataclass
class Challenger:
    """A challenger of the model of a deployment.

    :param job: the job that adds it.
    """

    id: str
    name: str
    package: RegisteredVersion
    job: Job


@snapshot_class
@dataclass
class Deployment:
    """A deployment.

    :param model_id: the id of the model, as the API names it.
    :param columns: the columns that a vector database returns, if they are limited.
    :param version_id: the custom model version that it serves and that is therefore frozen, if any.
    :param package: the registered model version that it serves, if any.
    :param launch: the job that creates the deployment, or None if the control API or the seed has created it.
    :param change: the latest job that changes its status or its model.
    :param actuals: the actual values by association id.
    """

    id: str
    label: str
    model_id: str
    target_type: str
    columns: list[str] | None
    version_id: str | None = None
    package: RegisteredVersion | None = None
    description: str = ""
    importance: str = "LOW"
    user_provided_id: str | None = None
    active: bool = True
    launch: Job | None = None
    change: Job | None = None
    settings: dict[str, Any] = field(default_factory=_default_settings)
    history: list[Champion] = field(default_factory=list)
    challengers: dict[str, Challenger] = field(default_factory=dict)
    predictions: list[Prediction] = field(default_factory=list)
    requests: list[ServedRequest] = field(default_factory=list)
    actuals: dict[str, str] = field(default_factory=dict)
    created: datetime = field(default_factory=timestamps.now)

    def status(self, now: float) -> str:
        """Return the status as the API names it."""
        if self.launch and self.launch.result(now) == FAILED:
            return "errored"
        if self.launch and self.launch.active(now):
            return "launching"
        if self.change and self.change.active(now):
            return str(self.change.extra["status"])
        return "active" if self.active else "inactive"

    def record(self, predictions: Sequence[Prediction]) -> None:
        """Record predictions, and those of the challengers, which predict the same."""
        self.predictions += predictions
        for challenger in self.challengers.values():
            model_id = challenger.package.version_id
            self.predictions += [replace(each, model_id=model_id) for each in predictions]

    def exists(self, now: float) -> bool:
        """Return whether the API knows the deployment, which is not the case after its job has expired."""
        return not (self.launch and self.launch.expired(now))


@snapshot_class
@dataclass
class FieldChange:
    """Sets fields of a deployment.

    :param values: the new values by attribute.
    """

    deployment: Deployment
    values: dict[str, Any]

    def apply(self, _: State) -> None:
        """Set the fields."""
        for name, value in self.values.items():
            setattr(self.deployment, name, value)


@snapshot_class
@dataclass
class SettingsChange:
    """Changes settings of a deployment; the parts of a setting that are not given stay as they are.

    :param values: the new values by setting.
    """

    deployment: Deployment
    values: dict[str, Any]

    def apply(self, _: State) -> None:
        """Change the settings."""
        settings = self.deployment.settings
        for name, value in self.values.items():
            current = settings.get(name)
            settings[name] = {**current, **value} if isinstance(current, dict) and isinstance(value, dict) else value


@snapshot_class
@dataclass
class Replacement:
    """Makes a deployment serve another registered model version."""

    deployment: Deployment
    package: RegisteredVersion
    reason: str

    def apply(self, _: State) -> None:
        """Replace the model."""
        serve(self.deployment, self.package, self.reason)


@snapshot_class
@dataclass
class NewActuals:
    """Adds actual values to a deployment. Later values replace earlier ones with the same association id."""

    deployment: Deployment
    actuals: dict[str, str]

    def apply(self, _: State) -> None:
        """Add the actual values."""
        self.deployment.actuals |= self.actuals


@snapshot_class
@dataclass
class BatchPrediction:
    """A batch prediction job.

    :param spec: the settings that were sent.
    :param job: the job, or None while the file of a ``localFile`` intake has not been uploaded.
    :param scored: the predictions, made when the job starts and recorded when it succeeds.
    :param result: the CSV document of the result.
    :param failures: the reason for each row that cannot be scored.
    """

    id: str
    deployment: Deployment
    spec: dict[str, Any]
    job: Job | None = None
    intake_size: int = 0
    scored: list[Prediction] = field(default_factory=list)
    result: str = ""
    failures: list[str] = field(default_factory=list)
    created: datetime = field(default_factory=timestamps.now)

    def apply(self, _: State) -> None:
        """Record the predictions after the job has succeeded."""
        model_id = self.scored[0].model_id if self.scored else self.deployment.model_id
        self.deployment.requests.append(ServedRequest(model_id, len(self.scored)))
        if not self.spec.get("skipDriftTracking"):
            self.deployment.record(self.scored)


def serve(deployment: Deployment, package: RegisteredVersion, reason: str) -> None:
    """Make a deployment serve a registered model version."""
    if deployment.history:
        deployment.history[-1].replaced = timestamps.now()
    deployment.package = package
    deployment.model_id = deployment.version_id = package.version_id
    deployment.target_type = package.model.target["type"]
    deployment.history.append(Champion(package.version_id, package, reason))
