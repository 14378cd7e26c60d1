from __future__ import annotations

import pytest

from tests.for_each import for_each


def test_a_test_is_called_with_each_combination_and_the_fixtures():
    calls = []

    @for_each("letter", "ab")
    @for_each("number, square", [(1, 1), (2, 4)])
    def check(letter, number, square, api):
        calls.append((letter, number, square, api))

    check(api="fixture")
    assert calls == [(letter, n, n * n, "fixture") for letter in "ab" for n in (1, 2)]


def test_all_failures_are_reported_with_their_values():
    @for_each("number", [1, 2, 3])
    def check(number):
        if number == 3:
            pytest.fail("three")
        assert number == 2

    with pytest.raises(BaseExceptionGroup, match="2 of 3 values failed") as caught:
        check()
    assert [error.__notes__ for error in caught.value.exceptions] == [["with number = 1"], ["with number = 3"]]


def test_a_test_without_values_is_rejected():
    with pytest.raises(AssertionError, match="no values of number"):
        for_each("number", [])


@for_each("number", [1, 2])
def test_pytest_passes_the_fixtures_but_not_the_values(number, request):
    assert request.node.name == "test_pytest_passes_the_fixtures_but_not_the_values"
    assert number in {1, 2}
