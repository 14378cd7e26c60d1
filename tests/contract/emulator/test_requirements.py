"""requirements.txt as pip reads it: held against the pip of the environment, and where the pips differ, by hand."""

import logging
import time

import pytest
from packaging.utils import canonicalize_name
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements
from pip._internal.req.req_install import check_invalid_constraint_type

from datarobot_provider.emulator.requirements import read_requirements
from tests.contract.emulator.folders import folder

# What stands beside requirements.txt in every version of the table.
BESIDE = {
    "custom.py": "",
    "base.txt": "scipy\n-r more/nested.txt\n",
    "more/nested.txt": "# nothing but a comment\npandas>=2 ; python_version > '3'\n",
    "limits.txt": "numpy<3\n",
    "bad-limits.txt": "numpy[x]<3\n",
    "nameless-limits.txt": "git+https://example.com/a/b.git\n",
    "editable-limits.txt": "-e git+https://example.com/a/b.git#egg=b\n",
    "circle.txt": "-r circle.txt\n",
    "wide.txt": "\ufeffnumpy\n".encode("utf-16-le"),
    "wheels/a_b-1.2-py3-none-any.whl": b"PK",
    "wheels/broken.whl": b"PK",
    "wheels/c-2.0.tar.gz": b"\x1f\x8b",
    "project/pyproject.toml": "[project]\nname = 'd'\n",
    "setup/setup.py": "",
    "lib/module.py": "",
}
# The names that pip finds, or None where it refuses the file. An unnamed requirement is "".
TABLE = {
    "": [],
    "\n\n": [],
    "# comment": [],
    "numpy": ["numpy"],
    "numpy # comment": ["numpy"],
    "numpy\r\nscipy\r\n": ["numpy", "scipy"],
    "numpy\rscipy": ["numpy", "scipy"],
    "numpy\x0cscipy\x0bpandas": ["numpy", "scipy", "pandas"],
    "numpy\u2028scipy": ["numpy", "scipy"],
    "numpy \\\n  >=1.26, \\\n  <2\n": ["numpy"],
    "numpy \\\n# comment\nscipy": ["numpy", "scipy"],
    "numpy \\": ["numpy"],
    "\\": [],
    "num\\\npy": ["numpy"],
    "numpy \\ \nscipy": None,
    "numpy#comment": None,
    "numpy==1.0": ["numpy"],
    "numpy == 1.0 , < 2": ["numpy"],
    "numpy (>=1)": ["numpy"],
    "numpy~=1.0": ["numpy"],
    "numpy!=1.*": ["numpy"],
    "numpy===whatever": ["numpy"],
    "numpy=1": None,
    "numpy=>1": None,
    "numpy 1.0": None,
    "numpy,": None,
    "numpy (>=1": None,
    "numpy scipy": None,
    "==1.0": None,
    "numpy[a,b]>=1": ["numpy"],
    "numpy[]": ["numpy"],
    "numpy[a": None,
    "numpy[a b]": None,
    "numpy[a;b]": None,
    "numpy; python_version < '3'": ["numpy"],
    "numpy ;python_version>='3' and (os_name=='posix' or extra == 'x')": ["numpy"],
    "numpy;": ["numpy"],
    "numpy; planet == 'earth'": None,
    "numpy; python_version": None,
    "_numpy": None,
    "numpy-": None,
    ".numpy": None,
    "n\u00fcmpy": None,
    "\u200bnumpy": None,
    "numpy\x00": None,
    "numpy\t--pre": None,
    "-": [],
    "--": [],
    "--index-url https://example.com/simple": [],
    "-i https://example.com/simple\nnumpy": ["numpy"],
    "--extra-index-url=https://example.com/simple": [],
    "--extra-index https://example.com/simple": [],
    "--no-index": [],
    "--find-links wheels": [],
    "-f https://example.com/links.html": [],
    "--find-links missing": [],
    "--pre": [],
    "--pre numpy": [],
    "--prefer-binary": [],
    "--no-binary :all:": [],
    "--only-binary numpy,scipy": [],
    "--trusted-host example.com": [],
    "--require-hashes": [],
    "--use-feature=fast-deps": [],
    "--use-feature=wings": None,
    "--index-url": None,
    "--index-url=": [],
    "--extra-index-url": None,
    "--find-links": None,
    "--trusted-host": None,
    "--hash": None,
    "-r": None,
    "--requirement=": None,
    "--constraint=": None,
    "--editable": None,
    "-e ''": None,
    "--frobnicate": None,
    "--frobnicate\nnumpy": None,
    "numpy --frobnicate": None,
    "-z": None,
    "-U numpy": None,
    "--user": None,
    "--no-deps": None,
    "--no-cache-dir": None,
    "--timeout 5": None,
    "--requirements base.txt": None,
    "--req base.txt": None,
    "--install-option=x": None,
    "--process-dependency-links": None,
    "--allow-external numpy": None,
    "-Z": None,
    "numpy --pre": ["numpy"],
    "numpy -r base.txt": ["numpy"],
    "numpy --hash=sha256:00 --hash=sha512:11": ["numpy"],
    "numpy==1 \\\n    --hash=sha256:00 \\\n    --hash=sha384:11\n": ["numpy"],
    "--hash=sha256:00": [],
    "numpy --hash=md5:00": None,
    "numpy --hash=sha1:00": None,
    "numpy --hash=sha256": None,
    "numpy --hash=": None,
    "numpy --config-settings a=b -C c=d": ["numpy"],
    "numpy --config-settings=ab": None,
    "numpy --config-settings=": None,
    'numpy --hash "sha256:00': None,
    "-r base.txt": ["scipy", "pandas"],
    "-rbase.txt": ["scipy", "pandas"],
    "--requirement=./base.txt": ["scipy", "pandas"],
    "-r base.txt\n-r base.txt": ["scipy", "pandas", "scipy", "pandas"],
    "-r base.txt -r missing.txt": ["scipy", "pandas"],
    "-r wide.txt": ["numpy"],
    "-r missing.txt": None,
    "-r more": None,
    "-r ../outside.txt": None,
    "-r /nowhere/else.txt": None,
    "-r more/../base.txt": ["scipy", "pandas"],
    "-c limits.txt\nnumpy": ["numpy"],
    "-c missing.txt\nnumpy": None,
    "-c bad-limits.txt": None,
    "-c nameless-limits.txt": None,
    "-c editable-limits.txt": None,
    "git+https://example.com/a/b.git": [""],
    "git+https://example.com/a/b.git@main#egg=b": ["b"],
    "git+https://example.com/a/b.git@v1#subdirectory=lib&egg=b": ["b"],
    "git+https://example.com/a/b.git ; python_version > '3'": [""],
    "git+ssh://git@example.com/a/b.git": [""],
    "git+https://${TOKEN}@example.com/a/b.git#egg=b": ["b"],
    "hg+https://example.com/a/b": [""],
    "svn+https://example.com/a/b": [""],
    "git+https://example.com/a/b.git#egg=": None,
    "git+teleport://example.com/a/b.git": None,
    "git+git@example.com:a/b.git": None,
    "b @ git+https://example.com/a/b.git@main": ["b"],
    "b[x]@https://example.com/b-1.0.zip": ["b"],
    "b @ https://example.com/b-1.0.zip ; python_version > '3'": ["b"],
    "b @ file:///opt/code/nothing.zip": None,
    "https://example.com/b-1.0.tar.gz": [""],
    "https://example.com/b-1.0-py3-none-any.whl": ["b"],
    "https://example.com/b-1.0-py3-none-any.whl#sha256=00": ["b"],
    "https://example.com/broken.whl": None,
    "-e git+https://example.com/a/b.git@main#egg=b": ["b"],
    "-e git+https://example.com/a/b.git": None,
    "-e https://example.com/b.zip": None,
    "-e numpy": None,
    "-e .": None,
    "-e ./project": [""],
    "-e project": [""],
    "-e ./setup": [""],
    "-e ./project[x]": [""],
    "-e ./lib": None,
    "-e ./missing": None,
    "./project": [""],
    "./project[x,y]": [""],
    "project/": [""],
    "project": ["project"],
    "./lib": None,
    ".": None,
    "./missing": None,
    "./wheels/a_b-1.2-py3-none-any.whl": ["a-b"],
    "wheels/a_b-1.2-py3-none-any.whl": ["a-b"],
    "wheels/a_b-1.2-py3-none-any.whl ; python_version > '3'": ["a-b"],
    "./wheels/a_b-1.2-py3-none-any.whl[x]": ["a-b"],
    "./wheels/c-2.0.tar.gz": [""],
    "./wheels/broken.whl": None,
    "./wheels/missing-1.0-py3-none-any.whl": None,
    "missing-1.0.tar.gz": None,
    "${PACKAGE}": None,
    "numpy\n${PACKAGE}==1": None,
    b"\xef\xbb\xbfnumpy": ["numpy"],
    "\ufeffnumpy\nscipy".encode("utf-16-le"): ["numpy", "scipy"],
    "\ufeffnumpy\nscipy".encode("utf-16-be"): ["numpy", "scipy"],
    b"# -*- coding: latin-1 -*-\nnumpy # caf\xe9": ["numpy"],
    b"\n# coding=cp1252\nnumpy # caf\xe9": ["numpy"],
    b"# coding: klingon\nnumpy": None,
    b"# coding: hex\n00": None,
    "numpy".encode("utf-16-le"): None,
}
# Here the pips differ, or refuse only after they have read the file. What one of them takes is taken, apart from
# versions that no pip since 24.1 reads.
DISPUTED = {
    "git+https://example.com/a/b.git@v1#egg=b[x]": ["b"],
    "b @ teleport://example.com/b.zip": None,
    "numpy==": None,
    "numpy==latest": None,
    "numpy>=1.*": None,
    "numpy~=1": None,
    "numpy==${VERSION}": None,
    "numpy>1,": ["numpy"],
    "numpy --global-option=x": ["numpy"],
    "git+https://example.com/a/b.git#egg=b[x]==1": ["b"],
    "--no-require-hashes": [],
    "--only-final numpy": [],
    "--all-releases :all:": [],
    "-e 'b @ git+https://example.com/a/b.git'": ["b"],
    "b @ ./wheels/c-2.0.tar.gz": None,
    "git@github.com:a/b.git": None,
    "--trusted-host=": None,
    b"numpy # caf\xe9": None,
    "\ufeffnumpy".encode("utf-32-le"): ["numpy"],
    "-r circle.txt": None,
    "-r requirements.txt": None,
    "file:///opt/code/wheels/c-2.0.tar.gz": [""],
    "file:./wheels/c-2.0.tar.gz": [""],
    "-r /opt/code/base.txt": ["scipy", "pandas"],
    "-r file:///opt/code/base.txt": ["scipy", "pandas"],
    "-r https://example.com/requirements.txt\nnumpy": ["numpy"],
    "--require-hashes\nnumpy==1": None,
    "numpy==1 --hash=sha256:00\nscipy": None,
    "numpy==1 --hash=sha256:00\ngit+https://example.com/a/b.git": None,
    "numpy==1 --hash=sha256:00\n./project": None,
    "numpy==1 --hash=sha256:00\nscipy ; os_name == 'nt'": ["numpy", "scipy"],
    "numpy==1 --hash=sha256:00\nhttps://example.com/b-1.0.zip#sha256=00": ["numpy", ""],
}


