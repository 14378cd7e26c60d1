"""The settings of a temporary Airflow, passed to its processes as environment variables."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.processes import LOCALHOST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

USER = "demo"
#: Seconds for which a component waits for SQLite's lock. A component that does not get the lock exits. The api-server
#: blocks its event loop meanwhile, and the holder of the lock may need one of its responses; its clients retry.
LOCK_TIMEOUT, LOCK_TIMEOUT_OF_API_SERVER = 60, 2


def _fernet_key() -> str:
    """Return a new Fernet key."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True)
class Settings:
    """The settings of one Airflow. Passwords and keys are random.

    :param home: the folder of the database and the logs.
    :param dags_folder: the folder of the DAG files.
    :param api_port: port of the api-server.
    :param worker_log_port: port that is configured for the worker's log server, which is not started.
    :param triggerer_log_port: port that is configured for the triggerer's log server, which is not started.
    """

    home: Path
    dags_folder: Path
    api_port: int
    worker_log_port: int
    triggerer_log_port: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    jwt_secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    api_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    fernet_key: str = field(default_factory=_fernet_key, repr=False)

    @property
    def base_url(self) -> str:
        """Return the address of the UI and the API."""
        return f"http://{LOCALHOST}:{self.api_port}"

    @property
    def passwords_file(self) -> Path:
        """Return the path of Airflow's password file."""
        return self.home / "passwords.json"

    def write_passwords(self) -> None:
        """Write the password file, readable for its owner only."""
        self.passwords_file.touch(mode=0o600)
        self.passwords_file.write_text(json.dumps({USER: self.password}), encoding="utf-8")


def airflow_environment(
    base: Mapping[str, str], settings: Settings, lock_timeout: int = LOCK_TIMEOUT
) -> dict[str, str]:
    """Return ``base`` without the user's own Airflow settings, plus the settings of this Airflow.

    The log servers of the scheduler and the triggerer are not started, because they listen on every network
    interface; the api-server reads the log files itself. Their ports are free ones nevertheless, so that the api-server
    does not connect to another Airflow on this machine.

    :param lock_timeout: seconds to wait for the lock of the database.
    """
    kept = {key: value for key, value in base.items() if not key.startswith("AIRFLOW")}
    return {
        **kept,
        "AIRFLOW_HOME": str(settings.home),
        "NO_PROXY": _without_proxy(base),
        "no_proxy": _without_proxy(base),
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
        **{f"AIRFLOW__{name}": value for name, value in _options(settings, lock_timeout).items()},
    }


def connection_environment(connections: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the environment variables that define these connections in Airflow."""
    return {f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(fields) for conn_id, fields in connections.items()}


def _without_proxy(base: Mapping[str, str]) -> str:
    """Return the hosts to connect to without a proxy: those of the user and the loopback address."""
    known = base.get("no_proxy") or base.get("NO_PROXY")
    return ",".join(filter(None, [known, LOCALHOST, "localhost"]))


def _options(settings: Settings, lock_timeout: int) -> dict[str, str]:
    """Return the Airflow options: ``SECTION__OPTION`` -> value."""
    return {
        "CORE__DAGS_FOLDER": str(settings.dags_folder),
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "4",
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__FERNET_KEY": settings.fernet_key,
        "CORE__TEST_CONNECTION": "Enabled",
        "CORE__EXECUTION_API_SERVER_URL": f"{settings.base_url}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(settings.passwords_file),
        # A lookup of the machine's full name can take seconds if DNS is slow or unavailable.
        "CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{settings.home / 'airflow.db'}?timeout={lock_timeout}",
        "API__HOST": LOCALHOST,
        "API__PORT": str(settings.api_port),
        "API__WORKERS": "1",
        "API__BASE_URL": settings.base_url,
        "API__SECRET_KEY": settings.api_secret,
        "API_AUTH__JWT_SECRET": settings.jwt_secret,
        "LOGGING__BASE_LOG_FOLDER": str(settings.home / "logs"),
        "LOGGING__WORKER_LOG_SERVER_PORT": str(settings.worker_log_port),
        "LOGGING__TRIGGER_LOG_SERVER_PORT": str(settings.triggerer_log_port),
        "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "5",
        # A worker may detect the end of its task with this delay; a task that resumes earlier is considered lost.
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
        "SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "3",
    }
