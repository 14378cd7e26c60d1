"""An S3 emulator, which holds the model files for the workers."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from harness.processes import LOCALHOST, Service, free_ports, search_log, wait_until

if TYPE_CHECKING:
    from pathlib import Path

CONN_ID = "models"
BUCKET = "models"
REGION = "eu-central-1"
#: Moto accepts any key, but its clients require one.
ANY_KEY = "any-key"
READY = re.compile(r"Running on http://")
# Without the quotation mark before GET, because the log has colour codes in between.
READ = re.compile(rf'GET /{BUCKET}/[^?" ]+ HTTP')


class ObjectStorage(Service):
    """A Moto server, which keeps objects in memory and accepts any key.

    :param folder: the folder of its log file.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._port = free_ports(1)[0]
        self.log = folder / "object-storage.log"

    @property
    def endpoint(self) -> str:
        """Return the URL of the server."""
        return f"http://{LOCALHOST}:{self._port}"

    @property
    def connection(self) -> dict[str, Any]:
        """Return the Airflow connection with the id ``CONN_ID``."""
        extra = {"endpoint_url": self.endpoint, "region_name": REGION}
        return {"conn_type": "aws", "login": ANY_KEY, "password": ANY_KEY, "extra": extra}

    def launch(self) -> None:
        """Start the server."""
        argv = [sys.executable, "-m", "moto.server", "-H", LOCALHOST, "-p", str(self._port)]
        self._processes.start("object storage", argv, env=os.environ, log=self.log, cwd=self._folder)

    def wait_until_ready(self) -> None:
        """Wait until the server accepts connections."""
        wait_until(lambda: search_log(self.log, READY), what="the object storage", timeout=60, check=self.check)

    def put(self, folder: Path) -> str:
        """Upload a folder; return its address for DAGs."""
        from s3fs import S3FileSystem

        options = {"endpoint_url": self.endpoint, "client_kwargs": {"region_name": REGION}}
        bucket = S3FileSystem(key=ANY_KEY, secret=ANY_KEY, **options)
        bucket.mkdir(BUCKET)
        bucket.put(str(folder), f"{BUCKET}/{folder.name}", recursive=True)
        return f"s3://{CONN_ID}@{BUCKET}/{folder.name}"

    def reads(self) -> int:
        """Return the number of reads of objects."""
        return len(READ.findall(self.log.read_text(encoding="utf-8")))