def read(content, **more):
    return read_requirements(folder({**BESIDE, "requirements.txt": content, **more}))


def pip_names(root):
    """Return the names that pip finds, or None if it refuses the requirements; offline, so nothing is looked up."""
    names = []
    try:
        for parsed in parse_requirements("requirements.txt", session=PipSession()):
            wanted = install_req_from_parsed_requirement(parsed)
            link = wanted.link
            if link is not None and link.is_file:
                path = root / link.file_path
                project = (path / "setup.py").exists() or (path / "pyproject.toml").exists()
                if not (path.is_file() or project):
                    return None
            if parsed.constraint:
                if check_invalid_constraint_type(wanted):
                    return None
                continue
            names.append(canonicalize_name(wanted.name or ""))
    except Exception:  # noqa: BLE001 - pip raises what it likes, and ends
        return None
    return names


def own_names(content):
    """Return what the emulator finds, in the terms of the table."""
    found = read(content)
    return None if found.refusal else found.dependencies


def test_the_table_is_large_enough():
    assert len(TABLE) >= 80


@pytest.mark.parametrize("content", TABLE, ids=repr)
def test_pip_itself_says_what_the_table_says(content, tmp_path, monkeypatch):
    logging.getLogger("pip").setLevel(logging.CRITICAL)
    for path, text in {**BESIDE, "requirements.txt": content}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.chdir(tmp_path)
    assert pip_names(tmp_path) == TABLE[content]


