"""The processes of a measurement: servers that say where they listen, and children that end with one line of JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.processes import Processes, Service, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
TOKEN = "a-token-of-the-benchmarks"  # noqa: S105 - opens nothing
LISTENING = "listening "


def run(
    module: str,
    options: Mapping[str, object],
    *,
    folder: Path,
    env: Mapping[str, str] | None = None,
    python: str = sys.executable,
    timeout: float = 300.0,
    apart: bool = False,
) -> dict[str, Any]:
    """Run a module of the benchmarks in a process of its own.

    :param module: its name inside this package.
    :param options: what it is given on the command line.
    :param folder: takes its log.
    :param env: added to the environment.
    :param python: the interpreter; default is this one.
    :param timeout: seconds that it may take; default 300.
    :param apart: whether to run it as a file that finds nothing of this tree; default ``False``.
    :returns: what it has said with :func:`print_result`.
    :raises ProcessDiedError: if it fails.
    :raises WaitTimeoutError: if it takes too long.
    """
    log = folder / f"{module}.log"
    with Processes() as processes:
        program = ["-P", str(FOLDER / f"{module}.py")] if apart else ["-m", f"benchmarks.{module}"]
        argv = [python, *program, *_arguments(options)]
        child = processes.start(module, argv, env={**os.environ, **(env or {})}, log=log, cwd=ROOT)
        processes.finish(child, timeout=timeout)
    said: dict[str, Any] = json.loads(log.read_text(encoding="utf-8", errors="replace").splitlines()[-1])
    return said


def print_result(result: Mapping[str, Any]) -> None:
    """Print the one line of JSON that a child ends with, and end at once: thousands of waits need no tidying up."""
    sys.stderr.flush()
    sys.stdout.write(f"\n{json.dumps(result)}\n")
    sys.stdout.flush()
    os._exit(0)


class Server(Service):
    """A server of the benchmarks, as a process of its own: ``with Server("status_server", folder) as server``.

    :param module: its name inside this package.
    :param folder: takes its log.
    :param options: what it is given on the command line.
    :ivar address: what it said when it was ready.
    """

    def __init__(self, module: str, folder: Path, options: Mapping[str, object]) -> None:
        super().__init__()
        self._module, self._options = module, options
        self._log = folder / f"{module}.log"
        self.address: dict[str, int] = {}

    def launch(self) -> None:
        """Start the process."""
        argv = [sys.executable, "-m", f"benchmarks.{self._module}", *_arguments(self._options)]
        self._processes.start(self._module, argv, env=os.environ, log=self._log, cwd=ROOT)

    def wait_until_ready(self) -> None:
        """Wait until it says where it listens."""
        self.address = wait_until(self._said, what=self._module, timeout=30, check=self.check, interval=0.05)

    def _said(self) -> dict[str, int] | None:
        lines = self._log.read_text(encoding="utf-8").splitlines(keepends=True)
        found = [line for line in lines if line.startswith(LISTENING) and line.endswith("\n")]
        return json.loads(found[0].removeprefix(LISTENING)) if found else None


def print_ports(**ports: int) -> None:
    """Say, as a server, where one listens."""
    sys.stdout.write(f"{LISTENING}{json.dumps(ports)}\n")
    sys.stdout.flush()


def _arguments(options: Mapping[str, object]) -> Sequence[str]:
    return [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
