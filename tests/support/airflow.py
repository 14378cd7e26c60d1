"""Names of Airflow that only the tests use, for all supported versions."""

from __future__ import annotations

import airflow
import pytest
from packaging.version import Version

try:  # Airflow 3.1 and later
    from airflow.sdk.log import redact
except ImportError:
    from airflow.sdk.execution_time.secrets_masker import redact

try:  # Airflow 3.2 and later
    from airflow.sdk.exceptions import ParamValidationError, TaskDeferred
    from airflow.sdk.module_loading import import_string
    from airflow.sdk.serde import deserialize, serialize
    from airflow.serialization.serialized_objects import DagSerialization
except ImportError:
    from airflow.exceptions import ParamValidationError, TaskDeferred
    from airflow.serialization.serde import deserialize, serialize
    from airflow.serialization.serialized_objects import SerializedDAG as DagSerialization
    from airflow.utils.module_loading import import_string

__all__ = [
    "DagSerialization",
    "ParamValidationError",
    "TaskDeferred",
    "deserialize",
    "import_string",
    "is_before",
    "needs_airflow",
    "redact",
    "serialize",
]


def is_before(version: str) -> bool:
    """Return whether the installed Airflow is older than a version, such as ``3.1``."""
    return Version(airflow.__version__) < Version(version)


def needs_airflow(version: str, feature: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test on earlier versions of Airflow.

    :param version: the first version that has the feature, such as ``3.3``.
    :param feature: the feature, for the reason.
    """
    return pytest.mark.skipif(is_before(version), reason=f"Airflow before {version} has no {feature}")
