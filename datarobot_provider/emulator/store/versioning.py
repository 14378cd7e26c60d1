"""Creation of custom model versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from datarobot_provider.emulator.common import identifiers, timestamps
from datarobot_provider.emulator.evaluation.folder import Folder
from datarobot_provider.emulator.evaluation.requirements import read_requirements
from datarobot_provider.emulator.store.entities import CustomModel, EnvironmentVersion, Item, Version


@dataclass
class Draft:
    """The content of a new version.

    :param items: the files.
    :param environment: the execution environment, or None.
    :param settings: the fields that are stored and returned unchanged.
    :param major: whether the new version is a major version.
    :param keep_data: whether training and holdout data are inherited from the latest version.
    """

    items: list[Item]
    environment: EnvironmentVersion | None
    settings: dict[str, Any] = field(default_factory=dict)
    major: bool = False
    keep_data: bool = True


def copy_of(version: Version) -> Draft:
    """Return a draft of a minor version with the content of another version."""
    return Draft(list(version.items), version.environment, dict(version.settings))


def add_version(model: CustomModel, draft: Draft, version_id: str | None = None) -> Version:
    """Add a version to a model. The previous version becomes frozen.

    :param model: the model.
    :param draft: the content of the version.
    :param version_id: the id, or None for a new one.
    :returns: the new version.
    """
    latest = model.latest
    major, minor = _number(latest, major=draft.major)
    version = Version(
        id=version_id or identifiers.object_id(),
        model_id=model.id,
        major=major,
        minor=minor,
        created=timestamps.now(),
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
