"""Invalid input: every route rejects it with a 4xx and stores nothing."""

import asyncio
import itertools
import json
import math
from pathlib import Path
from urllib.parse import urlencode

import pytest

from datarobot_provider.emulator import routes
from datarobot_provider.emulator.app import create_app
from datarobot_provider.emulator.openapi.contract import Contract
from datarobot_provider.emulator.web.routing import ROUTES

SEED = Path(__file__).parents[3] / "example_dags" / "seed"
TOKEN = "token-of-the-hostile-tests"
HUGE = "1" + "0" * 5000
NOT_JSON = {
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": Infinity}',
    "negative infinity": b'{"name": -Infinity}',
    "a float beyond the range": b'{"name": 1e999}',
    "an integer of 5000 digits": b'{"name": %s}' % HUGE.encode(),
    "an integer beyond 64 bits": b'{"name": 9223372036854775808}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "a lone surrogate as a key": b'{"\\udfff": 1}',
    "100,000 brackets": b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "200 objects": b'{"name":' * 200 + b"1" + b"}" * 200,
    "not UTF-8": b'{"name": "\xff"}',
    "an encoded surrogate": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "nothing but a bracket": b"{",
    "a list": b"[]",
    "a number": b"1",
}
# The long values come last: when one is stored, every later comparison of the state is slower.
VALUES = [
    None, True, 1.5, 1e308, -1, 2**63 - 1, "", " ", "\x00", "NaN", "1e308", [], {}, [[]], [{}],
    [None], {"a": {"b": 1}}, "[{}]", '{"datasetId": {}}', '[{"fieldName": []}]', "[NaN]", HUGE, "x" * 100_000,
]  # fmt: skip


class Client:
    """A client of the API and the control API without a socket, with access to the state of the emulator."""

    def __init__(self):
        self.app = create_app(TOKEN, SEED)
        self.gateway = self.app.routes[-1].app
        # One event loop for all requests. A new one costs more than most requests.
        self._runner = asyncio.Runner()

    def __call__(self, method, path, body=b"", media="application/json", query="", headers=()):
        sent = []
        common = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"host", b"h"), (b"content-type", media.encode())]
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [*common, *headers], "scheme": "http", "server": ("h", 80), "http_version": "1.1",
            "root_path": "", "state": {},
        }  # fmt: skip

        bodies = [body]

        async def receive():
            if not bodies:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}

        async def send(message):
            sent.append(message)

        self._runner.run(self.app(scope, receive, send))
        content = b"".join(each.get("body", b"") for each in sent[1:])
        return sent[0]["status"], content

    def close(self):
        self._runner.close()

    def json(self, method, path, value):
        status, content = self(method, path, json.dumps(value).encode())
        assert status < 300, content
        return json.loads(content)

    def state(self):
        """Return the state of the emulator without the request log, as a string."""
        state, faults = vars(self.gateway.state), self.gateway.faults.all
        return repr([state, faults, self.gateway.tokens.all])


@pytest.fixture(scope="session")
def shared():
    client = Client()
    yield client
    client.close()


@pytest.fixture
def client(shared):
    assert shared("POST", "/__emulator__/reset")[0] == 204
    return shared


@pytest.fixture
def ids(client):
    """Create one resource of each type and return the ids, so that the handlers are reached."""
    dataset = client.json("POST", "/__emulator__/datasets", {"name": "d", "csv": "age,price\n1,2\n3,4\n"})["id"]
    environment = client.json("POST", "/__emulator__/environments", {"name": "e"})["id"]
    deployment = client.json("POST", "/__emulator__/deployments", {"label": "l"})["id"]
    base = "/api/v2/customModels/"
    body = {"name": "m", "customModelType": "inference", "targetType": "Regression", "targetName": "price"}
    model = client.json("POST", base, {**body, "isTrainingDataForVersionsPermanentlyEnabled": True})["id"]
    version = client.json("PATCH", f"{base}{model}/versions/", {"baseEnvironmentId": environment})["id"]
    validation = {"deploymentId": deployment, "promptColumnName": "p", "targetColumnName": "t"}
    validations = "/api/v2/genai/customModelVectorDatabaseValidations/"
    template = json.loads(client("GET", "/api/v2/guardTemplates/", query="limit=1")[1])["data"][0]["id"]
    guard = {"name": "g", "templateId": template, "stages": ["prompt"]}
    entity = {"entityType": "customModelVersion", "entityId": version}
    client.json("POST", "/__emulator__/outcomes", {"kind": "model_test", "outcome": "stuck"})
    test = client.json(
        "POST",
        "/api/v2/customModelTests/",
        {"customModelId": model, "customModelVersionId": version, "datasetId": dataset},
    )
    return {
        "customModelId": model,
        "customModelVersionId": version,
        "imageId": version,
        "datasetId": dataset,
        "environmentId": environment,
        "deploymentId": deployment,
        "validationId": client.json("POST", validations, validation)["id"],
        "configId": client.json("POST", "/api/v2/guardConfigurations/", {**guard, **entity})["id"],
        "templateId": template,
        "statusId": test["statusId"],
        "customModelTestId": json.loads(client("GET", "/api/v2/customModelTests/", query=f"customModelId={model}")[1])[
            "data"
        ][0]["id"],
    }


