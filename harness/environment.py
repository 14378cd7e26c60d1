"""Create or update a virtual environment: ``python -m harness.environment .venv --pins constraints.txt -e .``.

Every step is printed with its seconds. Only the standard library is used, because the interpreter that creates
``.venv`` has no other packages.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The file that marks a complete environment. It contains the folder in which the environment was created.
STAMP = ".made-for"
_INSTALLING = "Installing collected packages: "
_LINES_SHOWN = 20


class PipError(Exception):
    """Pip failed. The message is the end of its output."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print a step, and its seconds when it has ended."""
    print(f"{name} ... ", end="", flush=True)
    start = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - start:.0f} s", flush=True)


class Environment:
    """A virtual environment.

    :param folder: its folder.
    :param pins: the files with the versions of the packages, including that of pip.
    """

    def __init__(self, folder: Path, pins: Sequence[Path]) -> None:
        self.python = folder / "bin" / "python"
        self._folder = folder
        self._pins = [argument for file in pins for argument in ("-c", str(file))]

    def create(self) -> None:
        """Create the environment with the interpreter of this process. An existing one is deleted."""
        with step(f"{self._folder}: creating the environment with Python {platform.python_version()}"):
            shutil.rmtree(self._folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", self._folder], check=True)

    def install(self, arguments: Sequence[str]) -> None:
        """Install pip and packages.

        :param arguments: the arguments of ``pip install``.
        :raises PipError: if pip fails.
        """
        with step(f"{self._folder}: installing pip"):
            # Dependency groups need pip 25.1. The version that Python contains may be older.
            list(self._pip("pip"))
        output = self._pip(*arguments)
        with step(f"{self._folder}: downloading packages"):
            installing = next((line for line in output if line.startswith(_INSTALLING)), "")
        if installing:
            with step(f"{self._folder}: installing {installing.count(',') + 1} package(s)"):
                list(output)

    def complete(self) -> None:
        """Mark the environment as complete."""
        (self._folder / STAMP).write_text(str(Path.cwd()), encoding="utf-8")

    def _pip(self, *arguments: str) -> Iterator[str]:
        """Run ``pip install`` and yield the lines of its output."""
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", *self._pins, *arguments]
        lines = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
            for line in pip.stdout or ():
                lines.append(line)
                yield line
        if pip.returncode:
            raise PipError("".join(lines[-_LINES_SHOWN:]))


def main(argv: Sequence[str] | None = None) -> int:
    """Create or update an environment; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.environment",
        allow_abbrev=False,
        usage="%(prog)s FOLDER [--pins FILE]... [--update] [arguments of pip install]",
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pins", type=Path, action="append", default=[], help="a file with the versions of packages")
    parser.add_argument("--update", action="store_true", help="keep the existing environment and update its packages")
    options, arguments = parser.parse_known_args(argv)
    environment, start = Environment(options.folder, options.pins), time.monotonic()
    try:
        if not options.update:
            environment.create()
        environment.install(arguments)
    except (PipError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    environment.complete()
    print(f"{options.folder}: ready after {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
