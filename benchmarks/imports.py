"""The row ``imports``: what importing a provider adds to the parsing of a DAG file."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.bench import AIRFLOW_2_PYTHON
from benchmarks.subprocesses import ROOT, run_module
from datarobot_provider.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from benchmarks.bench import Bench

AIRFLOW_3, AIRFLOW_2 = "Airflow 3", "Airflow 2"
_OPERATORS = "operators,sensors"


@dataclass(frozen=True)
class Provider:
    """The modules to import.

    :param package: the package of the provider.
    :param modules: names of its modules and subpackages, separated by commas.
    """

    package: str
    modules: str = _OPERATORS


def _ours() -> Provider:
    """Return the modules with operators, sensors, hooks and links, from the provider info."""
    info = get_provider_info()
    names = [name for section in ("operators", "sensors", "hooks") for name in info[section][0]["python-modules"]]
    names += dict.fromkeys(link.rpartition(".")[0] for link in info["extra-links"])
    return Provider("datarobot_provider", ",".join(name.partition(".")[2] for name in names))


OURS = _ours()
PROVIDERS = {
    "ours": OURS,
    "airbyte": Provider("airflow.providers.airbyte"),
    "http": Provider("airflow.providers.http"),
    "dbt_cloud": Provider("airflow.providers.dbt.cloud"),
    "databricks": Provider("airflow.providers.databricks"),
}
#: Measured in a separate environment: it does not support Airflow 3, and its package has the same name as ours.
AIRFLOW_2_PROVIDERS = {"datarobot_airflow": Provider("datarobot_provider")}
_AIRFLOW_2_BASE = """
from airflow.exceptions import AirflowException
from airflow.hooks.base import BaseHook
from airflow.models import BaseOperator, BaseOperatorLink
from airflow.sensors.base import BaseSensorOperator
"""


def imports(bench: Bench) -> None:
    """Measure all providers, and DataRobot's own with Airflow 2 if it is installed."""
    repetitions = 1 if bench.small else 20
    bench.measure("imports", AIRFLOW_3, PROVIDERS, repetitions, partial(_import, bench, sys.executable, base()))
    if AIRFLOW_2_PYTHON.exists() and not bench.small:
        bench.measure(
            "imports",
            AIRFLOW_2,
            AIRFLOW_2_PROVIDERS,
            repetitions,
            partial(_import, bench, str(AIRFLOW_2_PYTHON), _AIRFLOW_2_BASE),
        )


def base() -> str:
    """Return the import statements of the Airflow names that our modules import."""
    tree = ast.parse((ROOT / "datarobot_provider" / "version_compat.py").read_text(encoding="utf-8"))
    found = [node for node in tree.body if _imports_airflow(node.body[0] if isinstance(node, ast.Try) else node)]
    return "\n".join(ast.unparse(node) for node in found)


def _imports_airflow(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and str(node.module).startswith("airflow")


def _import(bench: Bench, python: str, base: str, client: str) -> dict[str, Any]:
    provider = {**PROVIDERS, **AIRFLOW_2_PROVIDERS}[client]
    options = {"base": base, "package": provider.package, "modules": provider.modules}
    # All measurements use compiled bytecode, as with installed packages.
    bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(bench.folder / "bytecode")}
    # The source tree is on the path for our package only.
    env = {**bench.airflow(), **bytecode, "PYTHONPATH": str(ROOT) if provider is OURS else ""}
    return run_module("import_process", options, folder=bench.folder, env=env, python=python, isolated=True)
