"""How a new version of a custom model comes into being."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from datarobot_provider.emulator.evaluation.requirements import read_requirements
from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.store.folder import Folder
from datarobot_provider.emulator.store.state import CustomModel, Environment, Item, Version


@dataclass
class Draft:
    """What a new version is made of. `keep_data` inherits training and holdout data from the latest version."""

    items: list[Item]
    environment: Environment | None
    settings: dict[str, Any] = field(default_factory=dict)
    major: bool = False
    keep_data: bool = True


def copy_of(version: Version) -> Draft:
    """Return the draft of a minor version with everything that `version` has."""
    return Draft(list(version.items), version.environment, dict(version.settings))


def add_version(model: CustomModel, draft: Draft, version_id: str | None = None) -> Version:
    """Add a version to `model`; the one before it is superseded and thereby frozen. Returns the new version."""
    latest = model.latest
    major, minor = _number(latest, major=draft.major)
    version = Version(
        id=version_id or identity.object_id(),
        model_id=model.id,
        major=major,
        minor=minor,
        created=identity.now(),
        items=draft.items,
        environment=draft.environment,
        settings=draft.settings,
        requirements=read_requirements(Folder(draft.items)),
    )
    if latest:
        latest.superseded = True
        if draft.keep_data:
            version.training, version.holdout = latest.training, dict(latest.holdout)
    model.versions.append(version)
    model.updated = version.created
    return version


def _number(latest: Version | None, *, major: bool) -> tuple[int, int]:
    if latest is None:
        return 1, 0
    return (latest.major + 1, 0) if major else (latest.major, latest.minor + 1)
