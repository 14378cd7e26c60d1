"""Launch check of versions: languages, artifacts, hooks and target types."""

import platform
import threading
import time

import pytest

from datarobot_provider.emulator.evaluation.launch_check import check_launch
from tests.contract.emulator.folders import folder

LOAD = "def load_model(code_dir):\n    return object()\n"
SCORE = "def score(data, model, **kwargs):\n    return data\n"
UNSTRUCTURED = "def score_unstructured(model, data, **kwargs):\n    return data\n"
TRANSFORM = "def transform(data, model):\n    return data\n"
CHAT = "def chat(completion_create_params, model):\n    return None\n"
FIT = "def fit(X, y, output_dir, **kwargs):\n    pass\n"
TASK = "from runner import RegressionEstimatorInterface\n\n\nclass CustomTask(RegressionEstimatorInterface):\n"
TRAINING = "name: a task\ntype: training\ntargetType: regression\n"

STARTS = {
    "load_model and score": {"custom.py": LOAD + SCORE},
    "score next to an artifact": {"custom.py": SCORE, "model.pkl": ""},
    "two artifacts and load_model": {"custom.py": LOAD + SCORE, "a.pkl": "", "b.onnx": ""},
    "an artifact in a subfolder and load_model": {"custom.py": LOAD + SCORE, "model/m.h5": ""},
    "upper-case extension": {"MODEL.PKL": ""},
    **{f"only {name}": {name: ""} for name in ("m.pkl", "m.pth", "m.h5", "m.onnx", "m.joblib", "m.pmml", "m.mlmodel")},
    **{f"only {name}": {name: ""} for name in ("m.rds", "m.jar", "m.zip", "m.java", "m.mojo", "m.jlso", "m.keras")},
    "a POJO with its library": {"drf.java": "", "h2o-genmodel.jar": ""},
    "a MOJO pipeline": {"pipeline.mojo": "", "mojo2-runtime.jar": "", "license.sig": ""},
    "custom.jl": {"custom.jl": "function score() end"},
    "custom.R": {"custom.R": "score <- function(data, model, ...) { data }"},
    "custom.r with load_model and two artifacts": {"custom.r": "load_model <- f", "a.rds": "", "b.rds": ""},
    "custom.R next to an artifact": {"custom.R": "transform = function(data, model) data", "model.rds": ""},
    "custom.R that sources": {"custom.R": 'source("hooks.R")', "hooks.R": ""},
    "an R training task": {"custom.R": "fit <- function(X, y, output_dir, ...) {}", "model-metadata.yaml": TRAINING},
    "start_server.sh alone": {"start_server.sh": "python server.py"},
    "start_server.sh and any code": {"start_server.sh": "", "custom.py": "def broken(", "a/custom.py": ""},
    "an inference engine": {"engine_config.json": "{}"},
    "a Triton repository": {"model_repository/densenet/config.pbtxt": "", "model_repository/densenet/1/model.onnx": ""},
    "custom.py in a subfolder next to an artifact": {"src/custom.py": SCORE, "m.pkl": ""},
    "custom.R in a subfolder": {"custom.py": LOAD + SCORE, "old/custom.R": ""},
    "a hidden archive": {"custom.py": LOAD + SCORE, ".cache/data.zip": ""},
    "archives of two languages": {"custom.py": LOAD + SCORE, "data.zip": "", "m.pkl": ""},
    "import *": {"custom.py": "from hooks import *\n", "hooks.py": LOAD + SCORE},
    "import * of a package": {
        "custom.py": "from pkg import *\n",
        "pkg/__init__.py": "from .hooks import *\n",
        "pkg/hooks.py": LOAD + SCORE,
    },
    "import * and __all__": {
        "custom.py": "from h import *\n",
        "h.py": "__all__ = ['score']\n" + LOAD + SCORE,
        "m.pkl": "",
    },
    "import * in a circle": {
        "custom.py": "from a import *\n",
        "a.py": "from b import *\n" + SCORE,
        "b.py": "from a import *\n" + LOAD,
    },
    "import * of custom itself": {"custom.py": "from custom import *\n" + LOAD + SCORE},
    "import * of an unknown package": {"custom.py": "from company_hooks import *\n"},
    "import * of an unknown package further on": {
        "custom.py": "from h import *\n",
        "h.py": "from company_hooks import *\n",
    },
    "named imports": {
        "custom.py": "from pkg.hooks import load_model, run as score\n",
        "pkg/hooks.py": LOAD + "run = 1 or f",
    },
    "named import of an unknown package": {"custom.py": "from company import score, load_model\n"},
    "a hook in try": {"custom.py": f"try:\n    from fast import score\nexcept ImportError:\n    score = slow\n{LOAD}"},
    "a hook only in except": {
        "custom.py": "try:\n    import fast\nexcept ImportError:\n    def score(d, m): ...\n" + LOAD
    },
    "a hook in if": {"custom.py": "import os\nif os.environ.get('X'):\n    def score(d, m): ...\n" + LOAD},
    "a hook in else": {"custom.py": "if a:\n    pass\nelse:\n    def score(d, m): ...\n" + LOAD},
    "a hook in with and for": {"custom.py": "with a:\n    for b in c:\n        def score(d, m): ...\n" + LOAD},
    "a hook in match": {"custom.py": "match a:\n    case 1:\n        def score(d, m): ...\n" + LOAD},
    "hooks by assignment": {"custom.py": "score = make()\nload_model = lambda d: 1\n"},
    "hooks by unpacking": {"custom.py": "score, load_model = make()\n"},
    "a hook by annotation": {"custom.py": "score: Hook = make()\n" + LOAD},
    "a hook by :=": {"custom.py": "print(score := make())\n" + LOAD},
    "a hook by global": {"custom.py": "def setup():\n    global score\n    score = make()\nsetup()\n" + LOAD},
    "a hook by globals": {"custom.py": "globals()['score'] = make()\n"},
    "a hook by locals": {"custom.py": "import runpy\nlocals().update(runpy.run_path('hooks.txt'))\n"},
    "a hook by vars": {"custom.py": "if a:\n    vars()['score'] = make()\n"},
    "a hook by eval": {"custom.py": "eval(compile(a, b, 'exec'))\n"},
    "a hook by setattr": {"custom.py": "import hooks\nsetattr(hooks.main(), 'score', make())\n"},
    "a hook by sys.modules": {"custom.py": "import sys\nsys.modules[__name__].score = make()\n"},
    "a hook by exec": {"custom.py": "exec(open('hooks.txt').read())\n"},
    "a hook by __getattr__": {"custom.py": "def __getattr__(name):\n    return make(name)\n"},
    "a decorated hook": {"custom.py": "@traced\n" + SCORE + LOAD},
    "an async hook": {"custom.py": "async " + SCORE + LOAD},
    "a class as a hook": {"custom.py": "class score:\n    pass\n" + LOAD},
    "None until it is defined": {"custom.py": "score = None\n" + SCORE + LOAD},
    "a broken module that is not imported": {"custom.py": LOAD + SCORE, "broken.py": "def x("},
    "a broken module in try": {
        "custom.py": "try:\n    import h\nexcept Exception:\n    pass\n" + LOAD + SCORE,
        "h.py": "def x(",
    },
    "a training task with its artifact": {"custom.py": FIT, "artifact.pkl": "", "model-metadata.yaml": TRAINING},
    "a training task with load_model": {"custom.py": FIT + LOAD + SCORE, "model-metadata.yaml": TRAINING},
    "CustomTask with its artifact": {"custom.py": TASK + "    def fit(self): ...\n", "drum_artifact.pkl": ""},
    "CustomTask that loads by itself": {"custom.py": TASK + "    @classmethod\n    def load(cls, d): ...\n"},
    "lazily loaded artifacts": {"custom.py": SCORE, "model-metadata.yaml": "lazyLoading:\n  files: []\n"},
    "a coding comment": {"custom.py": b"# coding: latin-1\nNAME = 'caf\xe9'\n" + (LOAD + SCORE).encode()},
    "a byte order mark": {"custom.py": b"\xef\xbb\xbf" + (LOAD + SCORE).encode()},
    "Windows line ends": {"custom.py": (LOAD + SCORE).replace("\n", "\r\n")},
}
FAILS = {
    "nothing at all": ({}, "no model artifact"),
    "only a text": ({"README.md": ""}, "no model artifact"),
    "an empty custom.py": ({"custom.py": ""}, "no model artifact"),
    "no hook": ({"custom.py": "x = 1\n"}, "no model artifact"),
    "eval and vars in a function": (
        {"custom.py": "def run(m):\n    m.eval()\n    return vars(m), eval(m)\n"},
        "no model artifact",
    ),
    "only helper hooks": ({"custom.py": "def init(code_dir): ...\ndef post_process(p, m): ...\n"}, "no model artifact"),
    "custom.PY": ({"Custom.py": LOAD + SCORE}, "no model artifact"),
    "custom.py only in a subfolder": ({"src/custom.py": LOAD + SCORE}, "no model artifact"),
    "an artifact only in a subfolder": ({"model/m.pkl": ""}, "no model artifact"),
    "a Java artifact only in a subfolder": ({"model/m.jar": ""}, "one is required at the top level"),
    "a hidden artifact": ({".m.pkl": ""}, "no model artifact"),
    "two artifacts": ({"a.pkl": "", "b.pkl": ""}, "several model artifacts (a.pkl, b.pkl)"),
    "two artifacts of two kinds": ({"a.pkl": "", "b.h5": "", "custom.py": SCORE}, "several model artifacts"),
    "two artifacts that only some runners load": ({"a.joblib": "", "b.joblib": ""}, "several model artifacts"),
    "two R artifacts": ({"a.rds": "", "b.RDS": ""}, "several model artifacts"),
    "two R artifacts next to custom.R": (
        {"a.rds": "", "b.rds": "", "custom.R": "score <- f"},
        "several model artifacts",
    ),
    "two custom.py": ({"custom.py": LOAD + SCORE, "a/b/custom.py": ""}, "custom.py, a/b/custom.py"),
    "a custom.py in a hidden environment": (
        {"custom.py": LOAD + SCORE, ".venv/lib/python3.11/site-packages/x/custom.py": ""},
        "more than one custom.py",
    ),
    "custom.py and custom.R": ({"custom.py": LOAD + SCORE, "custom.R": "score <- f"}, "Python and R"),
    "custom.py and a Java artifact": (
        {"custom.py": LOAD + SCORE, "m.jar": ""},
        "Artifacts: Java; custom files: Python",
    ),
    "custom.py and an archive": ({"custom.py": LOAD + SCORE, "data/words.zip": ""}, "Artifacts: Java"),
    "custom.R and a Python artifact": ({"custom.R": "score <- f", "m.pkl": ""}, "Artifacts: Python; custom files: R"),
    "artifacts of two languages": ({"m.pkl": "", "m.rds": ""}, "Python and R"),
    "custom.R without any hook": ({"custom.R": "x <- 1"}, "no model artifact"),
    "code that does not compile": ({"custom.py": "def score(data\n"}, "SyntaxError"),
    "code that does not compile next to an artifact": ({"custom.py": "x = = 1\n", "m.pkl": ""}, "SyntaxError"),
    "return at the top": ({"custom.py": LOAD + SCORE + "return 1\n"}, "'return' outside function"),
    "a null byte": ({"custom.py": b"\0" + (LOAD + SCORE).encode()}, "null byte"),
    "another encoding": ({"custom.py": ("NAME = 'caf\xe9'\n" + LOAD + SCORE).encode("latin-1")}, "SyntaxError"),
    "UTF-16": ({"custom.py": (LOAD + SCORE).encode("utf-16")}, "Error"),
    "an unknown coding": ({"custom.py": "# coding: klingon\n" + LOAD + SCORE}, "SyntaxError"),
    "a broken module": (
        {"custom.py": "from h import *\n" + LOAD + SCORE, "h.py": "def x("},
        'File "/opt/code/h.py", line 1',
    ),
    "a broken package": (
        {"custom.py": "from pkg.h import score, load_model\n", "pkg/h.py": "x ="},
        'File "/opt/code/pkg/h.py"',
    ),
    "a relative import": ({"custom.py": "from .h import *\n", "h.py": LOAD + SCORE}, "no known parent package"),
    "a hook of a class": ({"custom.py": "class Model:\n    def score(self, data): ...\n"}, "no model artifact"),
    "a hook of a function": (
        {"custom.py": "def make():\n    def score(d, m): ...\n    return score\n"},
        "no model artifact",
    ),
    "a hook for type checkers": (
        {"custom.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from h import score\n"},
        "no model artifact",
    ),
    "a hook of the script": (
        {"custom.py": "if __name__ == '__main__':\n    " + CHAT.replace("\n", "\n    ")},
        "no model",
    ),
    "a deleted hook": ({"custom.py": SCORE + "del score\n"}, "no model artifact"),
    "None for a hook": ({"custom.py": "score = None\n"}, "no model artifact"),
    "a number for a hook": ({"custom.py": "score = 0.5\n"}, "no model artifact"),
    "a name that is not in the module": (
        {"custom.py": "from h import score\n", "h.py": "x = 1\n"},
        "no model artifact",
    ),
    "import * without the hook": ({"custom.py": "from h import *\n", "h.py": "__all__ = ['x']\n" + SCORE}, "no model"),
    "import * of private names": (
        {"custom.py": "from h import *\n", "h.py": "def _score(): ...\n"},
        "no model artifact",
    ),
    "import * of the standard library": ({"custom.py": "from math import *\n"}, "no model artifact"),
    "a training task": ({"custom.py": FIT, "model-metadata.yaml": TRAINING}, "no model artifact"),
    "a training task with score": ({"custom.py": FIT + SCORE}, "training task"),
    "a training task by its metadata": ({"custom.py": SCORE, "model-metadata.yaml": TRAINING}, "training task"),
    "a training task with its artifact below": (
        {"custom.py": FIT + SCORE, "output/artifact.pkl": "", "model-metadata.yaml": TRAINING},
        "training task",
    ),
    "CustomTask": ({"custom.py": TASK + "    def fit(self, X, y, **kwargs): ...\n"}, "training task"),
    "CustomTask that loads a missing artifact": (
        {"custom.py": TASK + "    @classmethod\n    def load(cls, d): ...\n", "model-metadata.yaml": TRAINING},
        "training task",
    ),
}
# (target type, files, starts)
TARGETS = [
    *[
        (each, {"custom.py": LOAD + SCORE}, True)
        for each in ("Binary", "Multiclass", "Anomaly", "GeoPoint", "Multilabel")
    ],
    *[
        (each, {"custom.py": LOAD + SCORE}, True)
        for each in ("TextGeneration", "VectorDatabase", "AgenticWorkflow", "MCP")
    ],
    *[(each, {"custom.py": LOAD + CHAT}, True) for each in ("TextGeneration", "AgenticWorkflow", "MCP")],
    *[(each, {"custom.py": LOAD + CHAT}, False) for each in ("Regression", "Binary", "VectorDatabase", "Transform")],
    ("Regression", {"custom.py": CHAT, "m.pkl": ""}, False),
    ("Regression", {"custom.py": LOAD + UNSTRUCTURED}, False),
    ("TextGeneration", {"custom.py": LOAD + UNSTRUCTURED}, False),
    ("AgenticWorkflow", {"custom.py": LOAD + UNSTRUCTURED}, False),
    ("Regression", {"custom.py": LOAD + TRANSFORM}, True),
    ("Regression", {"custom.py": TRANSFORM}, False),
    ("Regression", {"custom.py": TRANSFORM, "m.pkl": ""}, True),
    ("Unstructured", {"custom.py": LOAD + UNSTRUCTURED}, True),
    ("Unstructured", {"custom.py": UNSTRUCTURED, "m.pkl": ""}, True),
    ("Unstructured", {"custom.py": LOAD + SCORE}, False),
    ("Unstructured", {"custom.py": LOAD + CHAT}, False),
    ("Unstructured", {"custom.py": LOAD}, False),
    ("Unstructured", {"m.pkl": ""}, False),
    ("Unstructured", {"custom.R": "score_unstructured <- f\nload_model <- g"}, True),
    ("Unstructured", {"custom.R": "score <- f\nload_model <- g"}, False),
    ("Unstructured", {"m.rds": ""}, False),
    ("Regression", {"custom.R": "score_unstructured <- f"}, False),
    ("Transform", {"custom.py": LOAD + TRANSFORM}, True),
    ("Transform", {"custom.py": TRANSFORM, "m.pth": ""}, True),
    ("Transform", {"custom.py": LOAD + SCORE}, False),
    ("Transform", {"custom.py": SCORE}, False),
    ("Transform", {"m.pkl": ""}, True),
    ("Transform", {"m.pth": ""}, False),
    ("Transform", {"custom.py": LOAD}, True),
    ("MCP", {"custom.py": "import server\n"}, True),
    ("MCP", {"app/main.py": ""}, True),
    ("MCP", {"custom.py": "def broken("}, False),
    ("MCP", {"README.md": ""}, False),
    ("Unstructured", {"start_server.sh": ""}, True),
]


