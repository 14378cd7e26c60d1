"""The offline stand-in for the DataRobot API, as a child process."""

from __future__ import annotations

import os
import re
import secrets
import sys
from pathlib import Path
from typing import Any

from harness.processes import Service, said, wait_until

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT / "example_dags" / "seed"
READY = re.compile(r"^listening on (http://127\.0\.0\.1:\d+/api/v2)$", re.MULTILINE)


class Emulator(Service):
    """An emulator with a token of its own: ``with Emulator(folder) as emulator``.

    ``time_scale`` stretches the emulated jobs: 1 is their natural length, 5 five times as long.
    """

    def __init__(self, folder: Path, *, seed: Path = SEED, time_scale: float = 1.0) -> None:
        super().__init__()
        self.token = secrets.token_hex(24)
        self.endpoint = ""
        self.log = folder / "emulator.log"
        self._arguments = ["--port", "0", "--seed", str(seed), "--time-scale", str(time_scale)]

    def begin(self) -> None:
        """Start the process."""
        argv = [sys.executable, "-m", "datarobot_provider.emulator", *self._arguments]
        env = {**os.environ, "DATAROBOT_EMULATOR_TOKEN": self.token, "PYTHONUNBUFFERED": "1"}
        self._processes.start("emulator", argv, env=env, log=self.log, cwd=ROOT)

    def ready(self) -> None:
        """Wait until it says where it listens."""
        self.endpoint = wait_until(
            self._address, what="the emulator's address", timeout=30, check=self.check, interval=0.05
        )

    @property
    def control(self) -> str:
        """Return the address of the control API, which needs no token."""
        return f"{self.endpoint.removesuffix('/api/v2')}/__emulator__"

    @property
    def connection(self) -> dict[str, Any]:
        """Return the Airflow connection that leads to it."""
        return {"conn_type": "datarobot", "host": self.endpoint, "password": self.token}

    def _address(self) -> str | None:
        found = said(self.log, READY)
        return found.group(1) if found else None
