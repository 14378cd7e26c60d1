"""Every operator and sensor of the package, and arguments to create them with. Base classes are left out."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import datarobot_provider.operators
import datarobot_provider.sensors
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.base_sensor import DataRobotJobSensor
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.version_compat import BaseOperator, BaseSensorOperator

if TYPE_CHECKING:
    from collections.abc import Mapping


def _public(package: Any, base: type) -> list[type]:
    found = set()
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        for _, item in inspect.getmembers(importlib.import_module(info.name), inspect.isclass):
            if item.__module__ == info.name and issubclass(item, base) and not info.name.endswith(".base"):
                found.add(item)
    bases = {base for item in found for base in item.__mro__[1:]}
    return sorted(found - bases, key=lambda item: item.__name__)


OPERATORS = _public(datarobot_provider.operators, DataRobotBaseOperator)
SENSORS = _public(datarobot_provider.sensors, DataRobotJobSensor)
TASKS = [*OPERATORS, *SENSORS]
JOB_OPERATORS = [item for item in OPERATORS if issubclass(item, DataRobotJobOperator)]

#: Arguments that control the task in Airflow and are not sent to DataRobot.
CONTROL = {
    "wait_for_completion",
    "deferrable",
    "poll_interval",
    "timeout",
    "cancel_on_kill",
    "on_uncertain_submit",
    "genai",
    "response_filter",
}


@functools.cache
def own_arguments(task: type) -> Mapping[str, inspect.Parameter]:
    """Return the constructor's arguments that Airflow's own base class does not have."""
    arguments: dict[str, inspect.Parameter] = {}
    for level in task.__mro__:
        if level.__module__.startswith("datarobot_provider.") and "__init__" in vars(level):
            given = inspect.signature(level.__init__).parameters.values()
            arguments.update({p.name: p for p in given if p.kind is p.KEYWORD_ONLY})
    return MappingProxyType(arguments)


def airflow_arguments() -> set[str]:
    """Return the constructor's arguments of Airflow's base class of operators."""
    return set(inspect.signature(BaseOperator.__init__).parameters) | {"params"}


def sensor_arguments() -> set[str]:
    """Return the constructor's arguments of Airflow's base class of sensors."""
    return set(inspect.signature(BaseSensorOperator.__init__).parameters)


def required_arguments(task: type, value: str = "some-id") -> dict[str, Any]:
    """Return values for the arguments without a default."""
    return {name: value for name, p in own_arguments(task).items() if p.default is p.empty}


def minimal(task: type, **changes: Any) -> Any:
    """Create a task with its required arguments."""
    return task(**{"task_id": "t", **required_arguments(task), **changes})
