"""An emulator per module, emptied before every test, and a client that knows the steps of the life cycle."""

import json
import time
from importlib import resources

import pytest
import requests
from jsonschema import Draft202012Validator

from datarobot_provider.emulator import running
from tests.contract.guard_additions import extended

TOKEN = "token-of-the-emulator-tests"
CSV = "age,city,split,price\n1,Rome,a,10\n2,Oslo,a,21\n3,Bonn,b,29\n4,Lima,b,41\n"
CODE = b"def score(data, model, **kwargs):\n    return data\n"

# The contract calls these objects or strings, but clients need the null (the emulator's table of deviations says why).
NULLS = {"latestVersion", "completedAt", "assignmentError"}


class Api:
    """A plain HTTP client on one emulator."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {emulator.token}"
        self.control = emulator.control

    def __call__(self, method, path, **options):
        url = path if path.startswith("http") else self.emulator.endpoint + path
        return self.session.request(method, url, timeout=10, allow_redirects=False, **options)

    def until(self, probe, timeout=10.0):
        """Look until `probe` gives something true, and return that."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = probe()
            if found:
                return found
            time.sleep(0.005)
        pytest.fail("what was waited for did not happen")

    def finish(self, response):
        """Follow the Location of a 202 to the end of its job; return the last response of the status record."""
        assert response.status_code == 202, response.text

        def poll():
            seen = self("GET", response.headers["Location"])
            running_words = {"INITIALIZED", "RUNNING"}
            return seen if seen.status_code != 200 or seen.json()["status"] not in running_words else None

        return self.until(poll)

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
        self.until(lambda: not self("GET", path).json()["trainingData"]["assignmentInProgress"])
        return model, version

    def built(self, model, version):
        path = f"/customModels/{model}/versions/{version}/dependencyBuild/"
        assert self("POST", path).status_code == 202
        return self.until(lambda: self.ended_build(path))

    def ended_build(self, path):
        build = self("GET", path).json()
        return build if build["buildStatus"] in {"success", "failed"} else None

    def start_test(self, model, version, **fields):
        body = {"customModelId": model, "customModelVersionId": version, **fields}
        return self("POST", "/customModelTests/", json=body)

    def ended_test(self, response):
        """Follow a test to its end and return its record."""
        location = self.finish(response).headers["Location"]
        ends = {"succeeded", "failed", "warning", "canceled"}

        def poll():
            test = self("GET", location).json()
            return test if test["overallStatus"] in ends else None

        return self.until(poll)

    def violations(self):
        return [r for r in self.control("GET", "requests")["data"] if r["violations"]]


@pytest.fixture(scope="module")
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
    for name, known in (("contract.json", extended), ("additional_routes.json", dict)):
        text = resources.files("datarobot_provider.emulator.openapi").joinpath(name).read_text()
        schemas |= known(json.loads(text))["components"]["schemas"]
    return {"schemas": schemas}


@pytest.fixture
def conforms(components):
    """Check a response against a schema of the contract, extended with the guard fields that clients know."""

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
    """Return the fields a 422 of the public family complains about."""
    assert response.status_code == 422, response.text
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert body["message"] == "Invalid field data"
    return body["errors"]


@pytest.fixture
def refused_fields():
    return field_errors