@pytest.mark.parametrize("content", [*TABLE, *DISPUTED], ids=repr)
def test_the_emulator_reads_what_pip_reads(content):
    expected = {**TABLE, **DISPUTED}[content]
    found = read(content)
    assert (found.refusal is None) == (expected is not None), found.refusal
    if expected is not None:
        names = [canonicalize_name(each["packageName"]) for each in found.dependencies]
        assert len(names) == len(expected)
        assert all(wanted in ("", name) for wanted, name in zip(expected, names, strict=True))


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
def test_what_a_dependency_shows(content, dependency):
    assert read(content).dependencies == [dependency]


def test_the_line_number_of_an_included_requirement_is_that_of_its_inclusion():
    found = read("numpy\n-r base.txt\n")
    assert [(d["packageName"], d["lineNumber"]) for d in found.dependencies] == [
        ("numpy", 1),
        ("scipy", 2),
        ("pandas", 2),
    ]
    assert found.collected[2] == (
        "Collecting pandas>=2 ; python_version > '3' (from -r /opt/code/more/nested.txt (line 2))"
    )


def test_the_root_of_the_version_can_be_a_project():
    found = read("-e .\n", **{"pyproject.toml": ""})
    assert (found.refusal, [d["packageName"] for d in found.dependencies]) == (None, ["."])


