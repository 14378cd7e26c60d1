"""Every case without faults: it succeeds twice, with the same result."""

from __future__ import annotations

import pytest

from tests.contract.operations.responses import PUBLISHED
from tests.faults.cases import CASES, OPERATIONS, Case
from tests.unit.operators.catalogue import OPERATORS, SENSORS


def test_every_operation_operator_and_sensor_is_a_case() -> None:
    assert {case.name for case in OPERATIONS} == set(PUBLISHED)
    assert {case.task for case in CASES} == {*OPERATORS, *SENSORS}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_without_faults_succeeds_twice_with_the_same_result(runner, case: Case) -> None:
    first, second = (runner.run(case, runner.arguments(case)) for _ in range(2))
    assert (first.error, second.error) == (None, None)
    assert first.value == second.value
    assert first.requests_of(case)
