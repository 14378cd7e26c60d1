"""Fixtures: an emulator that is reset before every test, and a client with helpers for the life cycle."""

import json
import time
from importlib import resources

import pytest
import requests
from jsonschema import Draft202012Validator

from datarobot_provider.emulator import running
from tests.contract.guard_additions import extend_contract

TOKEN = "token-of-the-emulator-tests"
CSV = "age,city,split,price\n1,Rome,a,10\n2,Oslo,a,21\n3,Bonn,b,29\n4,Lima,b,41\n"
CODE = b"def score(data, model, **kwargs):\n    return data\n"

# The contract declares these as objects or strings, but clients require null (see the deviations of the emulator).
NULLS = {"latestVersion", "completedAt", "assignmentError"}


class Api:
    """A plain HTTP client of one emulator."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {emulator.token}"
        self.control = emulator.control

    def __call__(self, method, path, **options):
        url = path if path.startswith("http") else self.emulator.endpoint + path
        return self.session.request(method, url, timeout=10, allow_redirects=False, **options)

    def wait_until(self, probe, timeout=10.0):
        """Call `probe` until it returns a true value, and return the value."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            result = probe()
            if result:
                return result
            time.sleep(0.005)
        pytest.fail(f"the condition was not met within {timeout} seconds")

    def finish(self, response):
        """Poll the status record of a 202 until the job has ended, and return its last response."""
        assert response.status_code == 202, response.text

        def poll():
            latest = self("GET", response.headers["Location"])
            running_states = {"INITIALIZED", "RUNNING"}
            return latest if latest.status_code != 200 or latest.json()["status"] not in running_states else None

        return self.wait_until(poll)

    def environment(self):
        return self.control("POST", "environments", {"name": "Python"})["id"]

    def dataset(self, csv=CSV):
        return self.control("POST", "datasets", {"name": "houses.csv", "csv": csv})["id"]

    def model(self, **fields):
        body = {
            "name": "Prices",
            "customModelType": "inference",
            "targetType": "Regression",
            "targetName": "price",
            "isTrainingDataForVersionsPermanentlyEnabled": True,
            **fields,
        }
        response = self("POST", "/customModels/", json={k: v for k, v in body.items() if v is not None})
        assert response.status_code == 201, response.text
        return response.json()["id"]

    def upload(self, model, files, method="POST", **fields):
        form = {"isMajorUpdate": "false", **fields}
        if method == "POST":
            form.setdefault("baseEnvironmentId", self.environment())
        form["filePath"] = list(files)
        parts = [("file", (path, content)) for path, content in files.items()]
        # An empty file name keeps the request multipart even without a file.
        parts = parts or [(k, (None, v)) for k, v in form.items() if k != "filePath"]
        data = form if files else None
        return self(method, f"/customModels/{model}/versions/", data=data, files=parts)

    def version(self, model, files=None, **fields):
        response = self.upload(model, files or {"custom.py": CODE}, **fields)
        assert response.status_code == 201, response.text
        return response.json()["id"]

    def trained(self, model=None, dataset=None, **fields):
        """Return a model and a version whose training data is assigned."""
        model = model or self.model()
        version = self.version(model, trainingData=json.dumps({"datasetId": dataset or self.dataset()}), **fields)
        path = f"/customModels/{model}/versions/{version}/"
        self.wait_until(lambda: not self("GET", path).json()["trainingData"]["assignmentInProgress"])
        return model, version

    def built(self, model, version):
        path = f"/customModels/{model}/versions/{version}/dependencyBuild/"
        assert self("POST", path).status_code == 202
        return self.wait_until(lambda: self.finished_build(path))

    def finished_build(self, path):
        build = self("GET", path).json()
        return build if build["buildStatus"] in {"success", "failed"} else None

    def start_test(self, model, version, **fields):
        body = {"customModelId": model, "customModelVersionId": version, **fields}
        return self("POST", "/customModelTests/", json=body)

    def finished_test(self, response):
        """Poll a test until it has ended, and return its record."""
        location = self.finish(response).headers["Location"]
        final_states = {"succeeded", "failed", "warning", "canceled"}

        def poll():
            test = self("GET", location).json()
            return test if test["overallStatus"] in final_states else None

        return self.wait_until(poll)

    def violations(self):
        return [r for r in self.control("GET", "requests")["data"] if r["violations"]]


@pytest.fixture(scope="session")
def emulator():
    with running(token=TOKEN, time_scale=0.01) as started:
        yield started


@pytest.fixture
def api(emulator):
    emulator.control("POST", "reset")
    client = Api(emulator)
    yield client
    assert client.violations() == []


@pytest.fixture(scope="session")
def components():
    schemas = {}
    for name, extend in (("contract.json", extend_contract), ("additional_routes.json", dict)):
        text = resources.files("datarobot_provider.emulator.openapi").joinpath(name).read_text()
        schemas |= extend(json.loads(text))["components"]["schemas"]
    return {"schemas": schemas}


@pytest.fixture
def conforms(components):
    """Validate a response against a schema of the contract, including the guard fields that clients use."""

    def check(schema, response, status=200):
        assert response.status_code == status, response.text
        assert response.headers["Content-Type"] == "application/json"
        body = response.json()
        validator = Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": components})
        problems = [
            f"{list(e.absolute_path)}: {e.message}"
            for e in validator.iter_errors(body)
            if not (e.instance is None and e.absolute_path and e.absolute_path[-1] in NULLS)
        ]
        assert problems == []
        return body

    return check


def field_errors(response):
    """Return the errors per field of a 422 of a public route."""
    assert response.status_code == 422, response.text
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert body["message"] == "Invalid field data"
    return body["errors"]


@pytest.fixture
def rejected_fields():
    return field_errors
