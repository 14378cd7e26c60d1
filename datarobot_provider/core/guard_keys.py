"""Keys and credentials of guards: where they may be given, and how they are kept out of logs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from datarobot_provider.client.auth import secret_values
from datarobot_provider.core.arguments import converters
from datarobot_provider.exceptions import InputError
from datarobot_provider.version_compat import mask_secret

#: What a template renders to if the connection has no password, or the variable no value.
_EMPTY = ("", "None")
#: The language models that require a key of OpenAI or Azure. A NIM may require a key as well, but another one.
_WITH_OPENAI_KEY = ("openAi", "azureOpenAi")
#: The fields that contain the id of a credential stored in DataRobot.
CREDENTIALS = ("openai_credential", "google_service_account", "aws_account")
_ID = re.compile(r"[\w.-]*")
_CREDENTIALS = tuple(converters.camel_case(name) for name in CREDENTIALS)


def is_credential_id(value: object) -> bool:
    """Return whether a value can be the id of a credential; a key file that was given by mistake cannot."""
    return value is None or _ID.fullmatch(str(value).strip()) is not None


def check_credential_id(name: str, value: object) -> None:
    """Refuse a credential that is given in the place of its id.

    :param name: name of the argument or the field.
    :param value: its value.
    :raises InputError: with the name, without the value.
    """
    if not is_credential_id(value):
        mask_secret(str(value))
        raise InputError(f"{name} should be the id of a credential in DataRobot, but is something else, maybe the key.")


def mask_keys(guards: Any) -> None:
    """Have Airflow mask the keys in guards, also those that are given in the place of a credential's id.

    :param guards: the argument, as it was rendered.
    """
    readable = converters.parse_leniently(guards)
    for key in (*secret_values(readable), *_misplaced_keys(readable)):
        mask_secret(key)


def with_key(guard: Mapping[str, Any], conn_id: str | None, password_of: Callable[[str], str]) -> dict[str, Any]:
    """Return a guard with its own key, or with the password of the connection that it or the task names.

    :param guard: the guard; its field ``openaiApiKeyConnId`` is not sent.
    :param conn_id: id of the connection for guards that name none.
    :param password_of: returns the password of a connection.
    :raises InputError: if the key of the guard is ambiguous, empty or in the wrong place.
    """
    sent = {name: value for name, value in guard.items() if name != "openaiApiKeyConnId"}
    key, own_conn_id = guard.get("openaiApiKey"), guard.get("openaiApiKeyConnId")
    name = guard.get("name")
    for field in _CREDENTIALS:
        check_credential_id(f"{field} of the guard {name!r}", guard.get(field))
    if key is not None and own_conn_id is not None:
        raise InputError(f"The guard {name!r} has openaiApiKey and openaiApiKeyConnId; give one of them.")
    if any(isinstance(value, str) and value.strip() in _EMPTY for value in (key, own_conn_id)):
        raise InputError(f"The key, or its connection, of the guard {name!r} rendered to nothing.")
    if key is not None:
        mask_secret(key)
    elif own_conn_id is not None or (conn_id is not None and _needs_key(guard)):
        sent["openaiApiKey"] = password_of(str(own_conn_id or conn_id))
    return sent


def _needs_key(guard: Mapping[str, Any]) -> bool:
    """Return whether a guard without a key uses a language model that requires one."""
    credentials = (guard.get("openaiCredential"), (guard.get("nemoInfo") or {}).get("credentialId"))
    return guard.get("llmType") in _WITH_OPENAI_KEY and not any(credentials)


def _misplaced_keys(guards: Any) -> list[str]:
    """Return the values that are given as ids of credentials, but cannot be ids."""
    given = guards if isinstance(guards, list | tuple) else [guards]
    values = [guard.get(field) for guard in given if isinstance(guard, Mapping) for field in _CREDENTIALS]
    return [str(value) for value in values if not is_credential_id(value)]
