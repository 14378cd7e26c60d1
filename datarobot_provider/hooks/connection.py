"""What an Airflow connection says, in all the ways in which people write one."""

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

#: Before the names of extras in connections of DataRobot's own provider, and of old forms.
_PREFIXES = ("", "extra__datarobot__", "extra__http__")
#: How often an extra may be encoded: some tools encode a text that is JSON already.
_MAX_ENCODINGS = 3
_LARGEST_PORT = 65_535
#: Of a port as it is written; Python refuses to read a number of thousands of them.
_MAX_DIGITS = 100
#: No timeout that a socket takes is longer, in seconds.
_LARGEST_NUMBER = 1e9
#: Of a value that cannot be used, so many characters are shown.
_EXCERPT = 100
#: Extras that count something.
_COUNTS = frozenset({"attempts", "upload_attempts"})


class ConnectionConfig(NamedTuple):
    """What a connection says, understood."""

    endpoint: Endpoint
    token: Token
    settings: TransportSettings


@dataclass(frozen=True, repr=False)
class ConnectionFields:
    """The fields of a connection, before anything is checked that could end up in an error.

    :param conn_id: id of the connection.
    :param host: where DataRobot is, from the host or from the extra ``endpoint``.
    :param port: the port field.
    :param schema: the schema field.
    :param token: the API token, from the password or from the extra ``api_key``.
    :param token_field: which of the two.
    :param extra: the extras.
    :param is_hidden: whether the token is something else than the password as it is stored.
    """

    conn_id: str
    host: str | None
    port: object
    schema: str | None
    token: str | None
    token_field: str
    extra: Mapping[str, Any]
    is_hidden: bool

    @classmethod
    def of(cls, connection: Any) -> ConnectionFields:
        """Read a connection of Airflow.

        :raises ConfigurationError: if a field is of the wrong form.
        """
        try:
            extra = _extra(connection.extra)
            host, token, token_field = _text(connection.host), _text(connection.password), "password"
            if token is None:
                name, token = _named(extra, "api_key")
                token_field = f"extra {name!r}" if token else token_field
            host = host or _named(extra, "endpoint")[1]
            schema = _text(connection.schema)
        except (ConfigurationError, ValueError) as error:
            # Airflow itself refuses some extras when they are read, with a ValueError.
            raise _of(connection.conn_id, error) from None
        is_hidden = token != connection.password
        return cls(connection.conn_id, host, connection.port, schema, token, token_field, extra, is_hidden)

    def secrets(self) -> list[Any]:
        """Return what must not show in a log and Airflow has not masked yet: it masks a password as it is stored."""
        return [secret for secret in (dict(self.extra), self.token if self.is_hidden else None) if secret]

    def access(self) -> ConnectionConfig:
        """Return what the fields mean.

        :raises ConfigurationError: naming the connection, if they cannot be used.
        """
        try:
            endpoint = Endpoint.parse(self.host, _port(self.port), self.schema)
            token = Token(self.token, self.token_field, self.conn_id)
            return ConnectionConfig(endpoint, token, _settings(self.extra))
        except ConfigurationError as error:
            raise _of(self.conn_id, error) from None


def _of(conn_id: str, error: Exception) -> ConfigurationError:
    return ConfigurationError(f"Airflow connection {conn_id!r}: {error}")


def _extra(stored: object) -> Mapping[str, Any]:
    """Decode the extras, as often as they are encoded; nothing in them means none."""
    value = stored
    for _ in range(_MAX_ENCODINGS):
        if not isinstance(value, str) or not value.strip():
            break
        try:
            value = json.loads(value)
        except ValueError:
            raise ConfigurationError('the extra is not JSON. It should look like {"attempts": 5}.') from None
    if not value or (isinstance(value, str) and not value.strip()):
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f'the extra is a JSON {type(value).__name__}, not an object. It should look like {{"attempts": 5}}.'
        )
    return value


def _named(extra: Mapping[str, Any], name: str) -> tuple[str, str | None]:
    """Return under which of its names an extra is set, and its value."""
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
    """Return whether a field was left empty: forms store empty strings and nulls."""
    return value is None or (isinstance(value, str) and not value.strip())


def _port(value: object) -> int | None:
    """Read the port field: the form's Test button sends a zero where it is empty."""
    if _is_empty(value):
        return None
    number = str(value).strip()
    if not number.isdecimal() or len(number) > _MAX_DIGITS or int(number) > _LARGEST_PORT:
        raise ConfigurationError(f"The connection's port is {_shown(number)}, which is not a port.")
    return int(number) or None


def _settings(extra: Mapping[str, Any]) -> TransportSettings:
    known: dict[str, Any] = {
        name: _reader(name)(name, extra[name]) for name in form.EXTRAS if not _is_empty(extra.get(name))
    }
    if "client_key" in known and "client_cert" not in known:
        raise ConfigurationError("the extra 'client_key' is of no use without 'client_cert'.")
    default = RetryPolicy()
    retry = replace(default, attempts=known.pop("attempts", default.attempts), cap=known.pop("retry_cap", default.cap))
    settings = TransportSettings(**known, retry=retry)
    if settings.ca_bundle or settings.client_cert:
        # The files are read now, so that the error names them.
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
        raise ConfigurationError(
            f"the extra {name!r} is {_shown(value)}, which is not a usable number of {minimum} or more."
        )
    return number


def _count(name: str, value: object) -> int:
    number = _number(name, value)
    if not number.is_integer():
        raise ConfigurationError(f"the extra {name!r} is {_shown(value)}, which is not a whole number.")
    return int(number)


def _path(name: str, value: object) -> str:
    path = str(value).strip()
    try:
        is_file = Path(path).is_file()
    except OSError:
        # For one, because the name is longer than any file's: a certificate was pasted instead of its path.
        is_file = False
    if not is_file:
        raise ConfigurationError(f"the extra {name!r} names {_shown(path)}, which is not a file here.")
    return path


def _shown(value: object) -> str:
    return repr(value)[:_EXCERPT]


def _boolean(name: str, value: object) -> bool:
    words = {"true": True, "false": False}
    word = str(value).strip().lower()
    if not isinstance(value, bool | str) or word not in words:
        raise ConfigurationError(f"the extra {name!r} is {_shown(value)}; it should be true or false.")
    return words[word]
