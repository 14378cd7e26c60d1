from __future__ import annotations

import pytest

from datarobot_provider.core.reports import checks_table, impact_bars


def test_the_checks_of_a_test_make_a_table():
    test = {
        "testingStatus": {
            "errorCheck": {"status": "failed", "message": "Traceback:\n  custom.py\n  KeyError: no score\n\n"},
            "sideEffects": {"status": "skipped", "message": ""},
            "longRunningService": {"status": "succeeded", "message": None},
        }
    }
    assert checks_table(test) == [
        "check               status     message",
        "-" * 49,
        "errorCheck          failed     KeyError: no score",
        "sideEffects         skipped",
        "longRunningService  succeeded",
    ]


@pytest.mark.parametrize("test", [{}, {"testingStatus": None}, {"testingStatus": {}}, {"testingStatus": {"x": "odd"}}])
def test_a_test_without_checks_makes_no_table(test):
    assert checks_table(test) == []


def test_a_very_long_message_is_cut():
    table = checks_table({"testingStatus": {"a": {"status": "failed", "message": "x" * 10_000}}})
    assert max(map(len, table)) < 350


def test_impacts_make_bars_the_strongest_first():
    bars = impact_bars(
        [
            {"featureName": "bmi", "impactNormalized": 0.5},
            {"featureName": "s5", "impactNormalized": 1.0},
            {"featureName": "age", "impactNormalized": 0},
        ]
    )
    assert bars == [
        f"s5   {'#' * 30}  1.000",
        f"bmi  {'#' * 15}{' ' * 15}  0.500",
        f"age  {' ' * 30}  0.000",
    ]


def test_no_more_than_ten_features_are_shown():
    assert len(impact_bars([{"featureName": str(n), "impactNormalized": n / 50} for n in range(50)])) == 10


@pytest.mark.parametrize("value", [None, "n/a", -0.3])
def test_an_impact_that_is_no_number_or_negative_has_no_bar(value):
    (bar,) = impact_bars([{"featureName": "x" * 100, "impactNormalized": value}])
    assert "#" not in bar
    assert bar.startswith("x" * 40 + "  ")


def test_no_impacts_make_no_bars():
    assert impact_bars([]) == []
