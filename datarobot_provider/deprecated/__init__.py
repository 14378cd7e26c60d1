"""Operators with the names, modules and arguments of DataRobot's own provider 1.0.2.

They keep its DAG files for custom models and deployments running: the import lines and the arguments stay as they are,
params of the DAG are read as before, and the XComs are the same. Each is a subclass of an operator of this provider and
emits a deprecation warning that names it. DAG files import them from the same modules in
``datarobot_provider.operators`` as before, which refer to this package.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.errors import airflow_errors
from datarobot_provider.version_compat import AirflowProviderDeprecationWarning, BaseOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datarobot_provider.version_compat import Context


class Deprecated(BaseOperator):
    """Mixin of the deprecated operators, before the operator that each of them stands for.

    :cvar renamed: arguments that have another name in the operator.
    :cvar from_params: params of the DAG that supply arguments which are not given.
    :cvar conversions: functions that convert the values of some of these params.
    """

    renamed: ClassVar[Mapping[str, str]] = {}
    from_params: ClassVar[Mapping[str, str]] = {}
    conversions: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    def __init__(self, **kwargs: Any) -> None:
        classes = type(self).__mro__
        used = classes[classes.index(Deprecated) + 1]
        warnings.warn(
            f"{type(self).__name__} is deprecated; use {used.__name__} of {used.__module__}.",
            AirflowProviderDeprecationWarning,
            stacklevel=2,
        )
        arguments = self.translated({self.renamed.get(name, name): value for name, value in kwargs.items()})
        super().__init__(**arguments)
        self._given = frozenset(name for name, value in arguments.items() if value is not None)

    @staticmethod
    def translated(arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of the operator.

        :param arguments: the arguments that were given, renamed.
        """
        return arguments

    def execute(self, context: Context) -> Any:
        """Take missing arguments from the params of the DAG, and execute the operator."""
        params = context.get("params") or {}
        with airflow_errors(self):
            for name, argument in self.from_params.items():
                value = params.get(name)
                if argument not in self._given and value is not None:
                    setattr(self, argument, self.conversions[name](value) if name in self.conversions else value)
        return super().execute(context)


def operator(module: str, name: str) -> Any:
    """Return a deprecated operator.

    :param module: module below this package and below ``datarobot_provider.operators``.
    :param name: name of the class.
    :raises AttributeError: if there is none, as for a missing attribute of the module.
    """
    if not name.startswith("_"):
        found = getattr(importlib.import_module(f"{__name__}.{module}"), name, None)
        if isinstance(found, type) and issubclass(found, Deprecated):
            return found
    raise AttributeError(f"module 'datarobot_provider.operators.{module}' has no attribute {name!r}")
