"""The seed of the examples."""

import requests

from datarobot_provider.emulator import running
from datarobot_provider.emulator.store.seed_loader import DEFAULT_SEED
from harness.emulator import SEED

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
    assert DEFAULT_SEED != SEED
    assert DEFAULT_SEED.resolve() == SEED
