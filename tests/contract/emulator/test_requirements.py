"""requirements.txt, compared with the pip of the environment and, where releases differ, with expected values."""

import logging
import time

import pytest
from packaging.utils import canonicalize_name
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements
from pip._internal.req.req_install import check_invalid_constraint_type

from datarobot_provider.emulator.evaluation.requirements import read_requirements
from tests.contract.emulator.folders import folder
from tests.contract.emulator.pip_table import DISPUTED, OTHER_FILES, TABLE


def read(content, **more):
    return read_requirements(folder({**OTHER_FILES, "requirements.txt": content, **more}))


@pytest.fixture(scope="module")
def session():
    """Return a session of pip. No network is used."""
    return PipSession()


def pip_names(root, session):
    """Return the names that pip finds, or None if it rejects the requirements."""
    names = []
    try:
        for parsed in parse_requirements("requirements.txt", session=session):
            requirement = install_req_from_parsed_requirement(parsed)
            link = requirement.link
            if link is not None and link.is_file:
                path = root / link.file_path
                project = (path / "setup.py").exists() or (path / "pyproject.toml").exists()
                if not (path.is_file() or project):
                    return None
            if parsed.constraint:
                if check_invalid_constraint_type(requirement):
                    return None
                continue
            names.append(canonicalize_name(requirement.name or ""))
    except Exception:  # noqa: BLE001 - pip raises errors of many types
        return None
    return names


def test_table_is_large_enough():
    assert len(TABLE) >= 80


@pytest.mark.parametrize("content", TABLE, ids=repr)
def test_pip_agrees_with_the_table(content, session, tmp_path, monkeypatch):
    logging.getLogger("pip").setLevel(logging.CRITICAL)
    for path, text in {**OTHER_FILES, "requirements.txt": content}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.chdir(tmp_path)
    assert pip_names(tmp_path, session) == TABLE[content]


@pytest.mark.parametrize("content", [*TABLE, *DISPUTED], ids=repr)
def test_emulator_agrees_with_the_table(content):
    expected = {**TABLE, **DISPUTED}[content]
    found = read(content)
    assert (found.rejection is None) == (expected is not None), found.rejection
    if expected is not None:
        names = [canonicalize_name(each["packageName"]) for each in found.dependencies]
        assert len(names) == len(expected)
        assert all(allowed in ("", name) for allowed, name in zip(expected, names, strict=True))


@pytest.mark.parametrize(
    ("content", "dependency"),
    [
        (
            "numpy \\\n  >=1.26, \\\n  <2\n",
            {
                "packageName": "numpy",
                "constraints": [
                    {"constraintType": "<", "version": "2"},
                    {"constraintType": ">=", "version": "1.26"},
                ],
                "line": "numpy   >=1.26,   <2",
                "lineNumber": 1,
                "extras": "",
            },
        ),
        (
            "\n\ngit+https://example.com/a/b.git@main",
            {
                "packageName": "b",
                "constraints": [],
                "line": "git+https://example.com/a/b.git@main",
                "lineNumber": 3,
                "extras": "",
            },
        ),
        (
            "-e ./project[y,x]",
            {
                "packageName": "project",
                "constraints": [],
                "line": "./project[y,x]",
                "lineNumber": 1,
                "extras": "x,y",
            },
        ),
        (
            "./wheels/c-2.0.tar.gz --hash=sha256:00",
            {"packageName": "c", "constraints": [], "line": "./wheels/c-2.0.tar.gz", "lineNumber": 1, "extras": ""},
        ),
        (
            "./wheels/a_b-1.2-py3-none-any.whl",
            {
                "packageName": "a-b",
                "constraints": [{"constraintType": "==", "version": "1.2"}],
                "line": "./wheels/a_b-1.2-py3-none-any.whl",
                "lineNumber": 1,
                "extras": "",
            },
        ),
    ],
)
def test_fields_of_a_dependency(content, dependency):
    assert read(content).dependencies == [dependency]


def test_included_requirement_has_the_line_number_of_its_inclusion():
    found = read("numpy\n-r base.txt\n")
    assert [(d["packageName"], d["lineNumber"]) for d in found.dependencies] == [
        ("numpy", 1),
        ("scipy", 2),
        ("pandas", 2),
    ]
    assert found.collected[2] == (
        "Collecting pandas>=2 ; python_version > '3' (from -r /opt/code/more/nested.txt (line 2))"
    )


def test_root_folder_can_be_a_project():
    found = read("-e .\n", **{"pyproject.toml": ""})
    assert (found.rejection, [d["packageName"] for d in found.dependencies]) == (None, ["."])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("numpy\n--frobnicate\n", ["no such option: --frobnicate", "line 2 of /opt/code/requirements.txt"]),
        ("numpy=1", ["Invalid requirement: 'numpy=1'", "line 1", "Did you mean == ?"]),
        ("-r missing.txt", ["Could not open requirements file", "'/opt/code/missing.txt'", "line 1"]),
        ("-c missing.txt", ["Could not open constraint file"]),
        ("-r more", ["Is a directory"]),
        ("-r ../x.txt", ["No such file or directory: '../x.txt'"]),
        ("-r circle.txt", ["/opt/code/circle.txt recursively references itself"]),
        ("numpy --hash=md5:0", ["Allowed hash algorithms for --hash are sha256, sha384, sha512."]),
        ("./wheels/no.zip", ["No such file or directory: '/opt/code/wheels/no.zip'"]),
        ("./lib", ["Directory './lib' is not installable", "'pyproject.toml'"]),
        (
            "-e https://u:secret@example.com/b.zip",
            ["https://****@example.com/b.zip is not a valid editable requirement"],
        ),
        (b"x\nnumpy # \xe9", ["UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9"]),
    ],
    ids=repr,
)
def test_rejection_has_the_message_of_pip(content, message):
    error = read(content).rejection
    assert [word for word in message if word not in error] == []
    assert "secret" not in error


