"""The row about imports: what a DAG file pays for a provider, over the Airflow names that ours is built on."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.bench import AIRFLOW_2_PYTHON
from benchmarks.subprocesses import ROOT, run
from datarobot_provider.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from benchmarks.bench import Bench

AIRFLOW_3, AIRFLOW_2 = "Airflow 3", "Airflow 2"
_OPERATORS = "operators,sensors"


@dataclass(frozen=True)
class Provider:
    """What is imported: some modules of a package, and all modules of some rooms of it."""

    package: str
    rooms: str = _OPERATORS


def _ours() -> Provider:
    """Return the modules that hold an operator, a sensor, a hook or a link, as Airflow is told of them."""
    info = get_provider_info()
    names = [name for room in ("operators", "sensors", "hooks") for name in info[room][0]["python-modules"]]
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
#: In an environment of its own: it refuses Airflow 3, and its package has the same name as ours.
OLD = {"ours": OURS, "datarobot_airflow": Provider("datarobot_provider")}


def imports(bench: Bench) -> None:
    """Measure all providers, and DataRobot's own with Airflow 2 if it could be installed."""
    times = 1 if bench.small else 20
    bench.measure("imports", AIRFLOW_3, PROVIDERS, times, partial(_import, bench, PROVIDERS, sys.executable))
    if AIRFLOW_2_PYTHON.exists() and not bench.small:
        bench.measure("imports", AIRFLOW_2, OLD, times, partial(_import, bench, OLD, str(AIRFLOW_2_PYTHON)))


def base() -> str:
    """Return the import statements of all Airflow names that our modules import when they are imported."""
    tree = ast.parse((ROOT / "datarobot_provider" / "version_compat.py").read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.ImportFrom) and str(node.module).startswith("airflow")]
    return "\n".join(ast.unparse(node) for node in found)


def _import(bench: Bench, providers: dict[str, Provider], python: str, client: str) -> dict[str, Any]:
    provider = providers[client]
    options = {"base": base(), "package": provider.package, "rooms": provider.rooms}
    # As where packages are installed, there is bytecode of all of them.
    bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(bench.folder / "bytecode")}
    # The folder of this tree is on the path for our package alone.
    env = {**bench.airflow(), **bytecode, "PYTHONPATH": str(ROOT) if provider is OURS else ""}
    return run("import_process", options, folder=bench.folder, env=env, python=python, apart=True)
