"""The rows ``transfers`` and ``files``: uploads and downloads of a model over TLS."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.bench import OFFICIAL_PYTHON
from benchmarks.subprocesses import Server, run_module
from benchmarks.waiting_clients import connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

_MIB = 1024 * 1024
UPLOADERS = ("ours", "curl", "requests", "tls", "official")
DOWNLOADERS = ("ours", "curl", "official")
#: The number of files in an upload, and the limit of open files in the last case.
FILES, OPEN_FILES = (1, 100, 1_000), 256


def make_model(folder: Path, size: int, files: int) -> Path:
    """Write the files of a model.

    :param folder: the folder; if it exists, it is used unchanged.
    :param size: total size in bytes.
    :param files: the number of files, which have equal sizes, a hundred in each subfolder.
    """
    if folder.exists():
        return folder
    each = size // files
    for number in range(files):
        path = folder / f"{number // 100:02}" / f"part-{number:04}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for start in range(0, each, _MIB):
                file.write(os.urandom(min(_MIB, each - start)))
    return folder


def transfers(bench: Bench) -> None:
    """Measure uploads and downloads of one large file, and uploads of many files."""
    large, many = (4 * _MIB, 2 * _MIB) if bench.small else (1024 * _MIB, 256 * _MIB)
    with Server("transfer_server", bench.folder, {"pem": bench.pems.both, "download": large}) as server:
        env = {**bench.airflow(), **connections(server.ports["port"], bench.pems.cert)}
        transfer = partial(_transfer, bench, env)
        model = make_model(bench.folder / "large", large, 1)
        bench.measure("transfers", "upload", UPLOADERS, 3, partial(transfer, "upload", model, large))
        bench.measure("transfers", "download", DOWNLOADERS, 3, partial(_download, bench, transfer, large))
        for files in FILES:
            model = make_model(bench.folder / f"many-{files}", many, files)
            up = partial(transfer, "upload", model, many, count_files=1)
            bench.measure("files", _files(files), ("ours", "curl", "official"), 3, up)
        limited = partial(up, max_files=OPEN_FILES)
        bench.measure("files", f"{_files(files)}, at most {OPEN_FILES} open", ("ours", "curl", "official"), 1, limited)


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count > 1 else ''}"


def _download(bench: Bench, transfer: Callable[..., dict[str, Any]], size: int, client: str) -> dict[str, Any]:
    """Download a file once into an empty folder."""
    with TemporaryDirectory(dir=bench.folder) as target:
        return transfer("download", Path(target), size, client, warm_up=size)


def _transfer(
    bench: Bench, env: dict[str, str], direction: str, folder: Path, size: int, client: str, **options: int
) -> dict[str, Any]:
    """Transfer a model once; the rate is in bytes per second."""
    python = str(OFFICIAL_PYTHON) if client == "official" else sys.executable
    arguments = {"client": client, "direction": direction, "folder": folder, **options}
    result = run_module("transfer_process", arguments, folder=bench.folder, env=env, python=python)
    return {"rate": size / result["wall"], **result} if "wall" in result else result
