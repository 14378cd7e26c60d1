"""Snapshots of a state as JSON documents, for the option ``--state``.

A snapshot contains the attributes of the state and a table of objects. An object is encoded once, so that objects that
are shared, such as the job of a test and of its status record, are shared again after they are restored. Objects refer
to earlier entries of the table only.
"""

from __future__ import annotations

import base64
import io
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.evaluation.requirements import Requirements
from datarobot_provider.emulator.store import entities
from datarobot_provider.emulator.store.credentials import Credential
from datarobot_provider.emulator.store.jobs import KINDS, Job, PlannedOutcome
from datarobot_provider.emulator.store.outcomes import OutcomeRule
from datarobot_provider.emulator.store.prediction_server_image import Image
from datarobot_provider.emulator.store.versioning import Draft

if TYPE_CHECKING:
    from collections.abc import Callable

    from datarobot_provider.emulator.store.state import State

#: The attributes of a state that a snapshot contains.
ATTRIBUTES = (
    "datasets", "environments", "environment_versions", "registered_models", "registered_versions", "deployments",
    "batch_predictions", "use_cases", "credentials", "data_sources", "image", "models", "tests", "validations",
    "guards", "moderation", "statuses", "jobs", "effects",
)  # fmt: skip
_CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        entities.Dataset, entities.Environment, entities.EnvironmentVersion, entities.UseCase,
        entities.UseCaseReference, entities.RegisteredModel, entities.RegisteredVersion,
        entities.Item, entities.TrainingData, entities.Conversion, entities.Version, entities.Grant,
        entities.CustomModel, entities.ModelTest, entities.Validation, entities.Guard, entities.StatusRecord,
        Credential, Draft, Image, Job, OutcomeRule, PlannedOutcome, Requirements,
    )
}  # fmt: skip
_COMPUTED = "started"
_Class = TypeVar("_Class", bound=type)


class SnapshotError(ValueError):
    """A document that is not a valid snapshot. The message gives the reason."""


def snapshot_class(cls: _Class) -> _Class:
    """Register a dataclass whose instances a state may contain. Use it as a decorator."""
    _CLASSES[cls.__name__] = cls
    return cls


def encode(state: State) -> dict[str, Any]:
    """Return the snapshot of a state.

    :param state: the state.
    """
    encoder = _Encoder()
    attributes = {name: encoder.encode(getattr(state, name)) for name in ATTRIBUTES}
    outcomes = encoder.encode(state.outcomes.all)
    injected = sorted(state.outcomes.injected_values)
    return {"objects": encoder.objects, "attributes": attributes, "outcomes": outcomes, "injectedValues": injected}


def restore(state: State, snapshot: dict[str, Any]) -> None:
    """Replace the content of a state by a snapshot.

    The time since the snapshot counts: a job whose end has passed has ended.

    :param state: the state.
    :param snapshot: the result of `encode`.
    :raises SnapshotError: if the document is not a valid snapshot. The state has not changed.
    """
    try:
        decoder = _Decoder(state.now())
        for entry in snapshot["objects"]:
            decoder.add(entry)
        attributes = {name: decoder.decode(snapshot["attributes"][name]) for name in ATTRIBUTES}
        rules = decoder.decode(snapshot["outcomes"])
        injected = set(snapshot["injectedValues"])
        _check(state, attributes, rules)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        msg = f"its content is invalid ({type(error).__name__})"
        raise SnapshotError(msg) from error
    state.clear()
    for name, value in attributes.items():
        setattr(state, name, value)
    state.outcomes.restore(rules, injected)


def _check(state: State, attributes: dict[str, Any], rules: Any) -> None:
    """Check that the attributes have the types of those of an empty state, and that all jobs have a known kind.

    :raises TypeError: if a type is different.
    :raises KeyError: if the kind of a job is unknown.
    """
    for name, value in attributes.items():
        current = getattr(state, name)
        if current is not None and not isinstance(value, type(current)):
            raise TypeError(name)
    for job in attributes["jobs"]:
        _ = KINDS[job.kind]
    for rule in rules:
        _ = KINDS[rule.kind]


class _Encoder:
    """Encoder of the values of a state."""

    def __init__(self) -> None:
        self.objects: list[dict[str, Any]] = []
        # The index of each object by its identity. The objects exist as long as the encoder.
        self._known: dict[int, int] = {}

    def encode(self, value: Any) -> Any:
        """Return a value of JSON."""
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, dict):
            return self._dict(value)
        if isinstance(value, list):
            return [self.encode(item) for item in value]
        return self._special(value)

    def _dict(self, value: dict[Any, Any]) -> dict[str, Any]:
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: self.encode(item) for key, item in value.items()}
        return {"$dict": [[self.encode(key), self.encode(item)] for key, item in value.items()]}

    def _special(self, value: Any) -> dict[str, Any]:
        """Return an object with one key, whose first character is a dollar sign."""
        if isinstance(value, tuple):
            return {"$tuple": [self.encode(item) for item in value]}
        if isinstance(value, datetime):
            return {"$time": value.isoformat()}
        if type(value).__name__ in _CLASSES:
            return {"$ref": self._object(value)}
        if hasattr(value, "read"):
            return {"$file": _content(value)}
        msg = f"a snapshot cannot contain {type(value).__name__}"
        raise TypeError(msg)

    def _object(self, value: Any) -> int:
        if id(value) not in self._known:
            names = [field.name for field in fields(value)]
            encoded = {name: self.encode(getattr(value, name)) for name in names if not _is_computed(value, name)}
            self.objects.append({"class": type(value).__name__, "fields": encoded})
            self._known[id(value)] = len(self.objects) - 1
        return self._known[id(value)]


class _Decoder:
    """Decoder of the values of a state.

    :param now: the monotonic time of the state.
    """

    def __init__(self, now: float) -> None:
        self._now = now
        self._wall_time = timestamps.now()
        self._objects: list[Any] = []
        self._special: dict[str, Callable[[Any], Any]] = {
            "$dict": lambda pairs: {self.decode(key): self.decode(item) for key, item in pairs},
            "$tuple": lambda items: tuple(self.decode(item) for item in items),
            "$time": datetime.fromisoformat,
            "$ref": lambda index: self._objects[index],
            "$file": lambda content: io.BytesIO(base64.b64decode(content, validate=True)),
        }

    def add(self, entry: dict[str, Any]) -> None:
        """Decode the next object of the table."""
        values = {name: self.decode(value) for name, value in entry["fields"].items()}
        cls = _CLASSES[entry["class"]]
        if cls is Job:
            values[_COMPUTED] = self._now - (self._wall_time - values["created"]).total_seconds()
        self._objects.append(cls(**values))

    def decode(self, value: Any) -> Any:
        """Return a value of the state."""
        if isinstance(value, list):
            return [self.decode(item) for item in value]
        if not isinstance(value, dict):
            return value
        special = next((key for key in value if key.startswith("$")), None)
        if special is None:
            return {key: self.decode(item) for key, item in value.items()}
        return self._special[special](value[special])


def _is_computed(value: Any, name: str) -> bool:
    """Return whether a field is computed when it is restored: a reading of the monotonic clock of this process."""
    return isinstance(value, Job) and name == _COMPUTED


def _content(file: Any) -> str:
    file.seek(0)
    return base64.b64encode(file.read()).decode()
