"""Parser of Airflow connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from datarobot_provider.client.auth import Token
from datarobot_provider.client.endpoint import Endpoint
from datarobot_provider.client.retry import RetryPolicy
from datarobot_provider.client.transport import TransportSettings
from datarobot_provider.exceptions import ConfigurationError
from datarobot_provider.hooks import form

#: Prefixes of extras in connections of DataRobot's own provider and of old connection forms.
_PREFIXES = ("", "extra__datarobot__", "extra__http__")
#: Maximum number of times that extras are encoded. Some tools encode JSON again.
_MAX_ENCODINGS = 3
_LARGEST_PORT = 65_535
#: Maximum number of digits of a port. ``int`` refuses thousands of digits.
_MAX_DIGITS = 100
#: Maximum value of an extra. Sockets do not accept a longer timeout, in seconds.
_LARGEST_NUMBER = 1e9
#: Number of characters of an invalid value that an error shows.
_EXCERPT = 100
#: Extras that must be whole numbers.
_COUNTS = frozenset({"attempts", "upload_attempts"})


class ConnectionConfig(NamedTuple):
    """Client configuration from an Airflow connection."""

    endpoint: Endpoint
    token: Token
    settings: TransportSettings


@dataclass(frozen=True, repr=False)
class ConnectionFields:
    """Fields of a connection, before they are validated. So they can be masked before an error could contain them.

    :param conn_id: id of the connection.
    :param host: host, from the host field or the extra ``endpoint``.
    :param port: the port field.
    :param schema: the schema field.
    :param token: the API token, from the password or the extra ``api_key``.
    :param token_field: field that contains the token.
    :param extra: the extras.
    :param token_differs: whether the token differs from the stored password, which Airflow has already masked.
    """

    conn_id: str
    host: str | None
    port: object
    schema: str | None
    token: str | None
    token_field: str
    extra: Mapping[str, Any]
    token_differs: bool

    @classmethod
    def of(cls, connection: Any) -> ConnectionFields:
        """Read the fields of an Airflow connection.

        :raises ConfigurationError: if the type of a field is wrong.
        """
        try:
            extra = _extra(connection.extra)
            host, token, token_field = _text(connection.host), _text(connection.password), "password"
            if token is None:
                name, token = _prefixed(extra, "api_key")
                token_field = f"extra {name!r}" if token else token_field
            host = host or _prefixed(extra, "endpoint")[1]
            schema = _text(connection.schema)
        except (ConfigurationError, ValueError) as error:
            # Airflow raises a ValueError for some extras.
            raise _error(connection.conn_id, error) from None
        token_differs = token != connection.password
        return cls(connection.conn_id, host, connection.port, schema, token, token_field, extra, token_differs)

    def secrets(self) -> list[Any]:
        """Return the secrets that must be masked. Airflow has already masked the stored password."""
        return [secret for secret in (dict(self.extra), self.token if self.token_differs else None) if secret]

    def config(self) -> ConnectionConfig:
        """Validate the fields and return the client configuration.

        :raises ConfigurationError: if a field is invalid. The error names the connection.
        """
        try:
            endpoint = Endpoint.parse(self.host, _port(self.port), self.schema)
            token = Token(self.token, self.token_field, self.conn_id)
            return ConnectionConfig(endpoint, token, _settings(self.extra))
        except ConfigurationError as error:
            raise _error(self.conn_id, error) from None


def _error(conn_id: str, error: Exception) -> ConfigurationError:
    return ConfigurationError(f"Airflow connection {conn_id!r}: {error}")


def _extra(stored: object) -> Mapping[str, Any]:
    """Decode the extras, which may be encoded more than once. Return an empty mapping if there are none."""
    value = stored
    for _ in range(_MAX_ENCODINGS):
        if not isinstance(value, str) or not value.strip():
            break
        try:
            value = json.loads(value)
        except ValueError:
            raise ConfigurationError('the extra is not valid JSON. It must look like {"attempts": 5}.') from None
    if not value or (isinstance(value, str) and not value.strip()):
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f'the extra is a JSON {type(value).__name__}, not an object. It must look like {{"attempts": 5}}.'
        )
    return value


def _prefixed(extra: Mapping[str, Any], name: str) -> tuple[str, str | None]:
    """Return the name under which an extra is set, and its value."""
    for prefix in _PREFIXES:
        value = extra.get(prefix + name)
        if not _is_empty(value):
            if not isinstance(value, str):
                raise ConfigurationError(f"the extra {prefix + name!r} is a JSON {type(value).__name__}, not a string.")
            return prefix + name, value.strip()
    return name, None


def _text(value: object) -> str | None:
    return None if value is None or _is_empty(value) else str(value).strip()


def _is_empty(value: object) -> bool:
    """Return whether a field is empty. Forms store empty strings and nulls."""
    return value is None or (isinstance(value, str) and not value.strip())


def _port(value: object) -> int | None:
    """Parse the port field. The Test button of the form sends 0 if it is empty."""
    if _is_empty(value):
        return None
    number = str(value).strip()
    if not number.isdecimal() or len(number) > _MAX_DIGITS or int(number) > _LARGEST_PORT:
        raise ConfigurationError(f"the port is {_shown(number)}. It must be a number from 1 to {_LARGEST_PORT:,}.")
    return int(number) or None


def _settings(extra: Mapping[str, Any]) -> TransportSettings:
    values: dict[str, Any] = {
        name: _reader(name)(name, extra[name]) for name in form.EXTRAS if not _is_empty(extra.get(name))
    }
    if "client_key" in values and "client_cert" not in values:
        raise ConfigurationError("the extra 'client_key' is set, but 'client_cert' is not. Set both.")
    default = RetryPolicy()
    retry = replace(
        default, attempts=values.pop("attempts", default.attempts), cap=values.pop("retry_cap", default.cap)
    )
    settings = TransportSettings(**values, retry=retry)
    if settings.ca_bundle or settings.client_cert:
        # Read the files now, so that an error names them.
        settings.tls()
    return settings


def _reader(name: str) -> Callable[[str, object], Any]:
    schema = form.EXTRAS[name]["schema"]
    if "minimum" in schema:
        return _count if name in _COUNTS else _number
    return _boolean if "enum" in schema else _path


def _number(name: str, value: object) -> float:
    minimum = form.EXTRAS[name]["schema"]["minimum"]
    try:
        number = float(str(value).strip())
    except ValueError:
        number = 0.0
    if not minimum <= number <= _LARGEST_NUMBER:
        raise ConfigurationError(f"the extra {name!r} is {_shown(value)}. It must be a number, {minimum} or larger.")
    return number


def _count(name: str, value: object) -> int:
    number = _number(name, value)
    if not number.is_integer():
        raise ConfigurationError(f"the extra {name!r} is {_shown(value)}. It must be a whole number.")
    return int(number)


def _path(name: str, value: object) -> str:
    path = str(value).strip()
    try:
        is_file = Path(path).is_file()
    except OSError:
        # For example, the name is too long, because a certificate was pasted instead of its path.
        is_file = False
    if not is_file:
        raise ConfigurationError(f"the extra {name!r} is {_shown(path)}, which is not a file on this machine.")
    return path


def _shown(value: object) -> str:
    return repr(value)[:_EXCERPT]


def _boolean(name: str, value: object) -> bool:
    values = {"true": True, "false": False}
    text = str(value).strip().lower()
    if not isinstance(value, bool | str) or text not in values:
        raise ConfigurationError(f"the extra {name!r} is {_shown(value)}. It must be true or false.")
    return values[text]
