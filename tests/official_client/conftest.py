"""The official client and an emulator, each in a separate process and environment."""

import contextlib
import importlib.util
import json
import os
import subprocess
import time
import types
import urllib.request

import pytest

TOKEN = "token-of-the-official-client-tests"
TIMEOUT = 60
CSV = "age,city,split,price\n1,Rome,a,10\n2,Oslo,a,21\n3,Bonn,b,29\n4,Lima,b,41\n"
CODE = "def load_model(code_dir):\n    return None\n\n\ndef score(data, model, **kwargs):\n    return data\n"
REQUIREMENTS = "pandas>=2.0\nnumpy==2.1.0\n"

# The suite requires an environment with the client, see make test-official-client.
collect_ignore_glob = [] if importlib.util.find_spec("datarobot") else ["test_*.py"]


class ControlApi:
    """The control API of the emulator, with shortcuts for common requests."""

    token = TOKEN

    def __init__(self, root):
        self.root = root

    def __call__(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.root}/__emulator__/{path}", data, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            text = response.read()
        return json.loads(text) if text else None

    def environment(self, name="Python"):
        return self("POST", "environments", {"name": name})

    def dataset(self, csv=CSV):
        return self("POST", "datasets", {"name": "houses.csv", "csv": csv})["id"]

    def deployment(self, **fields):
        return self("POST", "deployments", {"label": "Handbook", **fields})

    def outcome(self, kind, outcome, **more):
        self("POST", "outcomes", {"kind": kind, "outcome": outcome, **more})

    def requests(self, pattern="", method=""):
        return self("GET", f"requests?path={pattern}&method={method}")["data"]


@contextlib.contextmanager
def serving(time_scale):
    """Run an emulator in a separate process and yield its root URL."""
    options = ["--port", "0", "--no-seed", "--quiet", "--time-scale", str(time_scale)]
    process = subprocess.Popen(
        [os.environ["EMULATOR_PYTHON"], "-m", "datarobot_provider.emulator", *options],
        env={**os.environ, "DATAROBOT_EMULATOR_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on "), "the emulator did not start"
        yield line.split()[-1].removesuffix("/api/v2")
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def address():
    """Start the emulator and return its root URL."""
    with serving(0.02) as root:
        yield root


@pytest.fixture
def control_at():
    """Return a function that runs another emulator with a time scale and yields its control API."""

    @contextlib.contextmanager
    def run(time_scale):
        with serving(time_scale) as root:
            yield ControlApi(root)

    return run


@pytest.fixture(scope="session")
def client(address):
    import datarobot

    return datarobot.Client(token=TOKEN, endpoint=f"{address}/api/v2")


@pytest.fixture(autouse=True)
def short_sleeps(monkeypatch):
    """Shorten the sleeps of the client between two polls. Nothing else of the client is changed."""
    from datarobot.models import custom_model_test, custom_model_version
    from datarobot.utils import waiters

    short_sleep = types.SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(min(seconds, 0.02)))
    for module in (waiters, custom_model_test, custom_model_version):
        monkeypatch.setattr(module, "time", short_sleep)


@pytest.fixture(autouse=True)
def control(address, client):
    """Reset the emulator, and check at the end that no response violated the contract."""
    control = ControlApi(address)
    control("POST", "reset")
    yield control
    assert [record for record in control.requests() if record["violations"]] == []


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a model."""
    path = tmp_path / "model"
    (path / "data").mkdir(parents=True)
    (path / "custom.py").write_text(CODE, encoding="utf-8")
    (path / "requirements.txt").write_text(REQUIREMENTS, encoding="utf-8")
    (path / "data" / "notes.txt").write_text("notes", encoding="utf-8")
    return path


@pytest.fixture
def make_model():
    def make(**fields):
        import datarobot

        settings = {
            "name": "Prices",
            "target_type": datarobot.TARGET_TYPE.REGRESSION,
            "target_name": "price",
            "is_training_data_for_versions_permanently_enabled": True,
            **fields,
        }
        return datarobot.CustomInferenceModel.create(**settings)

    return make


@pytest.fixture
def model(make_model):
    return make_model()


@pytest.fixture
def make_version(control, folder):
    def make(model, **fields):
        import datarobot

        settings = {"base_environment_id": control.environment()["id"], "folder_path": str(folder), **fields}
        return datarobot.CustomModelVersion.create_clean(custom_model_id=model.id, **settings)

    return make


@pytest.fixture
def version(model, make_version):
    return make_version(model)


@pytest.fixture
def trained(model, make_version, control):
    return make_version(model, training_dataset_id=control.dataset())


@pytest.fixture
def wait_until():
    """Return a function that calls `probe` until it returns a true value, and returns the value."""

    def wait(probe):
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            found = probe()
            if found:
                return found
            time.sleep(0.01)
        return pytest.fail(f"the condition was not met within {TIMEOUT} seconds")

    return wait
