"""A temporary Redis server: the broker between the scheduler and the workers."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from typing import TYPE_CHECKING

from harness.processes import LOCALHOST, Service, free_ports, search_log, wait_until

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "redis-server"
READY = re.compile(r"Ready to accept connections")


def installed() -> bool:
    """Return whether the server is installed."""
    return shutil.which("redis-server") is not None


class Redis(Service):
    """A server with a random password that keeps its data in memory.

    :param folder: the folder of its settings and its log file.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._password = secrets.token_urlsafe(12)
        self._port = free_ports(1)[0]
        self.log = folder / "redis.log"

    @property
    def url(self) -> str:
        """Return the URL of the server, with the password."""
        return f"redis://:{self._password}@{LOCALHOST}:{self._port}/0"

    def launch(self) -> None:
        """Start the server, with a settings file, because command lines are visible to all users."""
        settings = self._folder / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            f'bind {LOCALHOST}\nport {self._port}\nrequirepass {self._password}\nsave ""\ndir {self._folder}\n',
            encoding="utf-8",
        )
        argv = ["redis-server", str(settings)]
        self._processes.start("redis", argv, env=os.environ, log=self.log, cwd=self._folder)

    def wait_until_ready(self) -> None:
        """Wait until the server accepts connections."""
        wait_until(lambda: search_log(self.log, READY), what="Redis", timeout=30, check=self.check)
