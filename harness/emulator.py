"""The DataRobot emulator as a child process."""

from __future__ import annotations

import os
import re
import secrets
import sys
from pathlib import Path
from typing import Any

from harness.processes import Service, search_log, wait_until

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT / "example_dags" / "seed"
READY = re.compile(r"^listening on (http://127\.0\.0\.1:\d+/api/v2)$", re.MULTILINE)


class Emulator(Service):
    """An emulator with a random token: ``with Emulator(folder) as emulator``.

    :param folder: the folder of its log file.
    :param seed: the folder with its seed data; default is that of the example DAGs.
    :param time_scale: factor for the duration of the emulated jobs; default 1.
    :param port: its port; default is a free one.
    """

    def __init__(self, folder: Path, *, seed: Path = SEED, time_scale: float = 1.0, port: int = 0) -> None:
        super().__init__()
        self.token = secrets.token_hex(24)
        self.endpoint = ""
        self.log = folder / "emulator.log"
        self._arguments = ["--port", str(port), "--seed", str(seed), "--time-scale", str(time_scale), "--quiet"]

    def launch(self) -> None:
        """Start the process."""
        argv = [sys.executable, "-m", "datarobot_provider.emulator", *self._arguments]
        env = {**os.environ, "DATAROBOT_EMULATOR_TOKEN": self.token, "PYTHONUNBUFFERED": "1"}
        self._processes.start("emulator", argv, env=env, log=self.log, cwd=ROOT)

    def wait_until_ready(self) -> None:
        """Wait until the emulator prints its address."""
        self.endpoint = wait_until(
            self._address, what="the emulator's address", timeout=30, check=self.check, interval=0.05
        )

    @property
    def control(self) -> str:
        """Return the URL of the control API, which requires no token."""
        return f"{self.endpoint.removesuffix('/api/v2')}/__emulator__"

    @property
    def connection(self) -> dict[str, Any]:
        """Return an Airflow connection to the emulator."""
        return {"conn_type": "datarobot", "host": self.endpoint, "password": self.token}

    def _address(self) -> str | None:
        found = search_log(self.log, READY)
        return found.group(1) if found else None
