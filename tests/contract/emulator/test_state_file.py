"""The state file: a restarted emulator continues with the same state."""

import json
import os
import signal
import stat
import subprocess
import sys
import time

import pytest
import requests

from datarobot_provider.emulator.app import create_app
from datarobot_provider.emulator.command import TOKEN_VARIABLE, main
from datarobot_provider.emulator.store import snapshot
from datarobot_provider.emulator.store.seed_loader import DEFAULT_SEED
from datarobot_provider.emulator.store.state import State
from datarobot_provider.emulator.store.state_file import StateFile, StateFileError
from datarobot_provider.emulator.web import state_saving
from tests.contract.emulator.conftest import Api

TOKEN = "token-of-the-state-tests"
REQUIREMENTS = {"requirements.txt": b"numpy\n", "model.pkl": bytes(range(256))}


class Process:
    """An emulator in a process with a state file."""

    def __init__(self, path, *options):
        self.token = TOKEN
        self.process = subprocess.Popen(
            [sys.executable, "-m", "datarobot_provider.emulator", "--port", "0", "--state", str(path), *options],
            env={**os.environ, TOKEN_VARIABLE: TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.endpoint = self.process.stdout.readline().split()[-1]
        self.url = self.endpoint.removesuffix("/api/v2")

    def control(self, method, path, json=None):
        response = requests.request(method, f"{self.url}/__emulator__/{path}", json=json, timeout=5)
        assert response.ok, response.text
        return response.json() if response.content else None

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.json"


@pytest.fixture
def start(path):
    started = []

    def run(*options):
        started.append(Process(path, "--quiet", *options))
        return Api(started[-1])

    yield run
    for each in started:
        each.process.kill()
        each.process.communicate()


def test_restarted_emulator_returns_the_same_resources(start):
    api = start("--time-scale", "0")
    model, version = api.trained()
    version = api.version(model, REQUIREMENTS)
    assert api.built(model, version)["buildStatus"] == "success"
    test = api.start_test(model, version, datasetId=api.dataset())
    api.finish(test)
    api.control("POST", "outcomes", {"kind": "model_test", "outcome": "failed", "customModelId": model})
    guard = {"templateId": "6680f0000000000000000001", "entityType": "customModelVersion", "entityId": version}
    intervention = {"action": "block", "conditions": [{"comparator": "equals", "comparand": 1}], "message": "m"}
    body = {**guard, "name": "G", "stages": ["prompt"], "intervention": intervention, "openaiApiKey": "sk-secret-key"}
    assert api("POST", "/guardConfigurations/", json=body).status_code == 201
    overall = {"entityType": "customModelVersion", "entityId": version, "timeoutSec": 9, "timeoutAction": "score"}
    assert api("PATCH", "/overallModerationConfiguration/", json=overall).status_code == 200
    paths = (
        "/customModels/", f"/customModels/{model}/versions/", "/datasets/", "/executionEnvironments/", "/deployments/",
        "/useCases/", "/credentials/", f"/customModelTests/?customModelId={model}", "/status/", "/guardTemplates/",
        f"/customModels/{model}/versions/{version}/dependencyBuild/",
        "/genai/customModelVectorDatabaseValidations/",
        "/mlops/portablePredictionServerImage/metadata/",
        f"/guardConfigurations/?entityType=customModelVersion&entityId={version}",
        f"/overallModerationConfiguration/?entityType=customModelVersion&entityId={version}",
    )  # fmt: skip

    def content(api):
        return [api("GET", each).text.replace(api.emulator.url, "") for each in paths]

    before, outcomes = content(api), api.control("GET", "outcomes")
    archive = api("GET", f"/customModels/{model}/versions/{version}/download/").content
    jobs = api.control("GET", "jobs")
    assert api.emulator.stop() == (0, "")
    again = start("--no-seed", "--time-scale", "0")
    assert content(again) == before
    assert "65a0000000000000000000a1" in before[0]
    assert (again.control("GET", "outcomes"), again.control("GET", "jobs")) == (outcomes, jobs)
    assert again("GET", f"/customModels/{model}/versions/{version}/download/").content == archive
    assert again.violations() == []


def test_start_says_whether_a_state_was_restored(path):
    for origin in ("new", "restored; no seed was loaded"):
        process = Process(path, "--no-seed").process
        lines = [process.stdout.readline().rstrip("\n") for _ in range(3)]
        process.terminate()
        process.communicate()
        assert lines[2] == f"state file: {path} ({origin})"


def test_file_is_private_and_contains_no_token_or_key(start, path):
    api = start("--no-seed")
    api.control("POST", "tokens", {"token": "another-token"})
    model = api.model()
    api.version(model, {"custom.py": b""})
    guard = {"name": "g", "description": "", "type": "ootb", "ootbType": "token_count", "stages": ["prompt"]}
    body = {"customModelId": model, "data": [{**guard, "openaiApiKey": "sk-secret-key"}]}
    assert api("POST", "/guardConfigurations/toNewCustomModelVersion/", json=body).status_code == 200
    assert api.emulator.stop(signal.SIGINT) == (0, "")
    content = path.read_text(encoding="utf-8")
    assert [secret for secret in (TOKEN, "another-token", "sk-secret-key") if secret in content] == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_killed_emulator_keeps_what_was_saved_after_the_delay(start, path):
    api = start("--no-seed")
    model = api.model()
    api.wait_until(lambda: model in path.read_text(encoding="utf-8"), timeout=5 + state_saving.SAVE_DELAY)
    api.emulator.stop(signal.SIGKILL)
    assert start("--no-seed")("GET", f"/customModels/{model}/").status_code == 200


def test_job_ends_at_the_time_at_which_it_would_have_ended(start):
    api = start("--no-seed")
    model = api.model()
    versions = [api.version(model, REQUIREMENTS) for _ in range(2)]
    for version, seconds in zip(versions, (1.0, 1000), strict=True):
        outcome = {"kind": "dependency_build", "outcome": "failed", "seconds": seconds}
        api.control("POST", "outcomes", outcome)
        assert api("POST", f"/customModels/{model}/versions/{version}/dependencyBuild/").status_code == 202
    jobs = api.control("GET", "jobs")["data"]
    api.emulator.stop()
    time.sleep(1)
    again = start("--no-seed")
    restored = again.control("GET", "jobs")["data"]
    assert [job["state"] for job in restored] == ["failed", "submitted"]
    assert [job["ends"] for job in restored] == [job["ends"] for job in jobs]
    again.control("POST", "finish")
    assert again.finished_build(f"/customModels/{model}/versions/{versions[1]}/dependencyBuild/")


def test_effects_of_running_jobs_are_restored(start):
    api = start("--no-seed")
    model, legacy = api.model(), api.model(isTrainingDataForVersionsPermanentlyEnabled=None)
    body = {"repositoryId": "65c0000000000000000000aa", "baseEnvironmentId": api.environment(), "sourcePath": ["a.py"]}
    created = api("POST", f"/customModels/{model}/versions/fromRepository/", json=body)
    assert created.status_code == 202, created.text
    assigned = api("PATCH", f"/customModels/{legacy}/trainingData/", json={"datasetId": api.dataset()})
    assert assigned.status_code == 202, assigned.text
    api.emulator.stop()
    again = start("--no-seed")
    again.control("POST", "finish")
    assert again("GET", f"/customModels/{model}/").json()["latestVersion"]["items"][0]["filePath"] == "a.py"
    assert again("GET", f"/customModels/{legacy}/").json()["trainingDatasetId"]
    status = created.headers["Location"].split("/api/v2")[1]
    assert again("GET", status).status_code == 303


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "it is not valid JSON"),
        ('{"format": "datarobot', "it is not valid JSON"),
        ("[" * 100_000, "it is not valid JSON"),
        ("[]", "it was not written by this program"),
        ('{"datasets": []}', "it was not written by this program"),
        ('{"format": "datarobot-emulator-state", "version": 99}', "it has the version 99 instead of 1"),
        ('{"format": "datarobot-emulator-state", "version": 1}', "is not a state file of this emulator"),
        ('{"format": "datarobot-emulator-state", "version": 1, "snapshot": {}}', "its content is invalid"),
        ('{"format": "datarobot-emulator-state", "version": 1, "snapshot": []}', "its content is invalid"),
    ],
)
def test_invalid_file_is_rejected_and_not_overwritten(path, capsys, content, message):
    path.write_text(content, encoding="utf-8")
    assert main(["--token", TOKEN, "--port", "0", "--state", str(path)]) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert str(path) in errors
    assert path.read_text(encoding="utf-8") == content