@pytest.mark.parametrize(
    ("content", "words"),
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
def test_the_refusal_is_in_pips_words(content, words):
    refusal = read(content).refusal
    assert [word for word in words if word not in refusal] == []
    assert "secret" not in refusal


def test_pip_stops_at_the_first_refusal():
    found = read("--nope\nnumpy\npandas=>2\n")
    assert "--nope" in found.refusal
    assert [d["packageName"] for d in found.dependencies] == ["numpy", "pandas"]


def test_nothing_is_taken_from_the_environment_of_the_emulator(monkeypatch):
    monkeypatch.setenv("SECRET", "hidden")
    assert read("b @ https://${SECRET}@example.com/b.zip").dependencies[0]["line"] == (
        "b @ https://${SECRET}@example.com/b.zip"
    )


def test_lone_surrogates_do_not_get_into_a_reply():
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
    assert (None if found.refusal else len(found.dependencies)) == count
    unread = name in {"lines", "continued", "one line", "too large", "multiplied"}
    assert bool(found.notes) == unread


def built(api, files):
    model = api.model()
    version = api.version(model, files)
    path = f"/customModels/{model}/versions/{version}"
    return api.built(model, version)["buildStatus"], api("GET", f"{path}/dependencyBuildLog/").json()["data"]


def test_a_build_of_included_files_wheels_and_repositories_succeeds(api):
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
def test_a_refused_file_without_any_dependency_can_be_built_and_fails(api, content):
    model = api.model()
    version = api.version(model, {"custom.py": b"def score(): ...\n", "requirements.txt": content})
    assert api.start_test(model, version, datasetId=api.dataset()).status_code == 422
    assert api.built(model, version)["buildStatus"] == "failed"
    log = api("GET", f"/customModels/{model}/versions/{version}/dependencyBuildLog/").json()["data"]
    assert "\nERROR: " in log
    assert "returned a non-zero code: 1" in log


def test_a_file_of_comments_needs_no_build(api):
    model = api.model()
    version = api.version(model, {"custom.py": b"def score(): ...\n", "requirements.txt": b"# nothing\n--pre\n"})
    assert api("POST", f"/customModels/{model}/versions/{version}/dependencyBuild/").status_code == 422
    assert api.start_test(model, version, datasetId=api.dataset()).status_code == 202


def test_what_is_not_read_is_said_in_the_log(api):
    status, log = built(api, {"requirements.txt": b"-r https://example.com/r.txt\nnumpy\n"})
    assert status == "success"
    assert "NOTE: https://example.com/r.txt is not read" in log
