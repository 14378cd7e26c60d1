"""One transfer by one client: ``python -m benchmarks.transfer_process``, run by ``transfers.py``."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import print_result
from benchmarks.transfer_clients import COMMANDS, IN_PROCESS
from benchmarks.usage import Stopwatch, Watch, memory, open_files, peak_memory, reset_peak_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.transfer_clients import Transfer


def in_process(transfer: Transfer, folder: Path, *, watched: bool) -> dict[str, Any]:
    """Measure a transfer that this process makes.

    :param transfer: makes it.
    :param folder: the folder of the model, or the one that takes the download.
    :param watched: whether to count open files on the way, which costs some speed.
    """
    held, files, watch = memory(), open_files(), Watch()
    reset_peak_memory()
    with Stopwatch() as stopwatch:
        if watched:
            with watch:
                transfer(folder)
        else:
            transfer(folder)
    used: dict[str, Any] = {"wall": stopwatch.wall, "cpu": stopwatch.cpu, "memory": peak_memory() - held}
    return {**used, "files": watch.files - files} if watched else used


def by_command(argv: Sequence[str]) -> dict[str, Any]:
    """Measure a transfer that another program makes; its memory and its open files are all it has."""
    began = time.perf_counter()
    child = subprocess.Popen(argv)
    with Watch(child.pid) as watch:
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    if code:
        raise SystemExit(f"{argv[0]} ended with exit code {code}")
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "memory": watch.peak, "files": watch.files}


def main() -> None:
    """Measure, and say what came of it; an error of the client is a result too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", required=True)
    parser.add_argument("--direction", choices=("upload", "download"), required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--watched", type=int, choices=(0, 1), default=0, help="whether to count open files")
    parser.add_argument("--most-files", type=int, default=0, help="limit of open files; 0 leaves it alone")
    given = parser.parse_args()
    if given.most_files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (given.most_files, given.most_files))
    key = (given.client, given.direction)
    if key in COMMANDS:
        print_result(by_command(COMMANDS[key](given.folder)))
    transfer = IN_PROCESS[key]()
    try:
        print_result(in_process(transfer, given.folder, watched=bool(given.watched)))
    except Exception as error:  # noqa: BLE001 - whatever a client fails with goes onto the page
        print_result({"error": f"{type(error).__name__}: {error}"[:200]})


if __name__ == "__main__":
    main()
