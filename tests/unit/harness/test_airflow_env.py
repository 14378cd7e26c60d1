from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from harness.airflow_env import Settings, airflow_environment, connection_environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / "dags", 8001, 8002, 8003)


def test_airflow_settings_of_the_user_are_removed(settings: Settings) -> None:
    base = {
        "PATH": "/bin",
        "AIRFLOW_HOME": "/home/me/airflow",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__SECRETS__BACKEND": "vault",
        "AIRFLOW_CONN_PROD": "https://prod",
    }
    env = airflow_environment(base, settings)
    assert env["PATH"] == "/bin"
    assert env["AIRFLOW_HOME"] == str(settings.home)
    assert env["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "AIRFLOW__SECRETS__BACKEND" not in env
    assert "AIRFLOW_CONN_PROD" not in env


def test_all_addresses_are_on_the_loopback_interface(settings: Settings) -> None:
    env = airflow_environment({}, settings)
    assert env["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert env["AIRFLOW__API__PORT"] == "8001"
    assert env["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8001"
    assert env["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8001/execution/"
    assert env["AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"] == "8002"
    assert env["AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT"] == "8003"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "intranet"}, "intranet,127.0.0.1,localhost"),
        ({"no_proxy": "a", "NO_PROXY": "b"}, "a,127.0.0.1,localhost"),
    ],
)
def test_loopback_address_bypasses_the_proxy(settings: Settings, base: dict[str, str], expected: str) -> None:
    env = airflow_environment(base, settings)
    assert env["NO_PROXY"] == env["no_proxy"] == expected


def test_secrets_are_random_and_not_in_the_repr(settings: Settings, tmp_path: Path) -> None:
    other = Settings(tmp_path, tmp_path, 1, 2, 3)
    for name in ("password", "jwt_secret", "api_secret", "fernet_key"):
        assert getattr(settings, name) != getattr(other, name)
        assert getattr(settings, name) not in repr(settings)
    assert len(settings.jwt_secret) >= 64
    assert len(base64.urlsafe_b64decode(settings.fernet_key)) == 32


def test_password_file_is_readable_for_its_owner_only(settings: Settings) -> None:
    settings.write_passwords()
    assert json.loads(settings.passwords_file.read_text()) == {"demo": settings.password}
    assert settings.passwords_file.stat().st_mode & 0o077 == 0
    assert airflow_environment({}, settings)["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "demo:admin"


def test_connections_are_encoded_as_json() -> None:
    fields = {"conn_type": "datarobot", "host": "http://127.0.0.1:1/api/v2", "password": "t/+=&%"}
    env = connection_environment({"datarobot_default": fields})
    assert list(env) == ["AIRFLOW_CONN_DATAROBOT_DEFAULT"]
    assert json.loads(env["AIRFLOW_CONN_DATAROBOT_DEFAULT"]) == fields
