"""The hook: from an Airflow connection to a client. The only place that reads a connection."""

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
    UNREADABLE,
    AirflowNotFoundException,
    BaseHook,
    mask_secret,
    mask_secret_async,
)

if TYPE_CHECKING:
    from datarobot_provider.client.auth import Token
    from datarobot_provider.client.client import AsyncDataRobotClient, DataRobotClient
    from datarobot_provider.hooks.connection import Access
    from datarobot_provider.hooks.shared_clients import SharedClient
    from datarobot_provider.jobs.job_client import JobClient
    from datarobot_provider.jobs.poller import Note

_TEST_TIMEOUT = 10.0
#: One for all waits: the logger that a hook has of its own is a dozen objects, and a triggerer has thousands of waits.
_LOG = logging.getLogger(f"airflow.task.hooks.{__name__}.DataRobotHook")


class DataRobotHook(BaseHook):
    """Gives a client for one Airflow connection.

    :param datarobot_conn_id: id of the connection; default ``datarobot_default``. Its host is the API endpoint, its
        password the API token; the extras ``endpoint`` and ``api_key`` of DataRobot's own provider, with or without
        ``extra__http__``, count where those are empty. More extras: ``connect_timeout``, ``read_timeout``,
        ``upload_timeout``, ``poll_failure_timeout`` (seconds; 10, 60, 600 and 900 by default), ``attempts``,
        ``upload_attempts`` (numbers; 5 and 3), ``retry_cap`` (seconds; 60), ``ca_bundle``, ``client_cert``,
        ``client_key`` (paths), ``verify`` (boolean; true). Other extras are ignored.
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
        """The sync client.

        :raises ConfigurationError: if the connection is missing or cannot be used.
        """
        return self._sync_client(self._access())

    @cached_property
    def jobs(self) -> JobClient:
        """What can be done with jobs through :attr:`client`."""
        from datarobot_provider.jobs.job_client import JobClient

        return JobClient(self.client, self.report)

    def get_conn(self) -> DataRobotClient:
        """Return the sync client; the name that Airflow's hooks share."""
        return self.client

    def async_client(self) -> SharedClient:
        """Give the async client that everybody on this event loop shares who uses this connection.

        It is made by its first user and closed with its last: ``async with hook.async_client() as client``. Entering
        raises :class:`ConfigurationError` if the connection is missing or cannot be used.

        :returns: a context manager.
        """
        from datarobot_provider.hooks.shared_clients import SharedClient

        return SharedClient(self.datarobot_conn_id, self._make_async_client)

    @staticmethod
    def report(note: Note) -> None:
        """Write what a wait has to say into the task log."""
        _LOG.log(logging.WARNING if note.warning else logging.INFO, "%s", note.text)

    def test_connection(self) -> tuple[bool, str]:
        """Make one cheap call with the token: GET ``version/``.

        :returns: whether it worked, and what is wrong in plain words.
        """
        try:
            access = self._access()
            impatient = replace(
                access.settings,
                connect_timeout=_TEST_TIMEOUT,
                read_timeout=_TEST_TIMEOUT,
                retry=replace(access.settings.retry, attempts=1),
            )
            client = self._sync_client(access._replace(settings=impatient))
            try:
                version = required(client.get("version/"), "versionString")
            finally:
                client.close()
        except AuthenticationError:
            return False, f"{access.endpoint.origin} is there, but it refuses the API token (401)."
        except (MalformedResponseError, NotFoundError) as error:
            return False, f"{access.endpoint.origin} answers, but not as a DataRobot API. {str(error).splitlines()[0]}"
        except ApiError as error:
            return False, f"{access.endpoint.origin} is there, but refuses the call. {error}"
        except TransportError as error:
            return False, f"{access.endpoint.origin} cannot be reached. {error}"
        except DataRobotError as error:
            return False, str(error)
        return True, f"Connected to {access.endpoint.origin}, DataRobot API {version}."

    def password_of(self, conn_id: str) -> str:
        """Return the password of another connection, such as an LLM's key; masked in logs from here on.

        :param conn_id: id of the connection, of any type.
        :raises ConfigurationError: if there is no such connection, or no password in it.
        """
        try:
            password = (self.get_connection(conn_id).password or "").strip()
        except AirflowNotFoundException:
            raise ConfigurationError(f"There is no Airflow connection {conn_id!r}, whose password is needed.") from None
        except UNREADABLE as error:
            raise _unread_connection(conn_id, error) from None
        if not password:
            raise ConfigurationError(f"The Airflow connection {conn_id!r} has no password, which is needed here.")
        mask_secret(password)
        return password

    def _renewed(self) -> Token:
        return self._access().token

    def _access(self) -> Access:
        from datarobot_provider.hooks.connection import Fields

        try:
            connection = self.get_connection(self.datarobot_conn_id)
        except AirflowNotFoundException:
            raise _no_connection(self.datarobot_conn_id) from None
        except UNREADABLE as error:
            raise _unread_connection(self.datarobot_conn_id, error) from None
        fields = Fields.of(connection)
        for secret in fields.secrets():
            mask_secret(secret)
        return fields.access()

    async def _async_access(self) -> Access:
        from airflow.providers.common.compat.connection import get_async_connection

        from datarobot_provider.hooks.connection import Fields

        try:
            connection = await get_async_connection(self.datarobot_conn_id, hook=self)
        except AirflowNotFoundException:
            raise _no_connection(self.datarobot_conn_id) from None
        except UNREADABLE as error:
            raise _unread_connection(self.datarobot_conn_id, error) from None
        fields = Fields.of(connection)
        for secret in fields.secrets():
            await mask_secret_async(secret)
        return fields.access()

    async def _make_async_client(self) -> AsyncDataRobotClient:
        # The HTTP library takes a tenth of a second to import, in which all other triggers would stand still.
        await asyncio.to_thread(import_module, "datarobot_provider.client.async_transport")
        from datarobot_provider.client.async_transport import AsyncTransport
        from datarobot_provider.client.client import AsyncDataRobotClient

        async def renew() -> Token:
            return (await self._async_access()).token

        access = await self._async_access()
        self._warn(access)
        return AsyncDataRobotClient(access.endpoint, access.token, AsyncTransport(*access), renew)

    def _sync_client(self, access: Access) -> DataRobotClient:
        from datarobot_provider.client.client import DataRobotClient
        from datarobot_provider.client.sync_transport import SyncTransport

        self._warn(access)
        timeout = access.settings.poll_failure_timeout
        return DataRobotClient(access.endpoint, access.token, SyncTransport(*access), self._renewed, timeout)

    def _warn(self, access: Access) -> None:
        if not access.settings.verify:
            self.log.warning(
                "TLS verification is switched off by the extra 'verify' of the connection %r: whoever is in between "
                "can read the API token. Name your own CA in the extra 'ca_bundle' instead.",
                self.datarobot_conn_id,
            )

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Describe the standard fields of the connection form, for Airflow 2.11 to 3.1."""
        return {"hidden_fields": form.HIDDEN, "relabeling": form.LABELS, "placeholders": form.PLACEHOLDERS}

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Describe the extra fields of the connection form, for Airflow 2.11 to 3.1."""
        from wtforms import FloatField, StringField
        from wtforms.validators import Optional

        return {
            # A string for the boolean as well: a box without a tick cannot be told from one that nobody has seen.
            name: (FloatField if "number" in field["schema"]["type"] else StringField)(
                field["label"], validators=[Optional()], description=field["description"]
            )
            for name, field in form.EXTRAS.items()
        }


class UsesDataRobotHook:
    """What every operator and sensor has: the hook of its connection.

    :ivar datarobot_conn_id: id of the Airflow connection.
    """

    datarobot_conn_id: str

    @cached_property
    def hook(self) -> DataRobotHook:
        """The hook of the task's connection."""
        return DataRobotHook(self.datarobot_conn_id)


def _no_connection(conn_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"There is no Airflow connection {conn_id!r}. Create one of type DataRobot (Admin > Connections): the host is "
        "the API endpoint, the password the API token."
    )


def _unread_connection(conn_id: str, error: Exception) -> ConfigurationError:
    """Return the error for a secrets backend that does not answer; its own text may hold anything."""
    unread = ConfigurationError(
        f"The Airflow connection {conn_id!r} could not be read ({type(error).__name__}). Check the secrets backend and "
        "Airflow's API server."
    )
    unread.can_heal = True
    return unread
