"""The rows about uploads and downloads: one model over TLS, ours beside the peers, curl and bare ``requests``."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.bench import OFFICIAL_PYTHON
from benchmarks.subprocesses import Server, run
from benchmarks.waiting_clients import connections

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

_MIB = 1024 * 1024
UPLOADERS = ("ours", "curl", "requests", "tls", "official")
DOWNLOADERS = ("ours", "curl", "official")
#: Files of one upload, and how many descriptors a process may have open in the last case.
FILES, FEW = (1, 100, 1_000), 256


def make_model(folder: Path, size: int, files: int) -> Path:
    """Write a model.

    :param folder: where; one that is there already is taken as it is.
    :param size: bytes of all files together.
    :param files: how many, all of one size, a hundred in each folder.
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
    with Server("transfer_server", bench.folder, {"both": bench.pems.both, "download": large}) as server:
        env = {**bench.airflow(), **connections(server.address["port"], bench.pems.cert)}
        move = partial(_move, bench, env)
        model = make_model(bench.folder / "large", large, 1)
        bench.measure("transfers", "upload", UPLOADERS, 3, partial(move, "upload", model, large))
        target = bench.folder / "target"
        target.mkdir()
        bench.measure("transfers", "download", DOWNLOADERS, 3, partial(move, "download", target, large))
        for files in FILES:
            model = make_model(bench.folder / f"many-{files}", many, files)
            up = partial(move, "upload", model, many, watched=1)
            bench.measure("files", _files(files), ("ours", "curl", "official"), 3, up)
        few = partial(up, most_files=FEW)
        bench.measure("files", f"{_files(files)}, at most {FEW} open", ("ours", "curl", "official"), 1, few)


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count > 1 else ''}"


def _move(
    bench: Bench, env: dict[str, str], direction: str, folder: Path, size: int, client: str, **options: int
) -> dict[str, Any]:
    """Move a model once; the rate is in bytes per second."""
    python = str(OFFICIAL_PYTHON) if client == "official" else sys.executable
    given = {"client": client, "direction": direction, "folder": folder, **options}
    result = run("transfer_process", given, folder=bench.folder, env=env, python=python)
    return {"rate": size / result["wall"], **result} if "wall" in result else result
