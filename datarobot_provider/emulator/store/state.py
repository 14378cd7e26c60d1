"""State of the emulator. Only the event loop accesses it, so that no locks are required."""

from __future__ import annotations

import copy
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.common.errors import ApiError, invalid, not_found
from datarobot_provider.emulator.store.deployments import Champion
from datarobot_provider.emulator.store.entities import (
    CustomModel,
    Dataset,
    Environment,
    EnvironmentVersion,
    Guard,
    ModelTest,
    RegisteredModel,
    RegisteredVersion,
    StatusRecord,
    UseCase,
    Validation,
    Version,
)
from datarobot_provider.emulator.store.jobs import KINDS, Job, PlannedOutcome, StatusListSettings, validated_time_scale
from datarobot_provider.emulator.store.outcomes import Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from datarobot_provider.emulator.store.credentials import Credential
    from datarobot_provider.emulator.store.data_sources import DataSource
    from datarobot_provider.emulator.store.deployments import BatchPrediction, Deployment
    from datarobot_provider.emulator.store.prediction_server_image import Image

_Entity = TypeVar("_Entity")
# The attributes of the state that a seed changes.
_SEEDED = (
    "datasets", "environments", "environment_versions", "deployments", "use_cases", "credentials", "image", "models",
    "validations", "guards",
)  # fmt: skip


class Effect(Protocol):
    """A change of the state when a job succeeds."""

    def apply(self, state: State, /) -> None:
        """Change the state."""