@pytest.mark.parametrize("name", STARTS)
def test_runner_starts(name):
    assert check_launch(folder(STARTS[name]), "Regression").problem is None


@pytest.mark.parametrize("name", FAILS)
def test_runner_fails(name):
    files, message = FAILS[name]
    problem = check_launch(folder(files), "Regression").problem
    assert problem is not None
    assert message in problem
    assert problem.startswith("Traceback (most recent call last):\n")


@pytest.mark.parametrize(("target_type", "files", "starts"), TARGETS)
def test_target_type_determines_the_required_hook(target_type, files, starts):
    problem = check_launch(folder(files), target_type).problem
    assert (problem is None) == starts, problem


@pytest.mark.parametrize(
    ("files", "note"),
    [
        ({"custom.py": LOAD + SCORE}, f"custom.py was parsed by Python {platform.python_version()}"),
        ({"custom.py": "from company_hooks import *\n"}, "line 1 imports all names of company_hooks"),
        ({"custom.py": "exec(x)\n"}, "line 1 calls exec()"),
        ({"custom.py": SCORE}, "WARNING: the version has neither a hook load_model nor an artifact"),
        ({"custom.py": SCORE, "model-metadata.yaml": "lazyLoading: {}\n"}, "loaded lazily"),
        ({"custom.py": LOAD}, "without the hook score is not checked"),
        ({"custom.py": TASK + "    def load(cls, d): ...\n"}, "what the class CustomTask loads"),
        ({"m.mlmodel": ""}, "m.mlmodel is not checked"),
        ({"m.joblib": ""}, "loads m.joblib is not checked"),
        ({"m.mojo": ""}, "license"),
        ({"m.zip": ""}, "Java artifacts are not checked (m.zip)"),
        ({"custom.R": "score <- f"}, "R code is not parsed"),
        ({"custom.R": "source('x.R')"}, "the hooks are not checked"),
        ({"start_server.sh": ""}, "start_server.sh starts a server of the version"),
        ({"engine_config.json": ""}, "inference engine"),
    ],
)
def test_unchecked_properties_are_noted(files, note):
    launch = check_launch(folder(files), "Regression")
    assert launch.problem is None
    assert [each for each in launch.notes if note in each]