def path_of(route, ids):
    path = route.path
    for name in {part.strip("{}") for part in path.split("/") if part.startswith("{")}:
        path = path.replace("{" + name + "}", ids.get(name, "0123"))
    return f"/api/v2{path}"


def all_routes(*methods):
    routes.load()
    return [pytest.param(r, id=f"{r.method} {r.path}") for r in ROUTES if r.method in methods]


def fields_of(route):
    """Return the names of the fields in the body of a route."""
    contract = Contract.load()
    operation = contract.operations[(route.method, route.path)]
    if operation.contains_rows:
        return ["name"]
    schema = operation.body_schema("application/json") or operation.body_schema("multipart/form-data")
    return sorted(contract.form_fields(schema)) if schema else ["name"]


def form(fields, charset=None):
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
        + value
        + b"\r\n"
        for name, value in fields
    ]
    return b"".join(parts) + b"--b--\r\n"


MULTIPART = "multipart/form-data; boundary=b"


@pytest.mark.parametrize("route", all_routes("POST", "PATCH"))
def test_every_route_rejects_invalid_json(client, ids, route):
    before, path = client.state(), path_of(route, ids)
    for what, body in NOT_JSON.items():
        status, content = client(route.method, path, body)
        assert (what, 400 <= status < 500) == (what, True), content
    assert client.state() == before


def json_body(name, value):
    return json.dumps({name: value}).encode(), "application/json"


def form_body(name, value):
    return form([(name, str(value).encode())]), MULTIPART


def routes_and_bodies():
    """Return every route with a body of each media type, for a third of the values of each field.

    ``make test`` runs one third in the media type of the route, so that each route gets every value.
    """
    for parameter in all_routes("POST", "PATCH"):
        (route,) = parameter.values
        operation = Contract.load().operations[(route.method, route.path)]
        for encode, media in ((json_body, "application/json"), (form_body, "multipart/form-data")):
            for third in range(3):
                selected = operation.body_schema(media) and (third == 0 or len(fields_of(route)) < 3)
                marks = () if selected else pytest.mark.full
                yield pytest.param(route, encode, third, id=f"{parameter.id}-{encode.__name__}-{third}", marks=marks)


@pytest.mark.parametrize(("route", "encode", "third"), routes_and_bodies())
def test_every_route_handles_values_of_the_wrong_type(client, ids, route, encode, third):
    path, before = path_of(route, ids), client.state()
    for (i, value), (j, name) in itertools.product(enumerate(VALUES), enumerate(fields_of(route))):
        if (i + j) % 3 != third:
            continue
        status, content = client(route.method, path, *encode(name, value))
        assert (name, value, status < 500) == (name, value, True), content
        after = client.state()
        assert status < 300 or after == before
        before = after
    for listing in ("/api/v2/customModels/", "/api/v2/status/", "/__emulator__/jobs"):
        assert client("GET", listing)[0] == 200


@pytest.mark.parametrize("route", all_routes("GET"))
def test_every_route_handles_invalid_queries(client, ids, route):
    operation = Contract.load().operations[(route.method, route.path)]
    names = {parameter["name"] for parameter in operation.parameters("query")} | {"name", "targetType", "tagKeys"}
    path, before = path_of(route, ids), client.state()
    for name in sorted(names):
        for value in (
            "1e308",
            "NaN",
            "-1",
            HUGE,
            "9" * 19,
            "\x00",
            "\ud7ff",
            "%",
            "\u0661",
            "True",
            "null",
            "1.5",
            "1e5",
        ):
            status, content = client("GET", path, query=urlencode({name: value}))
            assert (name, value, status < 500) == (name, value, True), content
    assert client("GET", path, query="%FF=%FF&limit=%ED%A0%80&&&=")[0] < 500
    assert client.state() == before


@pytest.mark.parametrize("segment", ["\x00", "..", "%", "a b", "\ud7ff", "x" * 10_000, "1e308", "{customModelId}"])
def test_every_route_handles_invalid_paths(client, segment):
    routes.load()
    before = client.state()
    for path, method in ((path_of(route, {}), route.method) for route in ROUTES if "{" in route.path):
        assert client(method, path.replace("0123", segment), b"{}")[0] < 500
    assert client.state() == before


