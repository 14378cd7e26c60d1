"""Airflow's names, from wherever the installed version keeps them; the only file that knows Airflow versions.

Supported are 2.11 to 3.3. Almost everything comes from the compatibility provider, which knows the old places.
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

#: What reading a connection may end in when a secrets backend or Airflow's API server does not answer, or answers with
#: what Airflow cannot read. What else a backend raises, Airflow takes for "not found".
CONNECTION_READ_ERRORS: tuple[type[Exception], ...] = (AirflowException, OSError, RuntimeError, LookupError, ValueError)
try:
    from airflow.sdk.exceptions import AirflowRuntimeError
except ImportError:
    pass
else:
    CONNECTION_READ_ERRORS = (*CONNECTION_READ_ERRORS, AirflowRuntimeError)

__all__ = [
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "BaseHook",
    "BaseOperator",
    "BaseOperatorLink",
    "BaseSensorOperator",
    "Context",
    "ObjectStoragePath",
    "PokeReturnValue",
    "XCom",
    "conf",
    "mask_secret",
]


async def mask_secret_async(secret: Any) -> None:
    """Have Airflow mask a value in logs, from an event loop: its own function talks to the supervisor and waits.

    :param secret: a string, or an object of which the values with sensitive names are masked.
    """
    try:
        from airflow.sdk.log import amask_secret
    except ImportError:
        from asgiref.sync import sync_to_async

        await sync_to_async(mask_secret)(secret)
    else:
        await amask_secret(secret)
