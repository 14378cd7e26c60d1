"""Emulator of the DataRobot public API v2, for tests and for trying out the provider.

The emulator is an HTTP server that implements the routes for custom models, vector database validations and guards.
State is kept in memory, jobs take time, and every request and every response is validated against the published
contract. The emulator shares no code with the rest of the package, so that a mistake in the client cannot hide in the
server that the client is tested with.

Start it with ``datarobot-emulator``, or inside a test::

    from datarobot_provider.emulator import running

    with running() as emulator:
        ...  # emulator.endpoint, emulator.token
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datarobot_provider.emulator.server import Emulator, running

__all__ = ["Emulator", "running"]


def __getattr__(name: str) -> Any:
    """Import a public name on first use, because the server needs the packages of the extra ``emulator``."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from datarobot_provider.emulator import server
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(describe_missing_package(error), name=error.name) from error
    return getattr(server, name)


def describe_missing_package(error: ModuleNotFoundError) -> str:
    """Return what to install when an import of the emulator failed."""
    return (
        f"the package {error.name} is missing. Install the emulator with "
        "pip install 'airflow-provider-datarobot-mlops[emulator]', "
        "or the pytest fixtures with pip install 'airflow-provider-datarobot-mlops[testing]'"
    )
