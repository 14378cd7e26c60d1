"""The command ``datarobot-emulator``, which serves the emulated API until it receives SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from datarobot_provider.emulator.app import create_app
from datarobot_provider.emulator.server import LOOPBACK, listen, make_server
from datarobot_provider.emulator.store.jobs import validated_time_scale
from datarobot_provider.emulator.store.seed import SeedError
from datarobot_provider.emulator.web.tokens import TokenError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

TOKEN_VARIABLE = "DATAROBOT_EMULATOR_TOKEN"  # noqa: S105 - the name of a variable
_USAGE_ERROR = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :param argv: the arguments, by default those of the process.
    :returns: the exit status.
    """
    options = _parser().parse_args(argv)
    token = options.token or os.environ.get(TOKEN_VARIABLE)
    if not token:
        return _usage_error(f"a token is required: set --token or the environment variable {TOKEN_VARIABLE}")
    try:
        app = create_app(token, options.seed, options.time_scale)
        listener = listen(options.host, options.port)
    except TokenError as error:
        return _usage_error(f"the token is invalid: {error}")
    except SeedError as error:
        return _usage_error(f"the seed folder is invalid: {error}")
    except OSError as error:
        return _usage_error(f"cannot listen on {options.host}:{options.port}: {error}")
    host, port = listener.getsockname()[:2]
    # After its shutdown the server raises the signal that stopped it again. The exit status must be 0 nevertheless.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    with listener:
        make_server(app, lambda: print(f"listening on http://{host}:{port}/api/v2", flush=True)).run([listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="datarobot-emulator", description="An offline emulator of the DataRobot API.")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--token", help=f"token with full access, at least 8 characters (default: ${TOKEN_VARIABLE})")
    parser.add_argument("--seed", type=Path, metavar="DIR", help="folder that contains seed.json")
    parser.add_argument(
        "--time-scale", type=_factor, default=1.0, metavar="X", help="factor on the duration of jobs (default: 1)"
    )
    return parser


def _factor(text: str) -> float:
    factor = float(text)
    try:
        return validated_time_scale(factor)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _usage_error(reason: str) -> int:
    print(f"datarobot-emulator: {reason}", file=sys.stderr)
    return _USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
