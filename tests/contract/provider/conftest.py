"""Fixtures: an emulator, a recording proxy in front of it, and a connection to the proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datarobot_provider.emulator import Emulator, running
from tests.support.emulator import TIME_SCALE, write_seed
from tests.support.proxy import Proxy, serve
from tests.support.task_runner import TaskRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN, READER = "token-of-the-contract-tests", "token-that-may-only-read"


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the seed of the examples without models and validations, so that lists contain only those of the test."""
    return write_seed(tmp_path_factory.mktemp("seed"), without=("customModels", "validations"))


@pytest.fixture(scope="session")
def emulator(seed: Path) -> Iterator[Emulator]:
    with running(token=TOKEN, seed=seed, time_scale=TIME_SCALE) as started:
        yield started


@pytest.fixture(scope="session")
def proxy(emulator: Emulator) -> Iterator[Proxy]:
    with serve(emulator.url) as started:
        yield started


@pytest.fixture
def runner(emulator: Emulator, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> TaskRunner:
    emulator.control("POST", "reset")
    proxy.reset()
    return TaskRunner(emulator, proxy, monkeypatch, TOKEN)


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """Write a model that passes its test and has dependencies to build."""
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "custom.py").write_text("def score(data, model, **kwargs):\n    return data\n", encoding="utf-8")
    (folder / "requirements.txt").write_text("numpy>=1.26\n", encoding="utf-8")
    (folder / "sub" / "größe.txt").write_bytes(b"\0\r\n--boundary")
    return folder
