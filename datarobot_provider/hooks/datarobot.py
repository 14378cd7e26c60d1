"""Hook that creates clients from an Airflow connection."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.routes import required
from datarobot_provider.exceptions import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    DataRobotError,
    MalformedResponseError,
    NotFoundError,
    TransportError,
)
from datarobot_provider.hooks import form
from datarobot_provider.version_compat import (
    CONNECTION_READ_ERRORS,
    HAS_ASYNC_CONNECTIONS,
    AirflowNotFoundException,
    BaseHook,
    mask_secret,
    mask_secret_async,
)

if TYPE_CHECKING:
    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.client import AsyncDataRobotClient, DataRobotClient
    from datarobot_provider.client.endpoint import Endpoint
    from datarobot_provider.hooks.connection import ConnectionConfig
    from datarobot_provider.hooks.shared_clients import SharedClient
    from datarobot_provider.jobs.job_client import JobClient
    from datarobot_provider.jobs.wait_steps import LogMessage

_TEST_TIMEOUT = 10.0
#: The logger of a hook, ``self.log``, does not pass its records to the standard library's logging on Airflow 3.
_LOG = logging.getLogger(f"airflow.task.hooks.{__name__}.DataRobotHook")


class DataRobotHook(BaseHook):
    """Hook for one Airflow connection.

    :param datarobot_conn_id: id of the connection, default ``datarobot_default``. Its host is the API endpoint and its
        password is the API token. If they are empty, the extras ``endpoint`` and ``api_key`` of DataRobot's own
        provider are used, with or without the prefix ``extra__http__``. Other extras: ``connect_timeout``,
        ``read_timeout``, ``upload_timeout``, ``poll_failure_timeout`` (seconds, default 10, 60, 600 and 900),
        ``attempts``, ``upload_attempts`` (default 5 and 3), ``retry_cap`` (seconds, default 60), ``ca_bundle``,
        ``client_cert``, ``client_key`` (paths), ``verify`` (boolean, default true). Unknown extras are ignored.
    """

    conn_name_attr = "datarobot_conn_id"
    default_conn_name = "datarobot_default"
    conn_type = form.CONN_TYPE
    hook_name = form.HOOK_NAME

    def __init__(self, datarobot_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.datarobot_conn_id = datarobot_conn_id

    @cached_property
    def client(self) -> DataRobotClient:
        """The synchronous client.

        :raises ConfigurationError: if the connection is missing or invalid.
        """
        return self._sync_client(self._config())

    @cached_property
    def endpoint(self) -> Endpoint:
        """The endpoint of the connection. No client is created.

        :raises ConfigurationError: if the connection is missing or invalid.
        """
        return self.client.endpoint if "client" in vars(self) else self._config().endpoint

    @cached_property
    def jobs(self) -> JobClient:
        """The synchronous client for jobs."""
        from datarobot_provider.jobs.job_client import JobClient

        return JobClient(self.client, self.report)

    def get_conn(self) -> DataRobotClient:
        """Return the synchronous client."""
        return self.client

    def async_client(self) -> SharedClient:
        """Return the asynchronous client of the connection, which is shared on the event loop.

        It is created by its first user and closed by its last: ``async with hook.async_client() as client``. Entering
        the context raises :class:`ConfigurationError` if the connection is missing or invalid.

        :returns: an asynchronous context manager.
        """
        from datarobot_provider.hooks.shared_clients import SharedClient

        return SharedClient(self.datarobot_conn_id, self._make_async_client)

    @staticmethod
    def report(message: LogMessage) -> None:
        """Write a message of a wait to the task log."""
        _LOG.log(logging.WARNING if message.warning else logging.INFO, "%s", message.text)

    def test_connection(self) -> tuple[bool, str]:
        """Test the connection with one request: ``GET version/``.

        :returns: whether it succeeded, and a message.
        """
        try:
            config = self._config()
            settings = replace(
                config.settings,
                connect_timeout=_TEST_TIMEOUT,
                read_timeout=_TEST_TIMEOUT,
                retry=replace(config.settings.retry, attempts=1),
            )
            client = self._sync_client(config._replace(settings=settings))
            try:
                version = required(client.get("version/"), "versionString")
            finally:
                client.close()
        except AuthenticationError:
            return (
                False,
                f"{config.endpoint.origin} refuses the API token (401). Set a valid API token as the password.",
            )
        except (MalformedResponseError, NotFoundError) as error:
            return (
                False,
                f"{config.endpoint.origin} responds, but not like a DataRobot API. {str(error).splitlines()[0]}",
            )
        except ApiError as error:
            return False, f"{config.endpoint.origin} refuses the request. {error}"
        except TransportError as error:
            return False, f"{config.endpoint.origin} cannot be reached. {error}"
        except DataRobotError as error:
            # Airflow's UI tests a copy of the connection with a random id, which must not be in the message.
            message = str(error).removeprefix(f"Airflow connection {self.datarobot_conn_id!r}: ")
            return False, f"{message[:1].upper()}{message[1:]}"
        return True, f"Connected to {config.endpoint.origin}, DataRobot API {version}."

    def password_of(self, conn_id: str) -> str:
        """Return the password of another connection, such as the API key of an LLM. It is masked in logs.

        :param conn_id: id of the connection, of any type.
        :raises ConfigurationError: if the connection does not exist or has no password.
        """
        try:
            password = (self.get_connection(conn_id).password or "").strip()
        except AirflowNotFoundException:
            raise ConfigurationError(f"There is no Airflow connection {conn_id!r}. Its password is required.") from None
        except CONNECTION_READ_ERRORS as error:
            raise _connection_read_error(conn_id, error) from None
        if not password:
            raise ConfigurationError(f"The Airflow connection {conn_id!r} has no password. It is required here.")
        mask_secret(password)
        return password

    def _renew_token(self) -> Token:
        return self._config().token

    def _config(self) -> ConnectionConfig:
        from datarobot_provider.hooks.connection import ConnectionFields

        try:
            connection = self.get_connection(self.datarobot_conn_id)
        except AirflowNotFoundException:
            raise _missing_connection_error(self.datarobot_conn_id) from None
        except CONNECTION_READ_ERRORS as error:
            raise _connection_read_error(self.datarobot_conn_id, error) from None
        fields = ConnectionFields.of(connection)
        for secret in fields.secrets():
            mask_secret(secret)
        return fields.config()

    async def _async_config(self) -> ConnectionConfig:
        from asgiref.sync import sync_to_async

        from datarobot_provider.hooks.connection import ConnectionFields

        read = self.aget_connection if HAS_ASYNC_CONNECTIONS else sync_to_async(self.get_connection)
        try:
            connection = await read(self.datarobot_conn_id)
        except AirflowNotFoundException:
            raise _missing_connection_error(self.datarobot_conn_id) from None
        except CONNECTION_READ_ERRORS as error:
            raise _connection_read_error(self.datarobot_conn_id, error) from None
        fields = ConnectionFields.of(connection)
        for secret in fields.secrets():
            await mask_secret_async(secret)
        return fields.config()

    async def _make_async_client(self) -> AsyncDataRobotClient:
        # The import of the HTTP library takes a tenth of a second, which would block the event loop.
        await asyncio.to_thread(import_module, "datarobot_provider.client.async_transport")
        from datarobot_provider.client.async_transport import AsyncTransport
        from datarobot_provider.client.client import AsyncDataRobotClient

        async def renew() -> Token:
            return (await self._async_config()).token

        config = await self._async_config()
        self._warn_if_unverified(config)
        # The files of the certificates are read in a thread, too.
        tls = await asyncio.to_thread(config.settings.tls)
        return AsyncDataRobotClient(config.endpoint, config.token, AsyncTransport(*config, tls), renew)

    def _sync_client(self, config: ConnectionConfig) -> DataRobotClient:
        from datarobot_provider.client.client import DataRobotClient
        from datarobot_provider.client.sync_transport import SyncTransport

        self._warn_if_unverified(config)
        timeout = config.settings.poll_failure_timeout
        return DataRobotClient(config.endpoint, config.token, SyncTransport(*config), self._renew_token, timeout)

    def _warn_if_unverified(self, config: ConnectionConfig) -> None:
        if not config.settings.verify:
            self.log.warning(
                "TLS verification is disabled by the extra 'verify' of the Airflow connection %r. The API token can be "
                "intercepted. For a private CA, set the extra 'ca_bundle' instead.",
                self.datarobot_conn_id,
            )

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return the standard fields of the connection form, for Airflow 3.0 and 3.1."""
        return {"hidden_fields": form.HIDDEN, "relabeling": form.LABELS, "placeholders": form.PLACEHOLDERS}

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the extra fields of the connection form, for Airflow 3.0 and 3.1."""
        try:
            from wtforms import StringField
            from wtforms.validators import Optional
        except ImportError:
            # Airflow 3.0 has it only with another provider. Without these fields, extras are entered as JSON.
            return {}
        return {
            # Numbers are strings, because these versions do not know FloatField. The boolean is a string, because an
            # unchecked box cannot be distinguished from an unset one.
            name: StringField(field["label"], validators=[Optional()], description=field["description"])
            for name, field in form.EXTRAS.items()
        }


class UsesDataRobotHook:
    """Mixin with the hook of the connection, for operators and sensors.

    :ivar datarobot_conn_id: id of the Airflow connection.
    """

    datarobot_conn_id: str

    @cached_property
    def hook(self) -> DataRobotHook:
        """The hook of the task's connection."""
        return DataRobotHook(self.datarobot_conn_id)


def _missing_connection_error(conn_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"There is no Airflow connection {conn_id!r}. Create one of type DataRobot (Admin > Connections): the host is "
        "the API endpoint, the password is the API token."
    )


def _connection_read_error(conn_id: str, error: Exception) -> ConfigurationError:
    """Return the error for an unavailable secrets backend. Its own message is omitted, as it may contain secrets."""
    unread = ConfigurationError(
        f"The Airflow connection {conn_id!r} could not be read ({type(error).__name__}). Check the secrets backend and "
        "Airflow's API server."
    )
    unread.retryable = True
    return unread