def test_code_is_never_run(tmp_path):
    trace = tmp_path / "trace"
    code = f"open({str(trace)!r}, 'w')\n"
    assert check_launch(folder({"custom.py": "import h\n" + code + SCORE, "h.py": code}), "Regression").problem is None
    assert not trace.exists()


HOSTILE = {
    "100 MB": b"#" * 100_000_000,
    "open parentheses": b"(" * 100_000,
    "signs": b"x = " + b"-" * 200_000 + b"1",
    "sum": b"x = " + b"1+" * 40_000 + b"1",
    "attributes": b"a" + b".a" * 100_000,
    "calls": b"a" + b"()" * 100_000,
    "lambdas": b"lambda: " * 20_000 + b"1",
    "elif": b"if a: pass\n" + b"elif a: pass\n" * 20_000,
    "blocks": b"".join(b" " * i + b"if a:\n" for i in range(95)) + b" " * 95 + b"pass\n",
    "long number": b"x = " + b"9" * 100_000,
    "many lines": b"x = 1\n" * 80_000,
    "warnings": rb"x = '\d' is 1" + b"\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_is_checked_in_bounded_time(name):
    start = time.process_time()
    check_launch(folder({"custom.py": HOSTILE[name], "m.pkl": ""}), "Regression")
    assert time.process_time() - start < 20


def test_thousand_nested_imports_are_followed():
    files = {f"m{i}.py": f"from m{i + 1} import *\n" for i in range(1_000)}
    launch = check_launch(folder({"custom.py": "from m0 import *\n", "m1000.py": LOAD + SCORE, **files}), "Regression")
    assert launch.problem is None


def test_hostile_code_does_not_overflow_a_small_stack():
    size = threading.stack_size(1024 * 1024)
    try:
        codes = (HOSTILE["sum"], HOSTILE["attributes"], HOSTILE["calls"], HOSTILE["elif"])
        found = []
        thread = threading.Thread(
            target=lambda: found.extend(check_launch(folder({"custom.py": code}), "Regression") for code in codes)
        )
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    assert len(found) == len(codes)


@pytest.mark.parametrize(
    ("files", "status", "message"),
    [
        ({"custom.py": b"from company_hooks import *\n"}, "succeeded", "NOTE: the hooks are not checked"),
        ({"custom.py": b"def score(\n"}, "failed", f"NOTE: custom.py was parsed by Python {platform.python_version()}"),
        ({"mojo.zip": b""}, "succeeded", "NOTE: Java artifacts are not checked"),
        ({"custom.py": b"", "a/custom.py": b""}, "failed", "Found more than one custom.py"),
    ],
)
def test_log_of_a_test_contains_the_notes(api, files, status, message):
    model = api.model()
    test = api.finished_test(api.start_test(model, api.version(model, files), datasetId=api.dataset()))
    assert test["testingStatus"]["longRunningService"]["status"] == status
    assert message in api("GET", f"/customModelTests/{test['id']}/log/").text


def test_target_type_of_the_model_is_used(api):
    model = api.model(targetType="Unstructured", targetName=None)
    test = api.finished_test(api.start_test(model, api.version(model)))
    failed = test["testingStatus"]["longRunningService"]
    assert failed["status"] == "failed"
    assert "score_unstructured" in failed["message"]
