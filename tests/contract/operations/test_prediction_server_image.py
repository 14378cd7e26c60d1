"""The image of the portable prediction server: streamed, resumed, verified, from the API or from another host."""

from __future__ import annotations

import hashlib

import pytest

from datarobot_provider.operators.prediction_server_image import (
    DownloadPredictionServerImageOperator,
    GetPredictionServerImageMetadataOperator,
)
from datarobot_provider.version_compat import AirflowException, AirflowFailException, ObjectStoragePath
from tests.contract.operations.register import covers
from tests.contract.operations.test_downloads import check, cut, fill_the_disk, memory, without_pauses
from tests.contract.provider.conftest import TOKEN

__all__ = ["memory", "without_pauses"]

SIZE = 5 * 1024 * 1024 + 123
IMAGE, METADATA = "mlops/portablePredictionServerImage/", "mlops/portablePredictionServerImage/metadata/"
BOTH_DOWNLOADS = pytest.mark.parametrize("redirect", [False, True], ids=["streamed", "redirected"])


def publish(runner, **arguments):
    """Create an image in the emulator; return its metadata."""
    return runner.emulator.control("POST", "image", {"size": SIZE, "redirect": False, **arguments})


def fetch(runner, target):
    return runner.run(DownloadPredictionServerImageOperator, target=str(target))


def foreign_requests(runner):
    return runner.emulator.control("GET", "foreign-requests")["data"]


def left(folder):
    return sorted(file.name for file in folder.iterdir())


@covers("get_pps_image_metadata")
def test_metadata(runner):
    metadata = publish(runner)
    assert runner.run(GetPredictionServerImageMetadataOperator) == metadata
    assert (metadata["imageSize"], metadata["hashAlgorithm"], len(metadata["hash"])) == (SIZE, "SHA256", 64)


@BOTH_DOWNLOADS
@covers("download_pps_image", "get_pps_image_metadata")
def test_download(runner, tmp_path, redirect):
    metadata = publish(runner, redirect=redirect)
    target = tmp_path / "image.tar.gz"
    done = fetch(runner, target)
    check(done, target.read_bytes(), str(target))
    assert (done["size"], done["sha256"]) == (SIZE, metadata["hash"])
    assert left(tmp_path) == ["image.tar.gz"]
    assert [e.path for e in runner.received][:2] == [f"/api/v2/{METADATA}", f"/api/v2/{IMAGE}"]
    assert len(foreign_requests(runner)) == int(redirect)


def test_the_token_is_not_sent_to_the_storage(runner, tmp_path, caplog):
    publish(runner, redirect=True)
    fetch(runner, tmp_path / "image.tar.gz")
    ours, theirs = [[e for e in runner.received if ("/storage/" in e.path) is away] for away in (False, True)]
    assert {e.headers["authorization"] for e in ours} == {f"Bearer {TOKEN}"}
    (away,) = theirs
    assert away.headers["host"].startswith("localhost:")
    assert "authorization" not in away.headers
    assert TOKEN not in str(away.headers)
    assert [(e["authorization"], e["status"]) for e in foreign_requests(runner)] == [("absent", 200)]
    assert "X-Signature" not in caplog.text


def test_a_redirected_download_is_resumed_at_the_cut(direct, tmp_path, without_pauses):
    metadata = publish(direct, redirect=True)
    cut(direct, "/storage/", times=2)
    done = fetch(direct, tmp_path / "image.tar.gz")
    assert done["sha256"] == metadata["hash"]
    first, *others = foreign_requests(direct)
    assert (first["range"], first["status"]) == (None, 200)
    starts = [int(other["range"].removeprefix("bytes=").removesuffix("-")) for other in others]
    assert [other["status"] for other in others] == [206, 206]
    assert 0 < starts[0] < starts[1] < SIZE


def test_a_streamed_download_that_is_cut_starts_again(direct, tmp_path, without_pauses):
    metadata = publish(direct)
    cut(direct, f"/{IMAGE}$", times=2)
    assert fetch(direct, tmp_path / "image.tar.gz")["sha256"] == metadata["hash"]
    assert left(tmp_path) == ["image.tar.gz"]


@BOTH_DOWNLOADS
def test_permanent_cuts_leave_no_file(direct, tmp_path, without_pauses, redirect):
    publish(direct, redirect=redirect)
    cut(direct, "/storage/" if redirect else f"/{IMAGE}$", times=None, cut="before")
    with pytest.raises(AirflowException) as caught:
        fetch(direct, tmp_path / "image.tar.gz")
    assert not isinstance(caught.value, AirflowFailException)
    assert left(tmp_path) == []


@BOTH_DOWNLOADS
@pytest.mark.parametrize(
    ("flaw", "expected"),
    [("corrupt", "The SHA-256 of the download is"), ("short", "bytes, but 5,243,003 were expected")],
)
def test_a_corrupt_image_leaves_no_file(runner, tmp_path, without_pauses, redirect, flaw, expected):
    publish(runner, redirect=redirect, **{flaw: True})
    target = tmp_path / "image.tar.gz"
    target.write_bytes(b"an older image")
    with pytest.raises(AirflowException, match=expected) as caught:
        fetch(runner, target)
    assert not isinstance(caught.value, AirflowFailException)
    assert (left(tmp_path), target.read_bytes()) == (["image.tar.gz"], b"an older image")


@BOTH_DOWNLOADS
def test_a_full_disk_leaves_no_file(runner, tmp_path, monkeypatch, redirect):
    publish(runner, redirect=redirect)
    fill_the_disk(monkeypatch)
    with pytest.raises(AirflowFailException, match=r"could not be written: No space left on device\."):
        fetch(runner, tmp_path / "image.tar.gz")
    assert left(tmp_path) == []


@covers("get_pps_image_metadata")
def test_a_verified_file_is_not_downloaded_again(runner, tmp_path):
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
def test_an_unsafe_redirect_is_not_followed(runner, tmp_path, status):
    publish(runner)
    runner.emulator.control("POST", "faults", {"path": f"/{IMAGE}$", "status": status})
    with pytest.raises(AirflowException, match="was not followed"):
        fetch(runner, tmp_path / "image.tar.gz")
    assert left(tmp_path) == []