@pytest.mark.parametrize("charset", ["raw_unicode_escape", "unicode_escape", "utf-7", "idna", "rot13", "nothing"])
def test_form_with_an_unusual_encoding_is_rejected_or_read(client, ids, charset):
    path = f"/api/v2/customModels/{ids['customModelId']}/versions/"
    body = form([("isMajorUpdate", b"false"), ("filePath", b"\\ud800"), ("trainingData", b'"+2AA-"')], charset)
    before = client.state()
    assert client("PATCH", path, body, MULTIPART)[0] == 422
    assert client.state() == before


@pytest.mark.parametrize(
    "body",
    [b"", b"--b", b"--b\r\n\r\n\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", b"\x00" * 100],
)
def test_broken_form_is_rejected(client, ids, body):
    path = f"/api/v2/customModels/{ids['customModelId']}/versions/"
    before = client.state()
    for media in (MULTIPART, "multipart/form-data"):
        assert client("POST", path, body, media)[0] == 422
    assert client.state() == before


@pytest.mark.parametrize("name", ["trainingData", "holdoutData", "requiredMetadata", "requiredMetadataValues"])
@pytest.mark.parametrize("what", [what for what in NOT_JSON if "UTF" not in what and "encoded" not in what])
def test_json_in_a_form_is_parsed_strictly(client, ids, name, what):
    text = NOT_JSON[what].replace(b"[]", b"1")
    path = f"/api/v2/customModels/{ids['customModelId']}/versions/"
    before = client.state()
    assert client("PATCH", path, form([("isMajorUpdate", b"false"), (name, text)]), MULTIPART)[0] == 422
    assert client.state() == before


ORDERS = {
    "outcomes": {"kind": "model_test", "outcome": "failed"},
    "faults": {"status": 503},
    "image": {"size": 5, "redirect": False},
    "datasets": {"name": "d", "csv": "a\n"},
    "tokens": {"token": "one-more-token"},
}
ABSURD = [
    ("outcomes", {"seconds": 1e308}), ("outcomes", {"seconds": -1}), ("outcomes", {"seconds": "1"}),
    ("outcomes", {"times": 10**15}), ("outcomes", {"times": 2.0}), ("outcomes", {"times": 1e308}),
    ("faults", {"delay": 1e308}), ("faults", {"times": 1e308}), ("faults", {"after": 1e308}),
    ("faults", {"after": 1.0}),
    ("faults", {"status": 503.0}), ("faults", {"retryAfter": 1e308}), ("faults", {"retryAfter": "1\r\nx: y"}),
    ("faults", {"contentType": "text/plain\n"}), ("faults", {"path": "a{99999999999}"}),
    ("faults", {"path": "(" * 100_000}), ("image", {"size": 10**18}), ("image", {"size": 5.0}),
    ("datasets", {"csv": "a\n" + '"' + "x" * 200_000}), ("tokens", {"token": "short"}),
    ("tokens", {"token": "with a space in it"}), ("tokens", {"token": "with\nanewline"}),
    ("tokens", {"token": "ümlaut-token"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "more"), ABSURD, ids=[f"{p} {repr(m)[:40]}" for p, m in ABSURD])
def test_control_api_rejects_extreme_values(client, path, more):
    before = client.state()
    status, content = client("POST", f"/__emulator__/{path}", json.dumps({**ORDERS[path], **more}).encode())
    assert status == 422, content
    assert client.state() == before


@pytest.mark.parametrize("path", ORDERS)
def test_control_api_rejects_invalid_json(client, path):
    before = client.state()
    for what, body in NOT_JSON.items():
        status, content = client("POST", f"/__emulator__/{path}", body)
        assert (what, status) == (what, 422), content
    assert client.state() == before


def test_feature_impact_handles_extreme_numbers():
    from datarobot_provider.emulator.job_results.feature_impact import feature_impacts
    from datarobot_provider.emulator.store.seed import make_dataset

    csv = "a,b,y\n1e308,nan,1e200\n-1e308,inf,-1e200\n0,1,0\n"
    impacts = feature_impacts(make_dataset("d", csv), "y", None)
    assert all(math.isfinite(row["impactNormalized"]) for row in impacts)


@pytest.mark.parametrize("status", [204, 304])
def test_fault_response_without_a_body_is_empty(client, status):
    client.json("POST", "/__emulator__/faults", {"status": status, "body": {"a": 1}})
    assert client("GET", "/api/v2/version/") == (status, b"")


def test_range_of_many_digits_is_ignored(client):
    from datarobot_provider.emulator.web.byte_ranges import requested_span

    assert requested_span(f"bytes=0-{HUGE}", 10) is None
