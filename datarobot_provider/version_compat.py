"""Imports of Airflow for all supported versions, 3.0 to 3.3, and the differences between them.

This is the only module that depends on the version of Airflow.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import (
    Asset,
    AssetAlias,
    BaseNotifier,
    BaseOperator,
    BaseOperatorLink,
    BaseSensorOperator,
    Connection,
    Context,
    ObjectStoragePath,
    PokeReturnValue,
)
from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.sdk.execution_time.xcom import XCom

try:  # Airflow 3.1 and later
    from airflow.sdk import BaseHook
    from airflow.sdk.log import mask_secret, redact  # type: ignore[attr-defined]
except ImportError:
    from airflow.hooks.base import BaseHook  # type: ignore[attr-defined, no-redef]
    from airflow.sdk.execution_time.secrets_masker import mask_secret, redact  # type: ignore[no-redef]

try:  # Airflow 3.2 and later
    from airflow.sdk.configuration import conf
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )
except ImportError:
    from airflow.configuration import conf
    from airflow.exceptions import (  # type: ignore[attr-defined, no-redef]
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )

try:  # Airflow 3.0 and later; without a public name in the task SDK
    from airflow.exceptions import AirflowProviderDeprecationWarning
except ImportError:
    AirflowProviderDeprecationWarning = DeprecationWarning  # type: ignore[misc, assignment]

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

#: Whether ``aget_connection`` of a hook never blocks the event loop. Before Airflow 3.3.2 it is missing, or masks the
#: secrets of the connection with a synchronous call, which fails while another call is in flight.
HAS_ASYNC_CONNECTIONS = hasattr(Connection, "aextra_dejson")

__all__ = [
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowProviderDeprecationWarning",
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


def triggers_are_killed() -> bool:
    """Return whether Airflow notifies the trigger of a deferred task that is killed (Airflow 3.3 and later)."""
    from airflow.triggers.base import BaseTrigger

    return hasattr(BaseTrigger, "on_kill")


def store_dags(bag: Any, bundle: str) -> None:
    """Write DAGs to the database of Airflow, if ``dag.test()`` needs this (Airflow 3.1 and later).

    :param bag: a ``DagBag`` with the DAGs.
    :param bundle: the name of their bundle.
    """
    try:  # Airflow 3.2 and later
        from airflow.dag_processing import dagbag
    except ImportError:
        from airflow.models import dagbag  # type: ignore[no-redef]
    if hasattr(dagbag, "sync_bag_to_db"):
        dagbag.sync_bag_to_db(bag, bundle, None)


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
