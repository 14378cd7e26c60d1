"""Resources that the emulator stores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from datarobot_provider.emulator.common import timestamps, users
from datarobot_provider.emulator.store.jobs import SUCCEEDED

if TYPE_CHECKING:
    from datetime import datetime

    from datarobot_provider.emulator.evaluation.requirements import Requirements
    from datarobot_provider.emulator.store.jobs import Job

#: The entity type of a guard that belongs to a version.
VERSION_ENTITY = "customModelVersion"


@dataclass
class Dataset:
    """A version of a dataset of the AI Catalog. The newest version stands for the dataset.

    :param rows: the rows, as strings.
    :param ingest: the job that reads the data. It may be running or have failed.
    :param uri: the name of the uploaded file, or the URL.
    :param source_type: the kind of the data source, as the API names it.
    :param source_id: the data source, or None for a file or a URL.
    :param older: the older versions, oldest first.
    """

    id: str
    version_id: str
    name: str
    columns: list[str]
    rows: list[list[str]]
    size: int = 0
    deleted: bool = False
    created: datetime = field(default_factory=timestamps.now)
    ingest: Job | None = None
    uri: str = ""
    source_type: str = "local"
    categories: list[str] = field(default_factory=lambda: ["TRAINING", "PREDICTION"])
    older: list[Dataset] = field(default_factory=list)
    source_id: str | None = None

    @property
    def versions(self) -> list[Dataset]:
        """All versions, oldest first."""
        return [*self.older, self]

    def is_ready(self, now: float) -> bool:
        """Return whether the data was read successfully."""
        return self.ingest is None or self.ingest.result(now) == SUCCEEDED


@dataclass
class Environment:
    """An execution environment.

    :param settings: the fields that are stored and returned unchanged.
    """

    id: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    created: datetime = field(default_factory=timestamps.now)


@dataclass
class EnvironmentVersion:
    """A version of an execution environment.

    :param image_uri: the Docker image that it was created from, or None.
    :param context: the uploaded Docker context, or None.
    :param log: the lines of the build log.
    :param error: the reason why the build fails, or None.
    :param build: the build, or None for a version of the seed, which is built.
    """

    id: str
    environment: Environment
    label: str | None = "v1"
    description: str | None = ""
    image_uri: str | None = None
    context: IO[bytes] | None = None
    context_size: int | None = None
    log: list[str] = field(default_factory=list)
    error: str | None = None
    build: Job | None = None
    created: datetime = field(default_factory=timestamps.now)

    def status(self, now: float) -> str:
        """Return the state of the build as the API names it."""
        return self.build.state(now) if self.build else "success"


@dataclass
class UseCaseReference:
    """An entity in a use case.

    :param kind: the kind of the entity, as in a path: ``datasets``, ``projects``, ``applications``, among others.
    """

    id: str
    kind: str
    entity_id: str
    created: datetime = field(default_factory=timestamps.now)


@dataclass
class UseCase:
    """A use case.

    :param references: the entities in it, by kind and id.
    """

    id: str
    name: str
    description: str = ""
    created: datetime = field(default_factory=timestamps.now)
    updated: datetime = field(default_factory=timestamps.now)
    references: dict[tuple[str, str], UseCaseReference] = field(default_factory=dict)


@dataclass
class RegisteredModel:
    """A registered model.

    :param target: name and type of the target.
    """

    id: str
    name: str
    description: str
    tags: list[dict[str, str]]
    target: dict[str, Any]
    archived: bool = False
    created: datetime = field(default_factory=timestamps.now)
    modified: datetime = field(default_factory=timestamps.now)


@dataclass
class RegisteredVersion:
    """A version of a registered model, which is also a model package.

    :param version_id: the id of the custom model version.
    :param tags: the tags, each with an id.
    """

    id: str
    model: RegisteredModel
    number: int
    name: str
    description: str | None
    version_id: str
    tags: list[dict[str, str]]
    build: Job
    created: datetime = field(default_factory=timestamps.now)


@dataclass
class Item:
    """A file of a version.

    :param file: the spooled upload.
    :param repository: the API fields that describe the repository, if the file comes from one.
    """

    id: str
    path: str
    file: IO[bytes]
    created: datetime
    source: str = "local"
    repository: dict[str, str] = field(default_factory=dict)

    def read(self) -> bytes:
        """Return the content."""
        self.file.seek(0)
        return self.file.read()


@dataclass
class TrainingData:
    """Training data of a version or, with the legacy route, of a model, and the job that assigns them."""

    dataset: Dataset
    job: Job
    partition: str | None = None


@dataclass
class Conversion:
    """A conversion of the main program of a version."""

    id: str
    item_id: str
    job: Job


@dataclass
class Version:
    """A version of a custom model.

    :param settings: the fields that are stored and returned unchanged.
    """

    id: str
    model_id: str
    major: int
    minor: int
    created: datetime
    items: list[Item]
    environment: EnvironmentVersion | None
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
        """The version number."""
        return f"{self.major}.{self.minor}"

    @property
    def dependencies(self) -> list[dict[str, Any]]:
        """The dependencies as the API returns them."""
        return self.requirements.dependencies


@dataclass
class Grant:
    """The role of a user for a custom model."""

    role: str
    can_share: bool


def _default_grants() -> dict[str, Grant]:
    return {users.USER_NAME: Grant("OWNER", can_share=True)}


@dataclass
class CustomModel:
    """A custom model.

    :param fields: the stored API fields.
    :param versions: the versions, oldest first.
    :param training: the training data that the legacy route assigned to the model.
    :param assignment: the latest job that assigned training data to the model.
    :param grants: the roles of the users, by user name.
    """

    id: str
    fields: dict[str, Any]
    created: datetime
    updated: datetime
    versions: list[Version] = field(default_factory=list)
    training: TrainingData | None = None
    assignment: Job | None = None
    grants: dict[str, Grant] = field(default_factory=_default_grants)

    @property
    def latest(self) -> Version | None:
        """The latest version, or None."""
        return self.versions[-1] if self.versions else None

    @property
    def unstructured(self) -> bool:
        """Whether the model is unstructured, so that datasets are not validated against it."""
        return self.fields.get("targetType") == "Unstructured"

    @property
    def has_training_data_per_version(self) -> bool:
        """Whether training data are assigned to the versions and not to the model."""
        return bool(self.fields.get("isTrainingDataForVersionsPermanentlyEnabled", False))


@dataclass
class ModelTest:
    """A test of a version.

    :param check_results: the result of each check: check -> (status, message).
    :param notes: lines of the log that report what was not checked.
    """

    id: str
    job: Job
    model: CustomModel
    version: Version
    environment: EnvironmentVersion
    dataset: Dataset | None
    settings: dict[str, Any]
    check_results: dict[str, tuple[str, str]]
    notes: list[str] = field(default_factory=list)


@dataclass
class Validation:
    """A vector database validation.

    :param fields: the API fields that were sent.
    """

    id: str
    fields: dict[str, Any]
    created: datetime
    job: Job


@dataclass
class Guard:
    """A guard configuration.

    :param body: the guard as the API returns it.
    """

    id: str
    entity_type: str
    entity_id: str
    body: dict[str, Any]


@dataclass
class StatusRecord:
    """A status record.

    :param location: the path of the result, below the API root.
    :param genai: whether the record belongs to the GenAI routes.
    :param completed_on_failure: whether the record reports COMPLETED although the job has failed.
    :param status: the status that was set through the control API, or None.
    :param deleted: whether the record was deleted.
    """

    id: str
    job: Job
    location: str
    genai: bool
    completed_on_failure: bool = False
    status: str | None = None
    deleted: bool = False
