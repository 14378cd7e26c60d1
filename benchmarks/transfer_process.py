"""Measure one transfer of one client: ``python -m benchmarks.transfer_process``, started by ``transfers.py``."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.subprocesses import print_result
from benchmarks.transfer_clients import COMMANDS, IN_PROCESS, PIECE
from benchmarks.usage import ProcessMonitor, Stopwatch, memory, open_files, peak_memory, reset_peak_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.transfer_clients import Transfer


def in_process(transfer: Transfer, folder: Path, *, count_files: bool) -> dict[str, Any]:
    """Measure a transfer in this process.

    :param transfer: the transfer.
    :param folder: the folder of the model, or of the download.
    :param count_files: count open files, which reduces the speed.
    """
    held, files, monitor = memory(), open_files(), ProcessMonitor()
    reset_peak_memory()
    with Stopwatch() as stopwatch:
        if count_files:
            with monitor:
                transfer(folder)
        else:
            transfer(folder)
    used: dict[str, Any] = {"wall": stopwatch.wall, "cpu": stopwatch.cpu, "memory": peak_memory() - held}
    return {**used, "files": monitor.files - files} if count_files else used


def by_command(argv: Sequence[str]) -> dict[str, Any]:
    """Measure a transfer of another program; its whole memory and all of its open files are counted."""
    began = time.perf_counter()
    child = subprocess.Popen(argv)
    with ProcessMonitor(child.pid) as monitor:
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    if code:
        raise SystemExit(f"{argv[0]} ended with exit code {code}")
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "memory": monitor.peak, "files": monitor.files}


def warm_up(folder: Path, size: int) -> None:
    """Write a file and remove it. A virtual machine gets unused memory from its host slowly, and returns it soon.

    :param folder: the folder.
    :param size: size of the file in bytes.
    """
    path, piece = folder / "unused", bytes(PIECE)
    with path.open("wb") as file:
        for _ in range(0, size, len(piece)):
            file.write(piece)
    path.unlink()


def main() -> None:
    """Measure, and print the result; an error of the client is a result, too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", required=True)
    parser.add_argument("--direction", choices=("upload", "download"), required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count-files", type=int, choices=(0, 1), default=0, help="count open files")
    parser.add_argument("--max-files", type=int, default=0, help="limit of open files; default: unchanged")
    parser.add_argument("--warm-up", type=int, default=0, help="size of a file to write before; default: none")
    options = parser.parse_args()
    if options.max_files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (options.max_files, options.max_files))
    key = (options.client, options.direction)
    transfer = None if key in COMMANDS else IN_PROCESS[key]()
    if options.warm_up:
        warm_up(options.folder, options.warm_up)
    if transfer is None:
        print_result(by_command(COMMANDS[key](options.folder)))
    try:
        print_result(in_process(transfer, options.folder, count_files=bool(options.count_files)))
    except Exception as error:  # noqa: BLE001 - the page shows any error of a client
        print_result({"error": f"{type(error).__name__}: {error}"[:200]})


if __name__ == "__main__":
    main()