def saved(path):
    """Write a state file with the default seed and return its document."""
    StateFile(path).save(create_app(TOKEN, DEFAULT_SEED).state.resources)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["objects"].append({"class": "Popen", "fields": {"args": "true"}}),
        lambda s: s["objects"][0].update(fields={}),
        lambda s: s["objects"].clear(),
        lambda s: s["attributes"].pop("models"),
        lambda s: s["attributes"].update(models=[]),
        lambda s: s["attributes"].update(models={"x": {"$ref": 10**9}}),
        lambda s: s["attributes"].update(models={"x": {"$pickle": ""}}),
        lambda s: s["attributes"].update(jobs=[1]),
        lambda s: s.update(outcomes=[1]),
    ],
)
def test_changed_file_is_rejected(path, change):
    document = saved(path)
    change(document["snapshot"])
    path.write_text(json.dumps(document), encoding="utf-8")
    state = State()
    state.moderation[("a", "b")] = {}
    with pytest.raises(StateFileError, match="its content is invalid"):
        StateFile(path).load(state)
    assert state.moderation == {("a", "b"): {}}


def test_values_of_all_types_are_restored():
    state, restored = State(), State()
    state.moderation[("a", "b")] = {"$ref": 5, "x": [{"$dict": []}, None, True, 1.5, "s"], "t": (1, "2")}
    state.outcomes.injected_values.add("dreaming")
    snapshot.restore(restored, json.loads(json.dumps(snapshot.encode(state))))
    assert restored.moderation == state.moderation
    assert restored.outcomes.injected_values == {"dreaming"}


def test_unknown_object_cannot_be_saved():
    state = State()
    state.moderation[("a", "b")] = {"x": object()}
    with pytest.raises(TypeError, match="a snapshot cannot contain object"):
        snapshot.encode(state)


@pytest.mark.parametrize("name", ["none/state.json", "."])
def test_file_that_cannot_be_written_is_explained(tmp_path, capsys, name):
    assert main(["--token", TOKEN, "--port", "0", "--state", str(tmp_path / name)]) == 2
    assert "the state file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_failed_save_is_reported_and_keeps_the_emulator_running(start, path):
    api = start("--no-seed")
    path.unlink()
    path.mkdir()
    (path / "x").touch()
    model = api.model()
    time.sleep(state_saving.SAVE_DELAY + 0.5)
    assert api("GET", f"/customModels/{model}/").status_code == 200
    status, errors = api.emulator.stop()
    assert status == 1
    assert errors.count(f"cannot write the state file {path}") == 2
    assert [each.name for each in path.parent.iterdir()] == ["state.json"]
