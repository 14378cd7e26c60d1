"""Without any fault: every scene succeeds, with one request of its own, and again with the same result."""

from __future__ import annotations

import pytest

from tests.contract.operations.responses import PUBLISHED
from tests.faults.scenes import OPERATIONS, SCENES, Scene
from tests.unit.operators.catalogue import OPERATORS, SENSORS


def test_every_operation_every_operator_and_every_sensor_is_a_scene() -> None:
    assert {scene.name for scene in OPERATIONS} == set(PUBLISHED)
    assert {scene.task for scene in SCENES} == {*OPERATORS, *SENSORS}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_calm(runner, scene: Scene) -> None:
    first, second = (runner.run(scene, runner.arguments(scene)) for _ in range(2))
    assert (first.error, second.error) == (None, None)
    assert first.value == second.value
    assert first.own(scene)
