"""Everything the emulator remembers. Touched only from the event loop, so it needs no locks."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, TypeVar

from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.store.jobs import KINDS, SUCCEEDED, Fate, Job, checked_scale
from datarobot_provider.emulator.store.outcomes import Outcomes
from datarobot_provider.emulator.web.errors import ApiError, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from datarobot_provider.emulator.evaluation.prediction_server_image import Image
    from datarobot_provider.emulator.evaluation.requirements import Requirements
    from datarobot_provider.emulator.store.credentials import Credential

VERSION_ENTITY = "customModelVersion"
# Where all deployments of the emulator live.
PREDICTION_ENVIRONMENT = {"id": "64e0000000000000000000b0", "name": "Emulated prediction environment"}
_Entity = TypeVar("_Entity")


@dataclass
class Dataset:
    """A dataset of the catalogue, with its rows as text. `ingest` reads an uploaded one and may still run, or fail."""

    id: str
    version_id: str
    name: str
    columns: list[str]
    rows: list[list[str]]
    size: int = 0
    deleted: bool = False
    created: datetime = field(default_factory=identity.now)
    ingest: Job | None = None


@dataclass
class Environment:
    """An execution environment with its one version."""

    id: str
    version_id: str
    name: str
    created: datetime = field(default_factory=identity.now)


@dataclass
class UseCase:
    """A use case."""

    id: str
    name: str
    created: datetime = field(default_factory=identity.now)


@dataclass
class Deployment:
    """A deployment. `version_id` is the custom model version it serves and thereby freezes, if it serves one."""

    id: str
    label: str
    model_id: str
    target_type: str
    columns: list[str] | None
    version_id: str | None = None
    created: datetime = field(default_factory=identity.now)


@dataclass
class Item:
    """One file of a version. `file` is the spooled upload itself."""

    id: str
    path: str
    file: IO[bytes]
    created: datetime
    source: str = "local"
    repository: dict[str, str] = field(default_factory=dict)

    def read(self) -> bytes:
        """Return the whole content."""
        self.file.seek(0)
        return self.file.read()


@dataclass
class TrainingData:
    """Training data assigned to a version or, in the old way, to a model, and the job that assigns it."""

    dataset: Dataset
    job: Job
    partition: str | None = None


@dataclass
class Conversion:
    """A conversion of a version's main program."""

    id: str
    item_id: str
    job: Job


@dataclass
class Version:
    """A version of a custom model. `settings` holds the fields that are stored and answered as they came."""

    id: str
    model_id: str
    major: int
    minor: int
    created: datetime
    items: list[Item]
    environment: Environment | None
    settings: dict[str, Any]
    requirements: Requirements
    training: TrainingData | None = None
    holdout: dict[str, Any] = field(default_factory=dict)
    superseded: bool = False
    build: Job | None = None
    feature_impact: Job | None = None
    conversions: list[Conversion] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The version's number as text."""
        return f"{self.major}.{self.minor}"

    @property
    def dependencies(self) -> list[dict[str, Any]]:
        """What the requirements name, as the API answers it."""
        return self.requirements.dependencies


@dataclass
class Grant:
    """What one user may do with a custom model."""

    role: str
    can_share: bool


def _first_grant() -> dict[str, Grant]:
    return {identity.USER_NAME: Grant("OWNER", can_share=True)}


@dataclass
class CustomModel:
    """A custom model.

    `fields` holds the stored API fields, `versions` its versions, oldest first, `training` the data that was assigned
    to the model in the old way, `assignment` the latest job that did so, `grants` who may do what, by user name.
    """

    id: str
    fields: dict[str, Any]
    created: datetime
    updated: datetime
    versions: list[Version] = field(default_factory=list)
    training: TrainingData | None = None
    assignment: Job | None = None
    grants: dict[str, Grant] = field(default_factory=_first_grant)

    @property
    def latest(self) -> Version | None:
        """The newest version."""
        return self.versions[-1] if self.versions else None

    @property
    def unstructured(self) -> bool:
        """Whether the model is free in its input and output, so that data checks do not apply."""
        return self.fields.get("targetType") == "Unstructured"

    @property
    def trains_versions(self) -> bool:
        """Whether training data is assigned to the model's versions, and no longer to the model."""
        return bool(self.fields.get("isTrainingDataForVersionsPermanentlyEnabled", False))


@dataclass
class ModelTest:
    """A test of a version.

    `verdicts` says how each of its checks will end: check -> (status, message). `notes` are lines of its log that say
    what was not looked at, and by what means the rest was.
    """

    id: str
    job: Job
    model: CustomModel
    version: Version
    environment: Environment
    dataset: Dataset | None
    settings: dict[str, Any]
    verdicts: dict[str, tuple[str, str]]
    notes: list[str] = field(default_factory=list)


@dataclass
class Validation:
    """A vector database validation: the API fields that were sent, and the job."""

    id: str
    fields: dict[str, Any]
    created: datetime
    job: Job


@dataclass
class Guard:
    """A guard configuration as it is answered."""

    id: str
    entity_type: str
    entity_id: str
    body: dict[str, Any]


@dataclass
class StatusRecord:
    """A record of the status service. `word` and `gone` are set through the control API."""

    id: str
    job: Job
    location: str
    genai: bool
    failure_ends_well: bool = False
    word: str | None = None
    gone: bool = False


