"""Links and excluded files in model folders."""

from __future__ import annotations

import os
import socket
import zipfile
from pathlib import Path

import pytest

from datarobot_provider.client import folders
from datarobot_provider.client.archives import zip_files
from datarobot_provider.client.folders import folder_files
from datarobot_provider.client.multipart import UploadBody
from datarobot_provider.exceptions import InputError
from tests.unit.client.test_files import fill, pack


class Lines:
    """Log that stores its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str, *args: object) -> None:
        self.lines.append(message % args)

    warning = info


def names(folder: object, *exclude: str, **given: object) -> list[str]:
    return [file.name for file in folder_files(folder, exclude, **given)]


def content(folder: object, **given: object) -> dict[str, bytes]:
    return {file.name: Path(file.source).read_bytes() for file in folder_files(folder, **given)}


@pytest.fixture
def model(tmp_path):
    return Path(fill(tmp_path / "model", "custom.py"))


def test_a_volume_of_a_config_map_is_uploaded_once(model):
    fill(model, "..2026_11_25_10_00_00.1/hooks.py", "..2026_11_25_10_00_00.1/sub/a.txt")
    (model / "..data").symlink_to("..2026_11_25_10_00_00.1")
    (model / "hooks.py").symlink_to("..data/hooks.py")
    (model / "sub").symlink_to("..data/sub")
    assert names(model) == ["custom.py", "hooks.py", "sub/a.txt"]
    assert content(model)["hooks.py"] == b"..2026_11_25_10_00_00.1/hooks.py"


def test_the_folder_may_be_a_link(tmp_path, model):
    (model / "again.py").symlink_to("custom.py")
    (tmp_path / "current").symlink_to(model)
    assert names(tmp_path / "current") == ["again.py", "custom.py"]


def test_a_hugging_face_snapshot_requires_follow_links(tmp_path):
    fill(tmp_path, "hub/blobs/abc", "hub/blobs/def")
    snapshot = tmp_path / "hub/snapshots/main"
    snapshot.mkdir(parents=True)
    (snapshot / "custom.py").symlink_to("../../blobs/abc")
    (snapshot / "model.bin").symlink_to("../../blobs/def")
    (snapshot / "twin.bin").symlink_to("../../blobs/def")
    with pytest.raises(InputError, match=r"custom\.py is a link to \.\./\.\./blobs/abc.*, outside the model folder"):
        folder_files(snapshot)
    log = Lines()
    files = folder_files(snapshot, follow_links=True, log=log)
    assert [(file.name, Path(file.source).read_text()) for file in files] == [
        ("custom.py", "hub/blobs/abc"),
        ("model.bin", "hub/blobs/def"),
        ("twin.bin", "hub/blobs/def"),
    ]
    assert len([line for line in log.lines if "blobs/abc" in line]) == 1
    assert len([line for line in log.lines if "blobs/def" in line]) == 1


def test_the_error_of_a_refused_link_names_follow_links(tmp_path, model):
    (model / "pyproject.toml").symlink_to("../pyproject.toml")
    with pytest.raises(InputError, match="Set follow_links=True"):
        folder_files(model)


def test_a_shared_package_and_a_cache_are_uploaded_with_follow_links(tmp_path, model):
    fill(tmp_path, "shared/lib/__init__.py", "shared/lib/__pycache__/x.pyc", "cache/weights", "shared/other.py")
    (model / "lib").symlink_to("../shared/lib")
    (model / "lib2").symlink_to("../shared/lib")
    (model / "model.pkl").symlink_to(tmp_path / "cache/weights")
    (tmp_path / "shared/lib/other.py").symlink_to("../other.py")
    with pytest.raises(InputError, match=r"lib is a link to .*, outside the model folder"):
        folder_files(model)
    assert content(model, follow_links=True) == {
        "custom.py": b"custom.py",
        "model.pkl": b"cache/weights",
        "lib/__init__.py": b"shared/lib/__init__.py",
        "lib/other.py": b"shared/other.py",
        "lib2/__init__.py": b"shared/lib/__init__.py",
        "lib2/other.py": b"shared/other.py",
    }


@pytest.mark.parametrize("target", [".", "..", "../model", "sub"])
def test_circular_links_are_refused_with_follow_links(model, target):
    fill(model, "sub/deep/a.txt")
    (model / "sub/deep/up").symlink_to(os.path.relpath(model / target, model / "sub/deep"))
    with pytest.raises(InputError, match=r"is a circular link: it is a link to .*, which contains it"):
        folder_files(model, follow_links=True)


def test_a_link_to_a_sibling_folder_is_not_circular(model):
    fill(model, "a/x.txt", "b/y.txt")
    (model / "a/b").symlink_to("../b")
    (model / "c").symlink_to("a")
    assert names(model) == ["custom.py", "a/x.txt", "a/b/y.txt", "b/y.txt", "c/x.txt", "c/b/y.txt"]


def test_links_between_two_folders_are_circular(model):
    fill(model, "a/x.txt", "b/y.txt")
    (model / "a/b").symlink_to("../b")
    (model / "b/a").symlink_to("../a")
    with pytest.raises(InputError, match="is a circular link"):
        folder_files(model)


@pytest.mark.parametrize("follow", [False, True])
def test_the_error_of_a_broken_link_names_link_and_target(model, follow):
    (model / "gone.bin").symlink_to("weights/none.bin")
    with pytest.raises(InputError, match=r"gone\.bin .*a link to weights/none\.bin, which does not exist"):
        folder_files(model, follow_links=follow)


def test_the_error_of_a_broken_link_to_the_outside_names_link_and_target(model):
    (model / "gone.bin").symlink_to("/nowhere/none.bin")
    with pytest.raises(InputError, match=r"gone\.bin .*a link to /nowhere/none\.bin, which does not exist"):
        folder_files(model, follow_links=True)


def test_links_to_devices_pipes_and_sockets_are_refused(tmp_path, model, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for target in ("/dev/null", tmp_path / "pipe", tmp_path / "socket"):
            (model / "strange").symlink_to(target)
            with pytest.raises(InputError, match="strange is not a regular file"):
                folder_files(model, follow_links=True)
            (model / "strange").unlink()


@pytest.mark.parametrize("inner", [False, True])
def test_a_link_to_the_outside_in_a_linked_folder_is_refused(tmp_path, model, inner):
    fill(model, "sub/a.txt")
    fill(tmp_path, "secret.txt")
    (model / "door").symlink_to("sub" if inner else "..")
    (model / "sub/out").symlink_to("../../secret.txt")
    with pytest.raises(InputError, match=r"(door|out) is a link to .*, outside the model folder"):
        folder_files(model)


def test_the_number_of_entries_is_limited(model, monkeypatch):
    monkeypatch.setattr(folders, "_MAX_ENTRIES", 500)
    for level in range(10):
        fill(model, f"l{level}/x")
        for twin in ("a", "b"):
            (model / f"l{level}" / twin).symlink_to(f"../l{level + 1}")
    fill(model, "l10/x")
    with pytest.raises(InputError, match="more than 500 entries"):
        folder_files(model)


def test_a_later_change_of_a_link_has_no_effect(tmp_path, model):
    fill(tmp_path, "secret!!!")
    (model / "link.py").symlink_to("custom.py")
    _, linked = folder_files(model)
    (model / "link.py").unlink()
    (model / "link.py").symlink_to("../secret!!!")
    assert Path(linked.source).read_bytes() == b"custom.py"


@pytest.mark.parametrize("put", [lambda path: path.symlink_to("../secret!!!"), os.mkfifo], ids=["link", "pipe"])
def test_a_file_replaced_after_the_check_is_not_read(tmp_path, model, put):
    fill(tmp_path, "secret!!!")
    (file,) = folder_files(model)
    (model / "custom.py").unlink()
    put(model / "custom.py")
    with pytest.raises(InputError, match=r"custom\.py (could not be read|changed) during the upload"):
        list(UploadBody([], [file]))


def test_a_working_copy_is_uploaded_without_the_files_of_tools(model):
    fill(model, "sub/model.pkl", ".env.example", "src/pkg/__init__.py", "env/notes.txt")
    junk = (
        *(".venv/pyvenv.cfg", ".venv/lib/custom.py", "my env/pyvenv.cfg", "my env/bin/x", ".env", ".env.local"),
        *(".mypy_cache/3.11/a.json", ".ruff_cache/a", ".pytest_cache/v/a", "sub/__pycache__/a.pyc", "old.pyc"),
        *("node_modules/left-pad/index.js", ".idea/x.xml", ".vscode/settings.json", ".DS_Store", "sub/Thumbs.db"),
        *(".git/config", ".svn/entries", ".hg/store", ".dvc/config", ".tox/a", ".nox/a", ".hypothesis/a", ".envrc"),
        *(".ipynb_checkpoints/a", "__MACOSX/._custom.py", "._custom.py", "desktop.ini", ".Rproj.user/a", ".Rhistory"),
    )
    fill(model, *junk)
    log = Lines()
    kept = [file.name for file in folder_files(model, log=log)]
    assert kept == [".env.example", "custom.py", "env/notes.txt", "src/pkg/__init__.py", "sub/model.pkl"]
    (line,) = log.lines
    assert line.startswith("Excluded from the upload: ")
    assert "virtual environment 'my env/' (1)" in line
    assert ".env.* (1)" in line
    assert [file.name for file in zip_files(pack(model.parent / "m.zip", *kept, *junk))] == kept


def test_nothing_is_logged_if_nothing_is_excluded(model):
    log = Lines()
    folder_files(model, log=log)
    fill(model, ".datarobotignore")
    assert [file.name for file in folder_files(model, log=log)] == ["custom.py"]
    assert log.lines == []


def test_an_excluded_folder_is_not_read(model, monkeypatch):
    fill(model, "node_modules/a/b/c.js", "env/pyvenv.cfg", "env/lib/x.py", "data/deep/x.csv", "gone/x")
    scanned, scan = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: scanned.append(Path(path).name) or scan(path))
    assert names(model, "data/", "/gone") == ["custom.py"]
    assert scanned == ["model", "env"]


def test_patterns_have_git_syntax_and_the_last_match_decides(model):
    fill(model, "data/a.csv", "data/keep.csv", "sub/data/b.csv", "top.csv", "sub/top.csv", ".env", "#odd", "notes.md")
    (model / ".datarobotignore").write_text("# data\r\n/top.csv\r\ndata/*\r\n!data/keep.csv\r\n\\#odd\r\n!.env\r\n\r\n")
    assert names(model) == [".env", "custom.py", "notes.md", "data/keep.csv", "sub/top.csv", "sub/data/b.csv"]
    assert names(model, "!top.csv", ".env", "*.md") == [
        *("custom.py", "top.csv", "data/keep.csv", "sub/top.csv", "sub/data/b.csv"),
    ]
    log = Lines()
    folder_files(model, ["*.md"], log=log)
    (line,) = log.lines
    assert line.startswith("Excluded from the upload: ")
    assert sorted(line.removeprefix("Excluded from the upload: ").rstrip(".").split(", ")) == [
        "*.md of exclude (1)",
        "/top.csv of .datarobotignore (1)",
        "\\#odd of .datarobotignore (1)",
        "data/* of .datarobotignore (1)",
    ]


WHITELISTED = ("custom.py", "data/a.csv", "data/b.py", "src/__pycache__/c.py", "src/build/d.py", "src/x/e.py", "f.csv")


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*", "!*/", "!*.py"], ["custom.py", "data/b.py", "src/build/d.py", "src/x/e.py"]),
        (["*", "!custom.py", "!src/", "!src/**"], ["custom.py", "src/build/d.py", "src/x/e.py"]),
        (["/*", "!/src/", "!/custom.py"], ["custom.py", "src/build/d.py", "src/x/e.py"]),
        (["build/", "/*", "!/src/"], ["src/x/e.py"]),
        (["*.csv", "!data/"], ["custom.py", "data/b.py", "src/build/d.py", "src/x/e.py"]),
        (["data/**", "!data/b.py", "/src"], ["custom.py", "data/b.py", "f.csv"]),
        (["*/", "!data/**"], ["custom.py", "f.csv"]),
        (["!*"], ["custom.py", "data/a.csv", "data/b.py", "f.csv", "src/build/d.py", "src/x/e.py"]),
    ],
    ids=str,
)
def test_a_pattern_applies_to_the_matched_path_only(model, tmp_path, patterns, expected):
    fill(model, *WHITELISTED, ".venv/a.py", ".env", "env/pyvenv.cfg", "env/b.py")
    assert sorted(names(model, *patterns)) == expected
    archive = pack(tmp_path / "model.zip", *WHITELISTED, ".env", "env/pyvenv.cfg")
    assert sorted(file.name for file in zip_files(archive, patterns)) == expected


def test_a_pattern_for_folders_does_not_match_a_link_to_a_file(model):
    fill(model, "..data/a.py", "lib/b.py")
    (model / "a.py").symlink_to("..data/a.py")
    (model / "linked").symlink_to("lib")
    assert names(model, "*/") == ["a.py", "custom.py"]


def test_the_environments_of_other_tools_are_excluded(model, tmp_path):
    junk = ("env/conda-meta/history", "env/bin/python", ".pixi/envs/a", ".conda/b", "renv/library/R-4.4/c", ".direnv/e")
    fill(model, *junk, "renv/activate.R", "uv.lock", ".python-version")
    assert names(model) == [".python-version", "custom.py", "uv.lock", "renv/activate.R"]
    archive = pack(tmp_path / "model.zip", *junk, "renv/activate.R")
    assert [file.name for file in zip_files(archive)] == ["renv/activate.R"]


def test_a_virtual_environment_can_be_included(model):
    fill(model, "env/pyvenv.cfg", "env/lib.py", "node_modules/a.js")
    assert names(model, "!env/", "!node_modules/") == [
        *("custom.py", "env/lib.py", "env/pyvenv.cfg", "node_modules/a.js"),
    ]


def test_excluded_entries_may_be_unreadable_or_invalid(model):
    os.mkfifo(model / "pipe")
    (model / "broken").symlink_to("/nowhere")
    (model / "loop").symlink_to("loop")
    (model / "lib").symlink_to("../elsewhere")
    (model.parent / "elsewhere").mkdir()
    assert names(model, "pipe", "broken/", "loop", "lib/") == ["custom.py"]


def test_a_folder_with_excluded_files_only_is_refused(model):
    with pytest.raises(InputError, match=r"contains no files to upload: all are excluded by \* of exclude \(1\)"):
        folder_files(model, ["*"])


@pytest.mark.parametrize("pattern", ["!", "[z-a]", "end\\"])
def test_the_error_names_an_invalid_pattern(model, pattern):
    with pytest.raises(InputError, match=r"in exclude is not a valid pattern"):
        folder_files(model, ["*.csv", pattern])
    (model / ".datarobotignore").write_text(f"*.csv\n{pattern}\n")
    with pytest.raises(InputError, match=r"in \.datarobotignore is not a valid pattern"):
        folder_files(model)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\xff\xfe*\0", "is not UTF-8"), (b"#" * ((1 << 20) + 1), "is longer")]
)
def test_the_error_names_an_invalid_ignore_file(model, content, reason):
    (model / ".datarobotignore").write_bytes(content)
    with pytest.raises(InputError, match=rf"\.datarobotignore {reason}"):
        folder_files(model)


def test_an_ignore_file_may_begin_with_a_byte_order_mark_and_be_a_link(model):
    fill(model, "a.csv")
    (model.parent / "patterns").write_bytes(b"\xef\xbb\xbf*.csv\n")
    (model / ".datarobotignore").symlink_to("../patterns")
    with pytest.raises(InputError, match=r"\.datarobotignore is a link to .*, outside the model folder"):
        folder_files(model)
    assert names(model, follow_links=True) == ["custom.py"]


def test_the_ignore_file_of_a_zip_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("custom.py", "x")
        archive.writestr(".datarobotignore", "*.csv\n!.env\n")
        archive.writestr("data/a.csv", "x")
        archive.writestr(".env", "x")
        archive.writestr("venv/pyvenv.cfg", "x")
        archive.writestr("venv/lib/site.py", "x")
    log = Lines()
    assert [file.name for file in zip_files(tmp_path / "m.zip", ["*.md"], log=log)] == ["custom.py", ".env"]
    assert log.lines == ["Excluded from the upload: *.csv of .datarobotignore (1), virtual environment 'venv/' (1)."]
    with pytest.raises(InputError, match="contains no files to upload"):
        zip_files(tmp_path / "m.zip", ["*"])