def test_pip_stops_at_the_first_rejection():
    found = read("--nope\nnumpy\npandas=>2\n")
    assert "--nope" in found.rejection
    assert [d["packageName"] for d in found.dependencies] == ["numpy", "pandas"]


def test_environment_variables_of_the_emulator_are_ignored(monkeypatch):
    monkeypatch.setenv("SECRET", "hidden")
    assert read("b @ https://${SECRET}@example.com/b.zip").dependencies[0]["line"] == (
        "b @ https://${SECRET}@example.com/b.zip"
    )


def test_responses_contain_no_lone_surrogates():
    assert all(d["line"].encode() for d in read(b"# coding: utf-7\nnumpy+2AA-\n").dependencies)


HOSTILE = {
    "comments": (b"# x\n" * 1_250_000 + b"numpy\n", {}, 1),
    "lines": (b"numpy==1.0\n" * 450_000, {}, 5_000),
    "spaces": (b" " * 5_000_000 + b"numpy", {}, 1),
    "continued": (b"a \\\n" * 1_000_000, {}, 0),
    "one line": (b"a" * 5_000_000, {}, 0),
    "brackets": (b"./" + b"[" * 90_000, {}, None),
    "parentheses": (b"numpy; " + b"(" * 90_000, {}, None),
    "host name codec": (b"# coding: punycode\n" + b"a" * 2_000_000, {}, None),
    "too large": (b"numpy\n" * 2_000_000, {}, 0),
    "multiplied": (
        b"-r 0.txt\n",
        {f"{i}.txt": f"-r {i + 1}.txt\n-r {i + 1}.txt\n" for i in range(40)} | {"40.txt": "numpy"},
        1_656,
    ),
    "deep": (
        b"-r 0.txt\n",
        {f"{i}.txt": f"-r {i + 1}.txt\n" for i in range(3_000)} | {"3000.txt": "numpy"},
        1,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_read_in_bounded_time(name):
    content, more, count = HOSTILE[name]
    start = time.process_time()
    found = read(content, **more)
    assert time.process_time() - start < 20
    assert (None if found.rejection else len(found.dependencies)) == count
    unread = name in {"lines", "continued", "one line", "too large", "multiplied"}
    assert bool(found.notes) == unread


def built(api, files):
    model = api.model()
    version = api.version(model, files)
    path = f"/customModels/{model}/versions/{version}"
    return api.built(model, version)["buildStatus"], api("GET", f"{path}/dependencyBuildLog/").json()["data"]


def test_build_of_included_files_wheels_and_repositories_succeeds(api):
    status, log = built(
        api,
        {
            "requirements.txt": b"-r base.txt\ngit+https://u:secret@example.com/a/b.git\n./a-1.0-py3-none-any.whl\n",
            "base.txt": b"numpy\n",
            "a-1.0-py3-none-any.whl": b"PK",
        },
    )
    assert status == "success"
    assert "Collecting numpy (from -r /opt/code/base.txt (line 1))" in log
    assert "Collecting git+https://****@example.com/a/b.git (from -r /opt/code/requirements.txt (line 2))" in log
    assert "Successfully installed numpy b a" in log


@pytest.mark.parametrize("content", [b"--frobnicate\n", b"-r missing.txt\n", b"numpy # \xe9\n"])
def test_build_of_a_rejected_file_without_dependencies_fails(api, content):
    model = api.model()
    version = api.version(model, {"custom.py": b"def score(): ...\n", "requirements.txt": content})
    assert api.start_test(model, version, datasetId=api.dataset()).status_code == 422
    assert api.built(model, version)["buildStatus"] == "failed"
    log = api("GET", f"/customModels/{model}/versions/{version}/dependencyBuildLog/").json()["data"]
    assert "\nERROR: " in log
    assert "returned a non-zero code: 1" in log


def test_file_of_comments_requires_no_build(api):
    model = api.model()
    version = api.version(model, {"custom.py": b"def score(): ...\n", "requirements.txt": b"# nothing\n--pre\n"})
    assert api("POST", f"/customModels/{model}/versions/{version}/dependencyBuild/").status_code == 422
    assert api.start_test(model, version, datasetId=api.dataset()).status_code == 202


def test_unread_files_are_noted_in_the_log(api):
    status, log = built(api, {"requirements.txt": b"-r https://example.com/r.txt\nnumpy\n"})
    assert status == "success"
    assert "NOTE: https://example.com/r.txt is not read" in log