class State:
    """All entities, and the clock the jobs are read against.

    Parameters: `scale` multiplies the duration of every job.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = checked_scale(scale)
        self.clock: Callable[[], float] = time.monotonic
        self._moment: float | None = None
        self._begin()

    def clear(self) -> None:
        """Forget everything, and close the uploaded files."""
        for model in self.models.values():
            for version in model.versions:
                for item in version.items:
                    item.file.close()
        self._begin()

    def _begin(self) -> None:
        self.outcomes = Outcomes()
        self.datasets: dict[str, Dataset] = {}
        self.environments: dict[str, Environment] = {}
        self.deployments: dict[str, Deployment] = {}
        self.use_cases: dict[str, UseCase] = {}
        self.credentials: dict[str, Credential] = {}
        self.image: Image | None = None
        self.models: dict[str, CustomModel] = {}
        self.tests: dict[str, ModelTest] = {}
        self.validations: dict[str, Validation] = {}
        self.guards: dict[str, Guard] = {}
        self.moderation: dict[tuple[str, str], dict[str, Any]] = {}
        self.statuses: dict[str, StatusRecord] = {}
        self.jobs: list[Job] = []
        self._effects: list[tuple[Job, Callable[[], None]]] = []

    def now(self) -> float:
        """Return the monotonic time."""
        return self.clock() if self._moment is None else self._moment

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Let the time stand still: a response must not tell of a job that ended while it was written."""
        self._moment = self.clock()
        try:
            yield
        finally:
            self._moment = None

    def start(self, kind: str, ids: dict[str, str], natural: Fate | None = None, seconds: float | None = None) -> Job:
        """Create a job.

        Parameters: `kind` and `ids` of the job, how it would end by its inputs (`natural`), and a duration at time
        scale 1 other than the kind's own. Returns the job, whose fate may have been ordered by the control API.
        """
        fate = self.outcomes.take(kind, natural or Fate())
        duration = (KINDS[kind].seconds if seconds is None else seconds) * self.scale
        job = Job(kind, ids, fate, self.now(), duration if fate.seconds is None else fate.seconds, identity.now())
        self.jobs.append(job)
        return job

    def track(self, job: Job, location: str, *, genai: bool = False, failure_ends_well: bool = False) -> StatusRecord:
        """Open a status record for `job` that leads to `location` (a path below the API root) when the job is done.

        `failure_ends_well` is for jobs whose record is done even if the verdict is bad.
        """
        record = StatusRecord(identity.status_id(), job, location, genai, failure_ends_well)
        self.statuses[record.id] = record
        job.ids["statusId"] = record.id
        return record

    def when_done(self, job: Job, effect: Callable[[], None]) -> None:
        """Run `effect` at the first look after `job` has succeeded."""
        self._effects.append((job, effect))

    def settle(self) -> None:
        """Run the effects of the jobs that have ended since the last look."""
        waiting, self._effects = self._effects, []
        for job, effect in waiting:
            if job.active(self.now()):
                self._effects.append((job, effect))
            elif job.word(self.now()) == KINDS[job.kind].ends["succeeded"]:
                effect()

    def model(self, model_id: str) -> CustomModel:
        """Return a custom model or raise the API's 404."""
        return _known(self.models.get(model_id))

    def version(self, model_id: str, version_id: str) -> Version:
        """Return a version of a model, or raise the API's 404: also when its record has expired with its job."""
        found = _known(next((v for v in self.model(model_id).versions if v.id == version_id), None))
        if found.training and found.training.job.gone(self.now()):
            raise not_found()
        return found

    def dataset(self, dataset_id: str) -> Dataset:
        """Return a dataset that can be used, or raise: 404 if there is none, 422 if it is not read yet."""
        found = self.datasets.get(dataset_id)
        if found is None or found.deleted:
            raise ApiError(404, "Dataset not found.")
        if found.ingest and found.ingest.result(self.now()) != SUCCEEDED:
            raise ApiError(422, "The dataset has to be read to its end before it can be used.")
        return found

    def environment(self, environment_id: str | None, version_id: str | None) -> Environment:
        """Return the environment that is named by its own or by its version's id, or raise 422."""
        by_id = self.environments.get(environment_id or "")
        if environment_id and by_id is None:
            raise invalid("baseEnvironmentId", "no such execution environment")
        by_version = next((e for e in self.environments.values() if e.version_id == version_id), None)
        if version_id and (by_version is None or by_id not in (None, by_version)):
            raise invalid("baseEnvironmentVersionId", "no such version of the execution environment")
        return _known(by_id or by_version)

    def deployments_of(self, model: CustomModel, version: Version | None = None) -> list[Deployment]:
        """Return the deployments of a model, or of one of its versions."""
        wanted = {version.id} if version else {v.id for v in model.versions}
        return [d for d in self.deployments.values() if d.version_id in wanted]

    def frozen(self, version: Version) -> bool:
        """Return whether a version can no longer be changed: it was superseded, or it is deployed."""
        return version.superseded or bool(self.deployments_of(self.model(version.model_id), version))

    def deploy(self, deployment: Deployment) -> None:
        """Add a deployment; one whose `model_id` names a custom model or one of its versions serves that version."""
        model = self.models.get(deployment.model_id)
        version = self.find_version(deployment.model_id) or (model.latest if model else None)
        deployment.version_id = version.id if version else None
        self.deployments[deployment.id] = deployment

    def find_version(self, version_id: str) -> Version | None:
        """Return the version with this id, of whichever model."""
        return next((v for m in self.models.values() for v in m.versions if v.id == version_id), None)

    def active_tests(self, model: CustomModel) -> Iterable[ModelTest]:
        """Return the tests of a model that still run."""
        return [t for t in self.tests.values() if t.model.id == model.id and t.job.active(self.now())]


def _known(entity: _Entity | None) -> _Entity:
    if entity is None:
        raise not_found()
    return entity
