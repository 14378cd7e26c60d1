from __future__ import annotations

import pytest

from datarobot_provider.core.reports import checks_table, impact_bars


def test_checks_are_shown_as_a_table():
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
def test_table_is_empty_without_checks(test):
    assert checks_table(test) == []


def test_long_message_is_truncated():
    table = checks_table({"testingStatus": {"a": {"status": "failed", "message": "x" * 10_000}}})
    assert max(map(len, table)) < 350


def test_features_are_sorted_by_impact():
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


def test_at_most_ten_features_are_shown():
    assert len(impact_bars([{"featureName": str(n), "impactNormalized": n / 50} for n in range(50)])) == 10


@pytest.mark.parametrize("value", [None, "n/a", -0.3])
def test_invalid_or_negative_impact_has_no_bar(value):
    (bar,) = impact_bars([{"featureName": "x" * 100, "impactNormalized": value}])
    assert "#" not in bar
    assert bar.startswith("x" * 40 + "  ")


def test_chart_is_empty_without_impacts():
    assert impact_bars([]) == []
