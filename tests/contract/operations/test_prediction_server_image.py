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


def publish(runner, **given):
    """Put an image there; return its metadata."""
    return runner.emulator.control("POST", "image", {"size": SIZE, "redirect": False, **given})


def fetch(runner, target):
    return runner.run(DownloadPredictionServerImageOperator, target=str(target))


def elsewhere(runner):
    return runner.emulator.control("GET", "foreign-requests")["data"]


def left(folder):
    return sorted(file.name for file in folder.iterdir())


@covers("get_pps_image_metadata")
def test_metadata(runner):
    metadata = publish(runner)
    assert runner.run(GetPredictionServerImageMetadataOperator) == metadata
    assert (metadata["imageSize"], metadata["hashAlgorithm"], len(metadata["hash"])) == (SIZE, "SHA256", 64)


@WAYS
@covers("download_pps_image", "get_pps_image_metadata")
def test_download(runner, tmp_path, redirect):
    metadata = publish(runner, redirect=redirect)
    target = tmp_path / "image.tar.gz"
    done = fetch(runner, target)
    check(done, target.read_bytes(), str(target))
    assert (done["size"], done["sha256"]) == (SIZE, metadata["hash"])
    assert left(tmp_path) == ["image.tar.gz"]
    assert [e.path for e in runner.received][:2] == [f"/api/v2/{METADATA}", f"/api/v2/{IMAGE}"]
    assert len(elsewhere(runner)) == int(redirect)


def test_the_token_stays_behind(runner, tmp_path, caplog):
    publish(runner, redirect=True)
    fetch(runner, tmp_path / "image.tar.gz")
    ours, theirs = [[e for e in runner.received if ("/storage/" in e.path) is away] for away in (False, True)]
    assert {e.headers["authorization"] for e in ours} == {f"Bearer {TOKEN}"}
    (away,) = theirs
    assert away.headers["host"].startswith("localhost:")
    assert "authorization" not in away.headers
    assert TOKEN not in str(away.headers)
    assert [(e["authorization"], e["status"]) for e in elsewhere(runner)] == [("absent", 200)]
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
    ("flaw", "words"), [("corrupt", "The SHA-256 of the download is"), ("short", "bytes, but 5,243,003 were expected")]
)
def test_what_is_not_the_image_gets_no_name(runner, tmp_path, hurried, redirect, flaw, words):
    publish(runner, redirect=redirect, **{flaw: True})
    target = tmp_path / "image.tar.gz"
    target.write_bytes(b"an older image")
    with pytest.raises(AirflowException, match=words) as caught:
        fetch(runner, target)
    assert not isinstance(caught.value, AirflowFailException)
    assert (left(tmp_path), target.read_bytes()) == (["image.tar.gz"], b"an older image")


@WAYS
def test_a_full_disk_leaves_nothing(runner, tmp_path, monkeypatch, redirect):
    publish(runner, redirect=redirect)
    fill_the_disk(monkeypatch)
    with pytest.raises(AirflowFailException, match=r"could not be written: No space left on device\."):
        fetch(runner, tmp_path / "image.tar.gz")
    assert left(tmp_path) == []


@covers("get_pps_image_metadata")
def test_a_verified_file_is_not_fetched_again(runner, tmp_path):
    metadata = publish(runner, redirect=True)
    target = tmp_path / "image.tar.gz"
    first = fetch(runner, target)
    runner.received.clear()
    assert fetch(runner, target) == first
    assert [e.path for e in runner.received] == [f"/api/v2/{METADATA}"]
    target.write_bytes(b"\0" * SIZE)
    assert fetch(runner, target)["sha256"] == metadata["hash"]
    assert hashlib.sha256(target.read_bytes()).hexdigest() == metadata["hash"]


@covers("download_pps_image")
def test_to_object_storage_and_not_again(runner, tmp_path, memory):
    metadata = publish(runner)
    target = f"memory://bucket{tmp_path}/image.tar.gz"
    first = fetch(runner, target)
    assert hashlib.sha256(ObjectStoragePath(target).read_bytes()).hexdigest() == metadata["hash"] == first["sha256"]
    seen = len(runner.received)
    assert fetch(runner, target) == first
    assert [e.path for e in runner.received[seen:]] == [f"/api/v2/{METADATA}"]


def test_metadata_without_a_hash(runner, tmp_path):
    metadata = {**publish(runner), "hash": None, "imageSize": None}
    runner.emulator.control("POST", "faults", {"path": METADATA, "status": 200, "body": metadata})
    with pytest.raises(AirflowException, match="do not contain its size and its hash"):
        fetch(runner, tmp_path / "image.tar.gz")
    assert left(tmp_path) == []


@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_that_is_not_safe(runner, tmp_path, status):
    publish(runner)
    runner.emulator.control("POST", "faults", {"path": f"/{IMAGE}$", "status": status})
    with pytest.raises(AirflowException, match="was not followed"):
        fetch(runner, tmp_path / "image.tar.gz")
    assert left(tmp_path) == []
