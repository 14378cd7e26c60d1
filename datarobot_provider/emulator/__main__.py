"""The command ``datarobot-emulator``, also without the packages of the extra ``emulator``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from datarobot_provider.emulator import describe_missing_package

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :param argv: the arguments, by default those of the process.
    :returns: the exit status.
    """
    try:
        from datarobot_provider.emulator import command
    except ModuleNotFoundError as error:
        print(f"datarobot-emulator: {describe_missing_package(error)}", file=sys.stderr)
        return 1
    return command.main(argv)


if __name__ == "__main__":
    sys.exit(main())
