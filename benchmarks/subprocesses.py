"""The processes of a measurement: servers, which print their ports, and modules, which print their result as JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from harness.processes import Processes, Service, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
TOKEN = "token-of-the-benchmarks"  # noqa: S105 - not a real token
LISTENING = "listening "


def run_module(
    module: str,
    options: Mapping[str, object],
    *,
    folder: Path,
    env: Mapping[str, str] | None = None,
    python: str = sys.executable,
    timeout: float = 300.0,
    isolated: bool = False,
) -> dict[str, Any]:
    """Run a module of the benchmarks in a separate process.

    :param module: its name inside this package.
    :param options: its command line options.
    :param folder: the folder of its log file.
    :param env: additional environment variables.
    :param python: the interpreter; default is the current one.
    :param timeout: seconds to wait; default 300.
    :param isolated: run it as a file that cannot import from this source tree; default ``False``.
    :returns: the result that it printed with :func:`print_result`.
    :raises ProcessDiedError: if it fails.
    :raises WaitTimeoutError: if the timeout is exceeded.
    """
    log = folder / f"{module}.log"
    with Processes() as processes:
        program = ["-P", str(FOLDER / f"{module}.py")] if isolated else ["-m", f"benchmarks.{module}"]
        argv = [python, *program, *_arguments(options)]
        child = processes.start(module, argv, env={**os.environ, **(env or {})}, log=log, cwd=ROOT)
        processes.finish(child, timeout=timeout)
    result: dict[str, Any] = json.loads(log.read_text(encoding="utf-8", errors="replace").splitlines()[-1])
    return result


def print_result(result: Mapping[str, Any]) -> NoReturn:
    """Print the result of this process as one line of JSON, and exit without closing thousands of waits."""
    sys.stderr.flush()
    sys.stdout.write(f"\n{json.dumps(result)}\n")
    sys.stdout.flush()
    os._exit(0)


class Server(Service):
    """A server of the benchmarks in a separate process: ``with Server("status_server", folder, {}) as server``.

    :param module: its name inside this package.
    :param folder: the folder of its log file.
    :param options: its command line options.
    :ivar ports: its ports by name.
    """

    def __init__(self, module: str, folder: Path, options: Mapping[str, object]) -> None:
        super().__init__()
        self._module, self._options = module, options
        self._log = folder / f"{module}.log"
        self.ports: dict[str, int] = {}

    def launch(self) -> None:
        """Start the process."""
        argv = [sys.executable, "-m", f"benchmarks.{self._module}", *_arguments(self._options)]
        self._processes.start(self._module, argv, env=os.environ, log=self._log, cwd=ROOT)

    def wait_until_ready(self) -> None:
        """Wait until it prints its ports."""
        self.ports = wait_until(self._read_ports, what=self._module, timeout=30, check=self.check, interval=0.05)

    def _read_ports(self) -> dict[str, int] | None:
        lines = self._log.read_text(encoding="utf-8").splitlines(keepends=True)
        found = [line for line in lines if line.startswith(LISTENING) and line.endswith("\n")]
        return json.loads(found[0].removeprefix(LISTENING)) if found else None


def print_ports(**ports: int) -> None:
    """Print the ports of a server when it is ready."""
    sys.stdout.write(f"{LISTENING}{json.dumps(ports)}\n")
    sys.stdout.flush()


def _arguments(options: Mapping[str, object]) -> Sequence[str]:
    return [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
