from __future__ import annotations

import pytest

from datarobot_provider.client.progress import Progress
from tests.unit.support import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


def transfer(clock, sizes, total=None, pause=1.0):
    reported = []
    progress = Progress("Uploaded", reported.append, total, clock)
    for size in sizes:
        clock.sleep(pause)
        progress.add(size)
    progress.end()
    return reported


def test_bytes_percentage_and_rate_are_reported_at_intervals(clock):
    assert transfer(clock, [10_000_000] * 40, 400_000_000) == [
        "Uploaded 150.0 MB of 400.0 MB (38%), 10.0 MB/s.",
        "Uploaded 300.0 MB of 400.0 MB (75%), 10.0 MB/s.",
        "Uploaded 400.0 MB in 40 s, 10.0 MB/s.",
    ]


def test_an_unknown_total_has_no_percentage(clock):
    assert transfer(clock, [1_000_000] * 20)[0] == "Uploaded 15.0 MB, 1.0 MB/s."


def test_a_quick_transfer_is_not_reported(clock):
    assert transfer(clock, [500, 500], pause=0.1) == []
