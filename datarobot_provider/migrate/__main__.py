"""The command: ``python -m datarobot_provider.migrate DAG_FOLDER [more paths]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from datarobot_provider.migrate.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTION = """\
Search DAG files for operators, sensors and the hook of DataRobot's own provider, and report what replaces them.
The files are parsed, not imported, and not changed."""
_STATUS = """\
exit status: 0 if nothing is found or everything has a direct replacement, 1 if something needs a decision or a file
cannot be read, 2 if the command is called incorrectly."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    :param arguments: arguments of the command; default: those of the process.
    :returns: 0, or 1 if something needs a decision or a file cannot be read.
    :raises SystemExit: with the status 2, if the command is called incorrectly.
    """
    parser = argparse.ArgumentParser(
        prog="python -m datarobot_provider.migrate",
        description=_DESCRIPTION,
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a folder with DAG files, or a file")
    paths: list[Path] = parser.parse_args(arguments).paths
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        parser.error(f"no such file or folder: {', '.join(missing)}")
    report = Report.of(paths)
    sys.stdout.write(report.text())
    return 0 if report.is_direct else 1


if __name__ == "__main__":
    sys.exit(main())
