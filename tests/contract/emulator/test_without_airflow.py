"""The emulator works without Airflow, with the packages that the documentation names."""

import re
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement

from harness.emulator import ROOT

# Only the standard library, the emulator, and the packages of the extra with their dependencies can be imported.
SCRIPT = """
import sys
from importlib import metadata

from packaging.requirements import Requirement

allowed, waiting = set(), {names!r}
while waiting:
    name = waiting.pop().lower().replace("_", "-")
    if name in allowed:
        continue
    allowed.add(name)
    try:
        required = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        continue  # required by another Python or another operating system
    waiting += [r.name for r in map(Requirement, required) if r.marker is None or r.marker.evaluate({{"extra": ""}})]
owners = metadata.packages_distributions()
assert "airflow" in owners


class Blocker:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        distributions = {{owner.lower().replace("_", "-") for owner in owners.get(top, ())}}
        if top == "datarobot_provider":
            if name.split(".")[1:2] not in ([], ["emulator"]):
                raise ModuleNotFoundError(f"{{name}} is not part of the emulator", name=name)
        elif distributions and not distributions & allowed:
            raise ModuleNotFoundError(f"{{name}} is not installed", name=name)
        return None


for name in [name for name in sys.modules if name.partition(".")[0] in owners]:
    del sys.modules[name]
sys.meta_path.insert(0, Blocker())
try:
    import airflow
except ModuleNotFoundError:
    print("no Airflow")

import http.client

from datarobot_provider.emulator import running
from datarobot_provider.emulator.store.seed_loader import DEFAULT_SEED
import datarobot_provider.emulator.command

with running(seed=DEFAULT_SEED, time_scale=0) as emulator:
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    headers = {{"Authorization": f"Bearer {{emulator.token}}"}}
    for method, path in (
        ("GET", "/customModels/"),
        ("GET", "/guardTemplates/"),
        ("POST", "/customModels/65a0000000000000000000a1/versions/65a0000000000000000000a2/featureImpact/"),
    ):
        connection.request(method, f"/api/v2{{path}}", headers=headers)
        response = connection.getresponse()
        response.read()
        print(response.status)
    print([r["violations"] for r in emulator.control("GET", "requests")["data"]])
"""


def extra():
    """Return the requirements of the extra ``emulator``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["optional-dependencies"]["emulator"]


def test_emulator_runs_with_the_packages_of_its_extra_only():
    names = [Requirement(line).name for line in extra()]
    command = [sys.executable, "-c", SCRIPT.format(names=names)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout.split("\n")[:-1] == ["no Airflow", "200", "200", "202", "[[], [], []]"], result.stderr


def test_page_names_the_packages_of_the_extra():
    page = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
    command = re.search(r"\$ pip install ('starlette.*?)\n\$", page, re.DOTALL)
    assert re.findall(r"'([^']+)'", command[1]) == extra()
