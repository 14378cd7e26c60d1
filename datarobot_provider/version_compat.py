"""Imports of Airflow for all supported versions, 3.0 to 3.3.

This is the only module that depends on the version of Airflow. Most names come from the compatibility provider.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseHook,
    BaseOperator,
    BaseOperatorLink,
    BaseSensorOperator,
    Context,
    ObjectStoragePath,
    PokeReturnValue,
    XCom,
    conf,
    mask_secret,
)
from airflow.sdk import Asset, AssetAlias, BaseNotifier
from airflow.sdk.exceptions import AirflowRuntimeError

try:  # Airflow 3.1 and later
    from airflow.sdk.log import redact  # type: ignore[attr-defined]
except ImportError:
    from airflow.sdk.execution_time.secrets_masker import redact  # type: ignore[no-redef]

#: Errors of reading a connection when a secrets backend or the API server of Airflow does not respond, or returns an
#: invalid response. Airflow treats other errors of a secrets backend as "not found".
CONNECTION_READ_ERRORS: tuple[type[Exception], ...] = (
    AirflowException,
    AirflowRuntimeError,
    OSError,
    RuntimeError,
    LookupError,
    ValueError,
)

#: Errors of a request to the API server of Airflow, for example by the task state store.
AIRFLOW_API_ERRORS = CONNECTION_READ_ERRORS

__all__ = [
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "Asset",
    "AssetAlias",
    "BaseHook",
    "BaseNotifier",
    "BaseOperator",
    "BaseOperatorLink",
    "BaseSensorOperator",
    "Context",
    "ObjectStoragePath",
    "PokeReturnValue",
    "XCom",
    "conf",
    "mask_secret",
    "redact",
]


async def mask_secret_async(secret: Any) -> None:
    """Mask a value in logs, without blocking the event loop. ``mask_secret`` blocks while it talks to the supervisor.

    :param secret: a string, or a mapping whose values with sensitive names are masked.
    """
    try:
        from airflow.sdk.log import amask_secret
    except ImportError:
        from asgiref.sync import sync_to_async

        await sync_to_async(mask_secret)(secret)
    else:
        await amask_secret(secret)