class State:
    """All resources and jobs, and the clock of the jobs.

    :param scale: the factor on the duration of every job.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = validated_time_scale(scale)
        self.clock: Callable[[], float] = time.monotonic
        self._frozen_time: float | None = None
        self._reset()

    def clear(self) -> None:
        """Remove everything and close the uploaded files."""
        for model in self.models.values():
            for version in model.versions:
                for item in version.items:
                    item.file.close()
        for built in self.environment_versions.values():
            if built.context:
                built.context.close()
        self._reset()

    def _reset(self) -> None:
        self.outcomes = Outcomes()
        self.datasets: dict[str, Dataset] = {}
        self.environments: dict[str, Environment] = {}
        self.environment_versions: dict[str, EnvironmentVersion] = {}
        self.registered_models: dict[str, RegisteredModel] = {}
        self.registered_versions: dict[str, RegisteredVersion] = {}
        self.deployments: dict[str, Deployment] = {}
        self.batch_predictions: dict[str, BatchPrediction] = {}
        self.use_cases: dict[str, UseCase] = {}
        self.credentials: dict[str, Credential] = {}
        self.data_sources: dict[str, DataSource] = {}
        self.image: Image | None = None
        self.models: dict[str, CustomModel] = {}
        self.tests: dict[str, ModelTest] = {}
        self.validations: dict[str, Validation] = {}
        self.guards: dict[str, Guard] = {}
        self.moderation: dict[tuple[str, str], dict[str, Any]] = {}
        self.statuses: dict[str, StatusRecord] = {}
        self.status_list = StatusListSettings()
        self.jobs: list[Job] = []
        #: The effects of jobs that have not been applied.
        self.effects: list[tuple[Job, Effect]] = []

    def staged(self) -> State:
        """Return a copy to which resources can be added without a change of this state. See `adopt`."""
        staged = copy.copy(self)
        for name in _SEEDED:
            setattr(staged, name, copy.copy(getattr(self, name)))
        return staged

    def adopt(self, staged: State) -> None:
        """Replace the resources by those of a staged copy.

        :param staged: the result of `staged`. This state must not have changed in the meantime.
        """
        for name in _SEEDED:
            setattr(self, name, getattr(staged, name))

    def now(self) -> float:
        """Return the monotonic time."""
        return self.clock() if self._frozen_time is None else self._frozen_time

    @contextmanager
    def frozen_clock(self) -> Iterator[None]:
        """Stop the clock, so that no job changes its state while a response is created."""
        self._frozen_time = self.clock()
        try:
            yield
        finally:
            self._frozen_time = None

    def start_job(
        self, kind: str, ids: dict[str, str], default: PlannedOutcome | None = None, seconds: float | None = None
    ) -> Job:
        """Create a job.

        :param kind: the kind of the job.
        :param ids: the ids that the control API lists for the job.
        :param default: the outcome that the inputs determine, used unless the control API has set one.
        :param seconds: the duration at time scale 1, or None for the duration of the kind.
        """
        planned = self.outcomes.take(kind, default or PlannedOutcome(), ids)
        duration = (KINDS[kind].seconds if seconds is None else seconds) * self.scale
        job = Job(
            kind, ids, planned, self.now(), duration if planned.seconds is None else planned.seconds, timestamps.now()
        )
        self.jobs.append(job)
        return job

    def create_status_record(
        self, job: Job, location: str, *, genai: bool = False, completed_on_failure: bool = False
    ) -> StatusRecord:
        """Create a status record for a job.

        :param location: the path of the result, below the API root.
        :param genai: whether the record belongs to the GenAI routes.
        :param completed_on_failure: whether the record reports COMPLETED although the job has failed.
        """
        record = StatusRecord(identifiers.status_id(), job, location, genai, completed_on_failure)
        self.statuses[record.id] = record
        job.ids["statusId"] = record.id
        return record

    def on_success(self, job: Job, effect: Effect) -> None:
        """Run an effect before the next request that arrives after a job has succeeded.

        :param job: the job.
        :param effect: the effect, an instance of a dataclass that is registered for snapshots.
        """
        self.effects.append((job, effect))

    def apply_effects(self) -> None:
        """Run the effects of the jobs that have succeeded since the previous request."""
        waiting, self.effects = self.effects, []
        for job, effect in waiting:
            if job.active(self.now()):
                self.effects.append((job, effect))
            elif job.state(self.now()) == KINDS[job.kind].final_states["succeeded"]:
                effect.apply(self)

    def model(self, model_id: str) -> CustomModel:
        """Return a custom model.

        :raises ApiError: with status 404 if it does not exist.
        """
        return _existing(self.models.get(model_id))

    def version(self, model_id: str, version_id: str) -> Version:
        """Return a version of a model.

        :raises ApiError: with status 404 if it does not exist, or the job that assigns its training data has expired.
        """
        found = _existing(next((v for v in self.model(model_id).versions if v.id == version_id), None))
        if found.training and found.training.job.expired(self.now()):
            raise not_found()
        return found

    def dataset(self, dataset_id: str, version_id: str | None = None) -> Dataset:
        """Return a version of a dataset that is ready for use.

        :param version_id: the id of the version, or None for the newest one that was read successfully.
        :raises ApiError: with status 404 if it does not exist, or 422 if it was not read successfully.
        """
        newest = self.datasets.get(dataset_id)
        if newest is None or newest.deleted:
            raise ApiError(404, "Dataset not found.")
        wanted = [v for v in newest.versions if version_id in {None, v.version_id}]
        if not wanted:
            raise ApiError(404, "Dataset version not found.")
        ready = [v for v in wanted if v.is_ready(self.now())]
        if not ready:
            raise ApiError(422, "The dataset has to be read to its end before it can be used.")
        return ready[-1]

    def environment(self, environment_id: str | None, version_id: str | None) -> EnvironmentVersion:
        """Return a version of an environment: by its id, or the newest one of an environment that is built.

        :raises ApiError: with status 422 if it does not exist or is not built.
        """
        environment = self.environments.get(environment_id or "")
        if environment_id and environment is None:
            raise invalid("baseEnvironmentId", "no such execution environment")
        if not version_id:
            found = self.built_version(environment) if environment else None
        else:
            found = self.environment_versions.get(version_id)
            if found is None or environment not in (None, found.environment):
                raise invalid("baseEnvironmentVersionId", "no such version of the execution environment")
        if found is None or found.status(self.now()) != "success":
            raise invalid("baseEnvironmentId", "the execution environment has no version that is built")
        return found

    def versions_of(self, environment: Environment) -> list[EnvironmentVersion]:
        """Return the versions of an environment, newest first."""
        versions = [v for v in self.environment_versions.values() if v.environment is environment]
        return [v for v in reversed(versions) if not (v.build and v.build.expired(self.now()))]

    def built_version(self, environment: Environment) -> EnvironmentVersion | None:
        """Return the newest version of an environment that is built, or None."""
        return next((v for v in self.versions_of(environment) if v.status(self.now()) == "success"), None)

    def deployments_of(self, model: CustomModel, version: Version | None = None) -> list[Deployment]:
        """Return the deployments of a model.

        :param version: the version to which the result is restricted, or None.
        """
        version_ids = {version.id} if version else {v.id for v in model.versions}
        return [d for d in self.deployments.values() if d.version_id in version_ids]

    def is_frozen(self, version: Version) -> bool:
        """Return whether a version is read-only, because it is superseded or deployed."""
        return version.superseded or bool(self.deployments_of(self.model(version.model_id), version))

    def add_deployment(self, deployment: Deployment) -> None:
        """Add a deployment. If its model id is the id of a custom model or of a version, it serves that version."""
        model = self.models.get(deployment.model_id)
        version = self.find_version(deployment.model_id) or (model.latest if model else None)
        deployment.version_id = version.id if version else None
        deployment.history.append(Champion(deployment.model_id, None, "OTHER"))
        self.deployments[deployment.id] = deployment

    def find_version(self, version_id: str) -> Version | None:
        """Return the version with an id, of any model, or None."""
        return next((v for m in self.models.values() for v in m.versions if v.id == version_id), None)

    def active_tests(self, model: CustomModel) -> Iterable[ModelTest]:
        """Return the running tests of a model."""
        return [t for t in self.tests.values() if t.model.id == model.id and t.job.active(self.now())]


def _existing(entity: _Entity | None) -> _Entity:
    if entity is None:
        raise not_found()
    return entity
