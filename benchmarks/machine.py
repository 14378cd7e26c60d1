"""The machine, the date and the versions of a run."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

from benchmarks.bench import AIRFLOW_2_PYTHON, OFFICIAL_PYTHON

_GIB = 1024**3
#: Distributions of this environment whose versions are shown.
_DISTRIBUTIONS = (
    "apache-airflow",
    "aiohttp",
    "requests",
    "urllib3",
    "apache-airflow-providers-airbyte",
    "apache-airflow-providers-databricks",
    "apache-airflow-providers-dbt-cloud",
    "apache-airflow-providers-http",
)
_PRINT_VERSIONS = (
    "import sys\nfrom importlib.metadata import PackageNotFoundError, version\n"
    "for name in sys.argv[1:]:\n"
    "    try:\n        print(name, version(name))\n"
    "    except PackageNotFoundError:\n        pass\n"
)


def machine() -> dict[str, str]:
    """Return the table of the machine for the page."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "CPU": f"{_cpu()}, {os.cpu_count()} cores",
        "memory": f"{memory:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_version()}, {ssl.OPENSSL_VERSION}",
        "curl": _first_line("curl", "--version"),
        "packages": _versions(sys.executable, *_DISTRIBUTIONS),
        "official client": _versions(str(OFFICIAL_PYTHON), "datarobot"),
        "with Airflow 2": _versions(str(AIRFLOW_2_PYTHON), "apache-airflow", "airflow-provider-datarobot", "datarobot"),
    }


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _first_line(*argv: str) -> str:
    found = shutil.which(argv[0])
    if not found:
        return "not installed"
    return subprocess.run([found, *argv[1:]], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _versions(python: str, *names: str) -> str:
    if not Path(python).exists():
        return "not installed"
    output = subprocess.run(
        [python, "-P", "-c", _PRINT_VERSIONS, *names], capture_output=True, text=True, check=True
    ).stdout
    return ", ".join(output.splitlines()) or "none"
