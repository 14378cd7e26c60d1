"""List of the resources of a state, for the output at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datarobot_provider.emulator.store.entities import CustomModel
    from datarobot_provider.emulator.store.state import State


class Listed(NamedTuple):
    """The kind, the name and the id of a resource."""

    kind: str
    name: str
    id: str


def list_resources(state: State) -> Iterator[Listed]:
    """Yield the resources that a seed can create.

    :param state: the state of the emulator.
    """
    yield from (Listed("dataset", d.name, d.id) for d in state.datasets.values())
    yield from (Listed("execution environment", e.name, e.id) for e in state.environments.values())
    yield from (Listed("deployment", d.label, d.id) for d in state.deployments.values())
    yield from (Listed("use case", u.name, u.id) for u in state.use_cases.values())
    yield from (Listed("credential", c.name, c.id) for c in state.credentials.values())
    for model in state.models.values():
        yield from _list_model(model)
    yield from (Listed("guard", g.body["name"], g.id) for g in state.guards.values())
    yield from (Listed("vector database validation", v.fields["name"], v.id) for v in state.validations.values())
    if state.image is not None:
        yield Listed("prediction server image", f"{state.image.size} bytes", state.image.id)


def _list_model(model: CustomModel) -> Iterator[Listed]:
    name = model.fields["name"]
    yield Listed("custom model", name, model.id)
    yield from (Listed("custom model version", f"{name} {v.label}", v.id) for v in model.versions)
