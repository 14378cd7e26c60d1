"""Fixtures: one emulator for all parity tests, a connection to it, and short pauses between attempts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datarobot_provider.client.retry import RetryPolicy
from datarobot_provider.emulator import running
from tests.support.emulator import CONNECTION, TIME_SCALE, TOKEN, EmulatorClient, connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datarobot_provider.emulator import Emulator

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def emulator(seed: Path) -> Iterator[Emulator]:
    with running(token=TOKEN, seed=seed, time_scale=TIME_SCALE) as started:
        yield started


@pytest.fixture
def datarobot(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> EmulatorClient:
    """Reset the emulator, set a connection with short pauses between attempts; return a client."""
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv(CONNECTION, connection(emulator.endpoint))
    # attempts, base, cap: five attempts like the default, a few milliseconds apart.
    monkeypatch.setattr(RetryPolicy.__init__, "__defaults__", (5, 0.002, 60.0))
    assert (RetryPolicy().attempts, RetryPolicy().base) == (5, 0.002)
    datarobot = EmulatorClient(emulator.endpoint)
    datarobot.reset()
    return datarobot
