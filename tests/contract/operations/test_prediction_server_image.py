"""The image of the portable prediction server: streamed, taken up again, verified, from here or from another origin."""

from __future__ import annotations

import hashlib

import pytest

from datarobot_provider.operators.prediction_server_image import (
    DownloadPredictionServerImageOperator,
    GetPredictionServerImageMetadataOperator,
)
from datarobot_provider.version_compat import AirflowException, AirflowFailException, ObjectStoragePath
from tests.contract.operations.register import covers
from tests.contract.operations.test_downloads import check, cut, fill_the_disk, hurried, memory
from tests.contract.provider.conftest import TOKEN

__all__ = ["hurried", "memory"]

SIZE = 5 * 1024 * 1024 + 123
IMAGE, METADATA = "mlops/portablePredictionServerImage/", "mlops/portablePredictionServerImage/metadata/"
WAYS = pytest.mark.parametrize("redirect", [False, True], ids=["streamed", "redirected"])


def publish(stage, **given):
    """Put an image there; return its metadata."""
    return stage.emulator.control("POST", "image", {"size": SIZE, "redirect": False, **given})


def fetch(stage, target):
    return stage.run(DownloadPredictionServerImageOperator, target=str(target))


def elsewhere(stage):
    return stage.emulator.control("GET", "foreign-requests")["data"]


def left(folder):
    return sorted(file.name for file in folder.iterdir())


@covers("get_pps_image_metadata")
def test_metadata(stage):
    metadata = publish(stage)
    assert stage.run(GetPredictionServerImageMetadataOperator) == metadata
    assert (metadata["imageSize"], metadata["hashAlgorithm"], len(metadata["hash"])) == (SIZE, "SHA256", 64)


@WAYS
@covers("download_pps_image", "get_pps_image_metadata")
def test_download(stage, tmp_path, redirect):
    metadata = publish(stage, redirect=redirect)
    target = tmp_path / "image.tar.gz"
    done = fetch(stage, target)
    check(done, target.read_bytes(), str(target))
    assert (done["size"], done["sha256"]) == (SIZE, metadata["hash"])
    assert left(tmp_path) == ["image.tar.gz"]
    assert [e.path for e in stage.seen][:2] == [f"/api/v2/{METADATA}", f"/api/v2/{IMAGE}"]
    assert len(elsewhere(stage)) == int(redirect)


def test_the_token_stays_behind(stage, tmp_path, caplog):
    publish(stage, redirect=True)
    fetch(stage, tmp_path / "image.tar.gz")
    ours, theirs = [[e for e in stage.seen if ("/storage/" in e.path) is away] for away in (False, True)]
    assert {e.headers["authorization"] for e in ours} == {f"Bearer {TOKEN}"}
    (away,) = theirs
    assert away.headers["host"].startswith("localhost:")
    assert "authorization" not in away.headers
    assert TOKEN not in str(away.headers)
    assert [(e["authorization"], e["status"]) for e in elsewhere(stage)] == [("absent", 200)]
    assert "X-Signature" not in caplog.text


def test_a_redirected_download_goes_on_where_it_was_cut(direct, tmp_path, hurried):
    metadata = publish(direct, redirect=True)
    cut(direct, "/storage/", times=2)
    done = fetch(direct, tmp_path / "image.tar.gz")
    assert done["sha256"] == metadata["hash"]
    first, *others = elsewhere(direct)
    assert (first["range"], first["status"]) == (None, 200)
    starts = [int(other["range"].removeprefix("bytes=").removesuffix("-")) for other in others]
    assert [other["status"] for other in others] == [206, 206]
    assert 0 < starts[0] < starts[1] < SIZE


def test_a_streamed_download_that_is_cut_begins_anew(direct, tmp_path, hurried):
    metadata = publish(direct)
    cut(direct, f"/{IMAGE}$", times=2)
    assert fetch(direct, tmp_path / "image.tar.gz")["sha256"] == metadata["hash"]
    assert left(tmp_path) == ["image.tar.gz"]


@WAYS
def test_cuts_without_end_leave_nothing(direct, tmp_path, hurried, redirect):
    publish(direct, redirect=redirect)
    cut(direct, "/storage/" if redirect else f"/{IMAGE}$", times=None, cut="before")
    with pytest.raises(AirflowException) as caught:
        fetch(direct, tmp_path / "image.tar.gz")
    assert not isinstance(caught.value, AirflowFailException)
    assert left(tmp_path) == []


@WAYS
@pytest.mark.parametrize(
    ("flaw", "words"), [("corrupt", "The download's SHA-256 is"), ("short", "bytes; 5,243,003 were announced")]
)
def test_what_is_not_the_image_gets_no_name(stage, tmp_path, hurried, redirect, flaw, words):
    publish(stage, redirect=redirect, **{flaw: True})
    target = tmp_path / "image.tar.gz"
    target.write_bytes(b"an older image")
    with pytest.raises(AirflowException, match=words) as caught:
        fetch(stage, target)
    assert not isinstance(caught.value, AirflowFailException)
    assert (left(tmp_path), target.read_bytes()) == (["image.tar.gz"], b"an older image")


@WAYS
def test_a_full_disk_leaves_nothing(stage, tmp_path, monkeypatch, redirect):
    publish(stage, redirect=redirect)
    fill_the_disk(monkeypatch)
    with pytest.raises(AirflowFailException, match=r"could not be written: No space left on device\."):
        fetch(stage, tmp_path / "image.tar.gz")
    assert left(tmp_path) == []


@covers("get_pps_image_metadata")
def test_a_verified_file_is_not_fetched_again(stage, tmp_path):
    metadata = publish(stage, redirect=True)
    target = tmp_path / "image.tar.gz"
    first = fetch(stage, target)
    stage.seen.clear()
    assert fetch(stage, target) == first
    assert [e.path for e in stage.seen] == [f"/api/v2/{METADATA}"]
    target.write_bytes(b"\0" * SIZE)
    assert fetch(stage, target)["sha256"] == metadata["hash"]
    assert hashlib.sha256(target.read_bytes()).hexdigest() == metadata["hash"]


@covers("download_pps_image")
def test_to_object_storage_and_not_again(stage, tmp_path, memory):
    metadata = publish(stage)
    target = f"memory://bucket{tmp_path}/image.tar.gz"
    first = fetch(stage, target)
    assert hashlib.sha256(ObjectStoragePath(target).read_bytes()).hexdigest() == metadata["hash"] == first["sha256"]
    seen = len(stage.seen)
    assert fetch(stage, target) == first
    assert [e.path for e in stage.seen[seen:]] == [f"/api/v2/{METADATA}"]


def test_metadata_without_a_hash(stage, tmp_path):
    metadata = {**publish(stage), "hash": None, "imageSize": None}
    stage.emulator.control("POST", "faults", {"path": METADATA, "status": 200, "body": metadata})
    with pytest.raises(AirflowException, match="do not contain its size and its hash"):
        fetch(stage, tmp_path / "image.tar.gz")
    assert left(tmp_path) == []


@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_that_is_not_safe(stage, tmp_path, status):
    publish(stage)
    stage.emulator.control("POST", "faults", {"path": f"/{IMAGE}$", "status": status})
    with pytest.raises(AirflowException, match="not safe to follow"):
        fetch(stage, tmp_path / "image.tar.gz")
    assert left(tmp_path) == []
