"""A stand-in for S3, on a real socket: the only place where the workers find a model."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from harness.processes import LOCALHOST, Service, free_ports, said, wait_until

if TYPE_CHECKING:
    from pathlib import Path

CONN_ID = "models"
BUCKET = "models"
REGION = "eu-central-1"
#: Moto checks no keys, but its clients insist on having some.
ANY_KEY = "any-key"
READY = re.compile(r"Running on http://")
# Without the quotation mark before it, because colours come in between.
READ = re.compile(rf'GET /{BUCKET}/[^?" ]+ HTTP')


class ObjectStorage(Service):
    """Moto's server, which keeps objects in memory and takes any key."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._port = free_ports(1)[0]
        self.log = folder / "object-storage.log"

    @property
    def endpoint(self) -> str:
        """Return its address."""
        return f"http://{LOCALHOST}:{self._port}"

    @property
    def connection(self) -> dict[str, Any]:
        """Return the Airflow connection that leads to it, to be called ``CONN_ID``."""
        extra = {"endpoint_url": self.endpoint, "region_name": REGION}
        return {"conn_type": "aws", "login": ANY_KEY, "password": ANY_KEY, "extra": extra}

    def begin(self) -> None:
        """Start it."""
        argv = [sys.executable, "-m", "moto.server", "-H", LOCALHOST, "-p", str(self._port)]
        self._processes.start("object storage", argv, env=os.environ, log=self.log, cwd=self._folder)

    def ready(self) -> None:
        """Wait until it takes connections."""
        wait_until(lambda: said(self.log, READY), what="the object storage", timeout=60, check=self.check)

    def put(self, folder: Path) -> str:
        """Store a folder; return the address by which a DAG names it."""
        from s3fs import S3FileSystem

        options = {"endpoint_url": self.endpoint, "client_kwargs": {"region_name": REGION}}
        bucket = S3FileSystem(key=ANY_KEY, secret=ANY_KEY, **options)
        bucket.mkdir(BUCKET)
        bucket.put(str(folder), f"{BUCKET}/{folder.name}", recursive=True)
        return f"s3://{CONN_ID}@{BUCKET}/{folder.name}"

    def reads(self) -> int:
        """Return how many objects have been read from it."""
        return len(READ.findall(self.log.read_text(encoding="utf-8")))
