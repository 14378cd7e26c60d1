"""Serves the emulated API until the process receives SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import contextlib
import errno
import ipaddress
import json
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from datarobot_provider import __version__
from datarobot_provider.emulator.app import create_app
from datarobot_provider.emulator.server import DEFAULT_TOKEN, LOOPBACK, listen, make_server
from datarobot_provider.emulator.store.jobs import validated_time_scale
from datarobot_provider.emulator.store.listing import list_resources
from datarobot_provider.emulator.store.seed_loader import DEFAULT_SEED, SeedError
from datarobot_provider.emulator.store.state_file import StateFile, StateFileError
from datarobot_provider.emulator.web.tokens import TokenError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from datarobot_provider.emulator.store.state import State

TOKEN_VARIABLE = "DATAROBOT_EMULATOR_TOKEN"  # noqa: S105 - the name of a variable
DEFAULT_PORT = 8089
_PLACEHOLDER = "YOUR_TOKEN"
_ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - compared with the address that the user chose
_MAX_PORT = 65_535
_FAILURE = 1
_USAGE_ERROR = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :param argv: the arguments, by default those of the process.
    :returns: the exit status.
    """
    options = _parser().parse_args(argv)
    given = options.token if options.token is not None else os.environ.get(TOKEN_VARIABLE) or None
    if given is None and not _is_loopback(options.host):
        return _usage_error(
            f"a token is required with --host {options.host}, because other machines can reach the emulator: "
            f"set --token or the environment variable {TOKEN_VARIABLE}"
        )
    state_file = None if options.state is None else StateFile(options.state)
    token = DEFAULT_TOKEN if given is None else given
    try:
        app = create_app(token, options.seed, options.time_scale, None if options.quiet else _print, state_file)
        listener = listen(options.host, options.port)
        if state_file is not None:
            state_file.save(app.state.resources)
    except (TokenError, SeedError, StateFileError, OSError) as error:
        return _usage_error(_start_problem(options, error))
    host, port = listener.getsockname()[:2]

    def ready() -> None:
        for line in _start_message(f"http://{host}:{port}", given, app.state.resources):
            _print(line)
        if state_file is not None:
            origin = "restored; no seed was loaded" if state_file.restored else "new"
            _print(f"state file: {state_file.path} ({origin})")

    # After its shutdown the server raises the signal that stopped it again. The exit status must be 0 nevertheless.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    with listener, contextlib.suppress(SystemExit):
        make_server(app, ready).run([listener])
    return 0 if state_file is None else _save(state_file, app.state.resources)


def _save(state_file: StateFile, state: State) -> int:
    """Save the state when the emulator stops, and return the exit status."""
    try:
        state_file.save(state)
    except StateFileError as error:
        print(f"datarobot-emulator: {error}", file=sys.stderr)
        return _FAILURE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="datarobot-emulator", description="An offline emulator of the DataRobot API.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="port to listen on, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--token",
        help=f"token with full access, at least 8 characters (default: ${TOKEN_VARIABLE}, else {DEFAULT_TOKEN})",
    )
    seed = parser.add_mutually_exclusive_group()
    seed.add_argument(
        "--seed",
        type=Path,
        metavar="DIR",
        default=DEFAULT_SEED,
        help="folder that contains seed.json (default: the resources of the example DAGs)",
    )
    seed.add_argument("--no-seed", dest="seed", action="store_const", const=None, help="start without resources")
    parser.add_argument(
        "--time-scale", type=_factor, default=1.0, metavar="X", help="factor on the duration of jobs (default: 1)"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="file in which the state is kept while the emulator is stopped; if it exists, no seed is loaded",
    )
    parser.add_argument("--quiet", action="store_true", help="do not print a line for each request")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _MAX_PORT:
        msg = f"the port has to be an integer between 0 and {_MAX_PORT}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _factor(text: str) -> float:
    factor = float(text)
    try:
        return validated_time_scale(factor)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address. Unknown host names count as reachable."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _start_problem(options: argparse.Namespace, error: Exception) -> str:
    if isinstance(error, TokenError):
        return f"the token is invalid: {error}"
    if isinstance(error, SeedError):
        return f"the seed folder is invalid: {error}"
    if isinstance(error, StateFileError):
        return str(error)
    address = f"{options.host}:{options.port}"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"cannot listen on {address}: the port is in use. Stop the program that uses it, for example another "
            "emulator, or choose another port with --port (--port 0 selects a free one)"
        )
    return f"cannot listen on {address}: {error}"


def _start_message(url: str, given_token: str | None, state: State) -> Iterator[str]:
    """Yield the lines to print when the emulator is ready. They never contain a token that the user gave."""
    endpoint = f"{url}/api/v2"
    yield f"listening on {endpoint}"
    if given_token is None:
        yield f"token: {DEFAULT_TOKEN} (the default; set another one with --token or {TOKEN_VARIABLE})"
    connection = {
        "conn_type": "datarobot",
        "host": endpoint.replace(_ANY_ADDRESS, LOOPBACK),
        "password": DEFAULT_TOKEN if given_token is None else _PLACEHOLDER,
    }
    yield f"export AIRFLOW_CONN_DATAROBOT_DEFAULT={shlex.quote(json.dumps(connection))}"
    for resource in list_resources(state):
        yield f"{resource.kind}: {resource.name} ({resource.id})"
    yield f"control API: {url}/__emulator__/"


def _print(line: str) -> None:
    """Print a line. A closed standard output, as of ``datarobot-emulator | head``, does not stop the emulator."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the process ends


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _usage_error(reason: str) -> int:
    print(f"datarobot-emulator: {reason}", file=sys.stderr)
    return _USAGE_ERROR
