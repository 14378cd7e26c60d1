"""A temporary PostgreSQL server."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import tempfile
from functools import cached_property
from pathlib import Path

from harness.processes import LOCALHOST, Child, Service, free_ports, search_log, wait_until

DEBIAN = Path("/usr/lib/postgresql")
PACKAGE = "postgresql"
USER = "airflow"
#: The server refuses to run as root; Debian's package creates this user.
UNPRIVILEGED = "postgres"
READY = re.compile(r"database system is ready to accept connections")
OPTIONS = {
    "listen_addresses": LOCALHOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    # Temporary data need not survive a power failure.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


def installed() -> bool:
    """Return whether the server is installed."""
    return programs() is not None


def programs() -> Path | None:
    """Return the folder with ``initdb`` and ``postgres``: from the PATH, or of the latest Debian package."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = [folder for folder in DEBIAN.glob("*/bin") if (folder / "initdb").exists()]
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


class Postgres(Service):
    """A server with one database, a random password, and temporary data.

    PostgreSQL refuses to run as root. Started by root, it runs as the user ``postgres``; its data is then in the
    system's temporary folder, because that user may not have access to ``folder``.

    :param folder: the folder of its log files, and of its data unless started by root.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._password = secrets.token_urlsafe(12)
        self._port = free_ports(1)[0]
        self._home: Path | None = None
        self.log = folder / "postgres.log"

    @cached_property
    def _user(self) -> pwd.struct_passwd | None:
        """The user that the server runs as; ``None``: the user of this process."""
        return pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None

    @property
    def address(self) -> str:
        """Return the URL of the database without the scheme, with the password."""
        return f"//{USER}:{self._password}@{LOCALHOST}:{self._port}/postgres"

    def launch(self) -> None:
        """Create the data folder and start the server."""
        folder = programs()
        if folder is None:
            raise FileNotFoundError(
                f"PostgreSQL is not installed; on Debian and Ubuntu, install it with: apt-get install {PACKAGE}"
            )
        self._home = Path(tempfile.mkdtemp(prefix="demo-postgres-", dir=None if self._user else self._folder))
        password = self._home / "password"
        password.touch(mode=0o600)
        password.write_text(self._password, encoding="utf-8")
        if self._user:
            for path in (self._home, password):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        data = str(self._home / "data")
        login = [f"--username={USER}", f"--pwfile={password}", "--auth=scram-sha-256"]
        initdb = [str(folder / "initdb"), f"--pgdata={data}", *login, "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._processes.finish(self._start(initdb, self._home), timeout=60)
        settings = [f"--{name}={value}" for name, value in {**OPTIONS, "port": self._port}.items()]
        self._start([str(folder / "postgres"), "-D", data, *settings], self._home)

    def wait_until_ready(self) -> None:
        """Wait until the server accepts connections."""
        wait_until(lambda: search_log(self.log, READY), what="PostgreSQL", timeout=60, check=self.check)

    def _start(self, argv: list[str], home: Path) -> Child:
        name = Path(argv[0]).name
        log = self._folder / f"{name}.log"
        return self._processes.start(name, argv, env=os.environ, log=log, cwd=home, user=self._user)

    def close(self) -> None:
        """Stop the server and remove its data."""
        super().close()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
