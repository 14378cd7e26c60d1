"""Model folders of different structures: uploaded, and downloaded with the same content."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

import fsspec
import pytest
from airflow.sdk.io import attach

from datarobot_provider.operators.versions import CreateVersionOperator, DownloadVersionOperator
from datarobot_provider.version_compat import AirflowFailException, ObjectStoragePath
from tests.support.emulator import ENVIRONMENT
from tests.support.life_cycle import create_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Contents = dict[str, bytes]

HOOK = b"def load_model(code_dir):\n    return None\n\n\ndef score(data, model, **kwargs):\n    return data\n"


def fill(root: Path, files: Contents) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def config_map(root: Path) -> Contents:
    files = {"custom.py": HOOK, "model-metadata.yaml": b"name: churn\ntype: inference\ntargetType: Regression\n"}
    fill(root / "..2026_11_25_10_00_00.1", {**files, "lib/__init__.py": b""})
    link(root / "..data", "..2026_11_25_10_00_00.1")
    for name in (*files, "lib"):
        link(root / name, f"..data/{name}")
    return {**files, "lib/__init__.py": b""}


def hugging_face_snapshot(root: Path) -> Contents:
    blobs = {"3f1c": HOOK, "9ab0": os.urandom(100_000)}
    fill(root.parent / "hub/blobs", blobs)
    snapshot = root.parent / "hub/snapshots/c0ffee"
    link(snapshot / "custom.py", "../../blobs/3f1c")
    link(snapshot / "model.safetensors", "../../blobs/9ab0")
    link(root, "hub/snapshots/c0ffee")
    return {"custom.py": blobs["3f1c"], "model.safetensors": blobs["9ab0"]}


def dvc_checkout(root: Path) -> Contents:
    fill(root, {"custom.py": HOOK, "model.pkl.dvc": b"outs:\n- md5: 00\n", ".dvc/config": b"[core]\n"})
    fill(root.parent, {"cache/00/11": b"weights", "shared/lib/__init__.py": b"", "shared/lib/text.py": b"WORDS = 1\n"})
    link(root / "model.pkl", str(root.parent / "cache/00/11"))
    link(root / "lib", "../shared/lib")
    return {
        "custom.py": HOOK,
        "model.pkl.dvc": b"outs:\n- md5: 00\n",
        "model.pkl": b"weights",
        "lib/__init__.py": b"",
        "lib/text.py": b"WORDS = 1\n",
    }


def agent_template(root: Path) -> Contents:
    own = {"custom.py": HOOK, "myagent.py": b"class MyAgent: ...\n", ".env.template": b"KEY=\n"}
    above = {"pyproject.toml": b"[project]\nname = 'agent'\n", "uv.lock": b"version = 1\n"}
    fill(root, {**own, ".env": b"KEY=secret\n"})
    fill(root.parent, above)
    for name in above:
        link(root / name, f"../{name}")
    return {**own, **above}


EXCLUDED = (
    *(".venv/pyvenv.cfg", ".venv/lib/python3.12/site-packages/package/custom.py", "venv/pyvenv.cfg", "venv/bin/python"),
    *(".env", ".env.local", "node_modules/left-pad/index.js", ".git/HEAD", ".mypy_cache/3.12/a.json", ".ruff_cache/a"),
    *(".pytest_cache/v/a", "__pycache__/custom.cpython-312.pyc", "pkg/__pycache__/a.pyc", ".ipynb_checkpoints/a.ipynb"),
    *(".idea/workspace.xml", ".vscode/settings.json", ".DS_Store", "pkg/.DS_Store", "Thumbs.db"),
)
INCLUDED = {"custom.py": HOOK, "pkg/__init__.py": b"", "pkg/text.py": b"WORDS = 2\n", "requirements.txt": b"numpy\n"}


def working_copy(root: Path) -> Contents:
    fill(root, {**INCLUDED, **dict.fromkeys(EXCLUDED, b"not the model's")})
    return INCLUDED


def strange_names(root: Path) -> Contents:
    names = (
        *("my model file.bin", "run 12:30:01.log", "größe/数据.csv", "data/a&b=c;d.txt", 'say "hi".txt', "it's.txt"),
        *(
            "100%.txt",
            "a#b?.txt",
            "[x]{y}.txt",
            "emoji 👩\u200d💻.txt",
            "売上\u3000表.csv",
            "a\u00a0b",
            "a/b/c/d/e/f.txt",
            ".hidden",
            "no_end",
            "-dash",
        ),
    )
    files = {"custom.py": HOOK, **{name: name.encode() for name in names}}
    fill(root, files)
    return files


def large_and_binary(root: Path) -> Contents:
    files = {
        "custom.py": HOOK.replace(b"\n", b"\r\n"),
        "weights.bin": os.urandom(5_000_000),
        "boundary.bin": b"\r\n--boundary--\r\n\x00\xff" * 1000,
        "empty": b"",
    }
    fill(root, files)
    return files


def language_r(root: Path) -> Contents:
    files = {"custom.R": b"load.model <- function(input_dir) NULL\n", "model.rds": b"\x1f\x8b\x08R", "R/a.R": b"1\n"}
    fill(root, {**files, ".Rproj.user/a": b"x", ".Rhistory": b"x"})
    return files


def java(root: Path) -> Contents:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("model.ini", "[info]\nalgorithm = gbm\n")
    files = {"model.jar": packed.getvalue(), "mojo.zip": packed.getvalue(), "pojo/Model.java": b"class Model {}\n"}
    fill(root, files)
    return files


def own_server(root: Path) -> Contents:
    files = {"start_server.sh": b"#!/bin/sh\nexec python server.py\n", "server.py": b"print()\n"}
    fill(root, files)
    (root / "start_server.sh").chmod(0o755)
    return files


def git_sync(root: Path) -> Contents:
    fill(root.parent / "worktrees/8c1f", {**INCLUDED, ".git": b"gitdir: ../../.git/worktrees/8c1f\n"})
    link(root, "worktrees/8c1f")
    return INCLUDED


SHAPES = (
    *(config_map, dvc_checkout, agent_template, working_copy, strange_names, large_and_binary, language_r, java),
    *(own_server, git_sync, hugging_face_snapshot),
)
NEED_FOLLOW_LINKS = {hugging_face_snapshot, dvc_checkout, agent_template}


def upload_and_download(runner, tmp_path: Path, **source: object) -> Contents:
    """Create a version; return the files in its download."""
    model = create_model(runner)
    version = runner.run(CreateVersionOperator, custom_model_id=model, base_environment_id=ENVIRONMENT, **source)
    target = tmp_path / "downloads" / f"{version}.zip"
    runner.run(DownloadVersionOperator, custom_model_id=model, custom_model_version_id=version, target=target)
    with zipfile.ZipFile(target) as archive:
        return {member.filename: archive.read(member) for member in archive.infolist() if not member.is_dir()}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_folder_is_uploaded_and_downloaded_unchanged(runner, tmp_path, shape: Callable[[Path], Contents]):
    folder = tmp_path / "work" / "model"
    folder.parent.mkdir()
    expected = shape(folder)
    if shape in NEED_FOLLOW_LINKS:
        with pytest.raises(AirflowFailException, match="follow_links=True"):
            upload_and_download(runner, tmp_path, folder=folder)
        assert [entry for entry in runner.received if entry.method == "POST" and "versions" in entry.path] == []
    assert upload_and_download(runner, tmp_path, folder=folder, follow_links=shape in NEED_FOLLOW_LINKS) == expected


def test_a_zip_and_object_storage_are_uploaded_like_a_folder(runner, tmp_path):
    folder = tmp_path / "model"
    expected = working_copy(folder)
    names = [os.path.relpath(path, folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    assert set(names) == {*INCLUDED, *EXCLUDED}
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        for name in names:
            archive.write(folder / name, name)
    store = fsspec.filesystem("memory")
    store.store.clear()
    attach(protocol="memory", conn_id="shapes", fs=store)
    for name in names:
        store.pipe(f"/bucket/model/{name}", (folder / name).read_bytes())
    assert upload_and_download(runner, tmp_path, zip_file=tmp_path / "model.zip") == expected
    assert upload_and_download(runner, tmp_path, folder=ObjectStoragePath("memory://shapes@bucket/model")) == expected
    store.store.clear()
