"""The seed of the examples."""

import configparser
from importlib import resources

import requests

from datarobot_provider.emulator import running
from datarobot_provider.emulator.store.seed_loader import DEFAULT_SEED
from harness.emulator import ROOT, SEED

TOKEN = "token-of-the-seed-tests"
VERSION = "/customModels/65a0000000000000000000a1/versions/65a0000000000000000000a2/"


def test_seeded_models_and_validations_are_ready_for_use():
    with running(token=TOKEN, seed=SEED, time_scale=1000) as emulator:

        def get(path):
            headers = {"Authorization": f"Bearer {TOKEN}"}
            response = requests.get(emulator.endpoint + path, headers=headers, timeout=10)
            assert response.status_code == 200, response.text
            return response.json()

        version = get(VERSION)
        files = {"custom.py", "model-metadata.yaml", "model.joblib", "requirements.txt"}
        assert {item["filePath"] for item in version["items"]} == files
        assert version["trainingData"]["datasetId"] == "65a0000000000000000000d1"
        assert version["trainingData"]["assignmentInProgress"] is False
        assert get(f"{VERSION}dependencyBuild/")["buildStatus"] == "success"
        assert {model["targetType"] for model in get("/customModels/")["data"]} == {"Regression", "TextGeneration"}
        validations = get("/genai/customModelVectorDatabaseValidations/")["data"]
        assert {validation["validationStatus"] for validation in validations} == {"PASSED"}
        assert {validation["useCaseId"] for validation in validations} == {"65a0000000000000000000c1"}
        # The list contains only jobs that a client has started.
        assert emulator.control("GET", "jobs") == {"data": []}


def test_default_seed_is_that_of_the_examples():
    """The package contains a copy of the files of example_dags, because wheels do not contain example_dags."""
    package, examples = DEFAULT_SEED.parent, SEED.parent
    copies = {path.relative_to(package) for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    named = {path.relative_to(examples) for path in (examples / "models").glob("*/*.*")}
    assert {path.as_posix() for path in copies - named} == {"seed/seed.json", "models/diabetes_training.csv"}
    assert named <= copies
    differing = [str(path) for path in copies if (package / path).read_bytes() != (examples / path).read_bytes()]
    assert differing == [], "copy these files from example_dags to datarobot_provider/emulator/default_seed"


def test_default_seed_is_package_data():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = setup["options.package_data"]["datarobot_provider.emulator"].split()
    package = resources.files("datarobot_provider.emulator")
    packaged = {path for pattern in patterns for path in package.glob(pattern) if path.is_file()}
    files = {path for path in DEFAULT_SEED.parent.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert files == packaged
