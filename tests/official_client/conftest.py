"""The official client on an emulator that runs in a process, and in an environment, of its own."""

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

# Without the client there is nothing to test: the suite has its own environment (make test-official-client).
collect_ignore_glob = [] if importlib.util.find_spec("datarobot") else ["test_*.py"]


class Stage:
    """The emulator's control API, and what the tests need over and over."""

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
    """Run an emulator in a process of its own; yield its root."""
    process = subprocess.Popen(
        [os.environ["EMULATOR_PYTHON"], "-m", "datarobot_provider.emulator", "--time-scale", str(time_scale)],
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
    """Start the emulator and return its root."""
    with serving(0.02) as root:
        yield root


@pytest.fixture
def control_at():
    """Return the function that runs one more emulator at a time scale, and yields its control API."""

    @contextlib.contextmanager
    def run(time_scale):
        with serving(time_scale) as root:
            yield Stage(root)

    return run


@pytest.fixture(scope="session")
def client(address):
    import datarobot

    return datarobot.Client(token=TOKEN, endpoint=f"{address}/api/v2")


@pytest.fixture(autouse=True)
def short_naps(monkeypatch):
    """Let the client look again at once, where it would wait for seconds; nothing else of it is touched."""
    from datarobot.models import custom_model_test, custom_model_version
    from datarobot.utils import waiters

    impatient = types.SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(min(seconds, 0.02)))
    for module in (waiters, custom_model_test, custom_model_version):
        monkeypatch.setattr(module, "time", impatient)


@pytest.fixture(autouse=True)
def stage(address, client):
    """Empty the emulator, and hold every response of the test against the contract at the end."""
    control = Stage(address)
    control("POST", "reset")
    yield control
    assert [exchange for exchange in control.requests() if exchange["violations"]] == []


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
def make_version(stage, folder):
    def make(model, **fields):
        import datarobot

        settings = {"base_environment_id": stage.environment()["id"], "folder_path": str(folder), **fields}
        return datarobot.CustomModelVersion.create_clean(custom_model_id=model.id, **settings)

    return make


@pytest.fixture
def version(model, make_version):
    return make_version(model)


@pytest.fixture
def trained(model, make_version, stage):
    return make_version(model, training_dataset_id=stage.dataset())


@pytest.fixture
def until():
    """Look until `probe` gives something true, and return that."""

    def wait(probe):
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            found = probe()
            if found:
                return found
            time.sleep(0.01)
        return pytest.fail("what was waited for did not happen")

    return wait
