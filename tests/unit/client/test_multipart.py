from __future__ import annotations

import contextlib
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest
from python_multipart.multipart import parse_options_header
from requests_toolbelt.multipart.decoder import MultipartDecoder

from datarobot_provider.client import multipart
from datarobot_provider.client.archives import zip_files
from datarobot_provider.client.files import ModelFile
from datarobot_provider.client.folders import folder_files
from datarobot_provider.client.multipart import UploadBody
from datarobot_provider.client.progress import Progress
from datarobot_provider.exceptions import InputError
from tests.unit.client.forms import parse_form

if TYPE_CHECKING:
    from collections.abc import Iterator


def model_file(path: Path, content: bytes = b"content") -> ModelFile:
    path.write_bytes(content)
    return ModelFile(path, path.name, len(content))


def test_the_body_contains_fields_and_pairs_of_file_and_path_in_order(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "custom.py").write_bytes(b"print('\xff')\r\n--not-a-boundary\r\n")
    (tmp_path / "sub" / "grün 'quoted'.txt").write_bytes(b"x" * 3_000_000)
    (tmp_path / "empty.txt").write_bytes(b"")
    fields = [
        ("isMajorUpdate", "true"),
        ("trainingData", '{"datasetId": "ä"}'),
        ("filesToDelete", "1"),
        ("filesToDelete", "2"),
    ]

    body = UploadBody(fields, folder_files(str(tmp_path)))
    parts = parse_form(body.content_type, b"".join(body))

    assert [(part.name, part.content.decode()) for part in parts[:4]] == fields
    assert [(part.name, part.filename, part.content) for part in parts[4:]] == [
        ("file", "custom.py", b"print('\xff')\r\n--not-a-boundary\r\n"),
        ("filePath", None, b"custom.py"),
        ("file", "empty.txt", b""),
        ("filePath", None, b"empty.txt"),
        ("file", "grün 'quoted'.txt", b"x" * 3_000_000),
        ("filePath", None, "sub/grün 'quoted'.txt".encode()),
    ]


def test_files_of_a_zip_are_sent_one_by_one_uncompressed(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sub/custom.py", "print()\n" * 1000)
    body = UploadBody([], zip_files(str(tmp_path / "m.zip")))
    parts = parse_form(body.content_type, b"".join(body))
    assert [(part.name, part.content) for part in parts] == [
        ("file", b"print()\n" * 1000),
        ("filePath", b"sub/custom.py"),
    ]


def test_another_parser_reads_the_same_parts(tmp_path):
    body = UploadBody([("a", "1")], [model_file(tmp_path / "f.bin", b"\0\r\n--")])
    decoded = MultipartDecoder(b"".join(body), body.content_type)
    assert [part.content for part in decoded.parts] == [b"1", b"\0\r\n--", b"f.bin"]
    assert parse_options_header(body.content_type)[0] == b"multipart/form-data"


def test_the_length_is_known_before_the_body_is_read(tmp_path):
    body = UploadBody([("a", "1")], [model_file(tmp_path / "f.bin", b"x" * 5_000_000)])
    length = len(body)
    assert length == sum(map(len, body))


def test_the_body_comes_in_large_chunks(tmp_path):
    sizes = [len(piece) for piece in UploadBody([], [model_file(tmp_path / "f.bin", b"x" * 5_000_000)])]
    assert min(sizes[:-1]) >= 512 * 1024
    assert max(sizes) <= 1025 * 1024


def test_the_body_has_no_read(tmp_path):
    assert not hasattr(UploadBody([], [model_file(tmp_path / "f.bin")]), "read")


def test_a_body_can_be_read_again_for_a_retry(tmp_path):
    files = [model_file(tmp_path / "f.bin", b"x" * 2_000_000)]
    first = UploadBody([("a", "1")], files)
    next(iter(first))
    second = UploadBody([("a", "1")], files)
    assert sum(map(len, second)) == len(second)


class Watched:
    """Counts the open files of a body."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = self.most = self.opened = 0
        original = multipart.open_file

        @contextlib.contextmanager
        def watched(source: Path) -> Iterator[BinaryIO]:
            self.open += 1
            self.opened += 1
            self.most = max(self.most, self.open)
            try:
                with original(source) as stream:
                    yield stream
            finally:
                self.open -= 1

        monkeypatch.setattr(multipart, "open_file", watched)


def test_one_file_is_open_at_a_time(tmp_path, monkeypatch):
    watched = Watched(monkeypatch)
    files = [model_file(tmp_path / f"{number}.bin", b"x" * 700_000) for number in range(5)]
    body = UploadBody([], files)
    assert watched.opened == 0
    for _ in body:
        pass
    assert (watched.opened, watched.most, watched.open) == (5, 1, 0)


def test_a_body_that_is_not_read_to_its_end_closes_its_file(tmp_path, monkeypatch):
    watched = Watched(monkeypatch)
    pieces = iter(UploadBody([], [model_file(tmp_path / "f.bin", b"x" * 3_000_000)]))
    next(pieces)
    assert watched.open == 1
    pieces.close()
    assert watched.open == 0


def send_after(change, tmp_path: Path, size: int = 10) -> None:
    """Read a body whose second file has changed since it was listed."""
    files = [model_file(tmp_path / "first.bin"), model_file(tmp_path / "second.bin", b"x" * size)]
    body = UploadBody([], files)
    change(tmp_path / "second.bin")
    for _ in body:
        pass


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_the_error_names_a_file_deleted_during_the_upload(tmp_path, size):
    with pytest.raises(InputError, match=r"second\.bin could not be read during the upload: No such file"):
        send_after(Path.unlink, tmp_path, size)


@pytest.mark.parametrize(
    ("before", "after"), [(10, 9), (10, 11), (10, 0), (0, 5), (3_000_000, 2_999_999), (3_000_000, 3_000_001)]
)
def test_the_error_names_a_file_whose_size_changed_before_it_is_read(tmp_path, before, after):
    with pytest.raises(InputError, match=r"The size of .*second\.bin changed during the upload"):
        send_after(lambda path: path.write_bytes(b"y" * after), tmp_path, before)


@pytest.mark.parametrize("after", [1_500_000, 3_500_000])
def test_the_error_names_a_file_whose_size_changed_while_it_is_read(tmp_path, after):
    pieces = iter(UploadBody([], [model_file(tmp_path / "f.bin", b"x" * 3_000_000)]))
    next(pieces)
    with (tmp_path / "f.bin").open("r+b") as stream:
        stream.truncate(after)
    with pytest.raises(InputError, match="changed during the upload"):
        list(pieces)


def test_the_error_names_a_zip_deleted_during_the_upload(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("custom.py", "x")
    body = UploadBody([], zip_files(str(tmp_path / "m.zip")))
    (tmp_path / "m.zip").unlink()
    with pytest.raises(InputError, match=r"m\.zip could not be read"):
        list(body)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_error_names_a_zip_with_a_damaged_member(tmp_path, method):
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("custom.py", bytes(range(256)) * 40)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    body = UploadBody([], zip_files(str(path)))
    with pytest.raises(InputError, match=r"m\.zip"):
        list(body)


def test_the_error_names_a_zip_with_an_unsupported_compression(tmp_path):
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("custom.py", "x")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x03\x04") + 8] = content[content.index(b"PK\x01\x02") + 10] = 99
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"m\.zip"):
        list(UploadBody([], zip_files(str(path))))


def test_a_zip_is_opened_once_for_all_its_files(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for number in range(50):
            archive.writestr(f"{number}.txt", "x")
    opened = []
    original = multipart.open_file
    monkeypatch.setattr(multipart, "open_file", lambda source: opened.append(original(source)) or opened[-1])
    assert b"".join(UploadBody([], zip_files(str(tmp_path / "m.zip")))).count(b"filePath") == 50
    assert len(opened) == 1
    assert opened[0].closed


def test_a_thousand_small_files_come_in_few_chunks(tmp_path):
    files = [model_file(tmp_path / f"{number}.txt", b"x" * 100) for number in range(1000)]
    assert len(list(UploadBody([], files))) == 1


def test_the_progress_of_a_slow_upload_is_reported(tmp_path, monkeypatch):
    moments = iter(range(0, 1000, 8))
    monkeypatch.setattr(multipart, "Progress", partial(Progress, clock=lambda: next(moments)))
    reported = []
    body = UploadBody([], [model_file(tmp_path / "f.bin", b"x" * (4 << 20))], reported.append)
    list(body)
    assert reported[0].startswith("Uploaded 1.0 MB of 4.2 MB (25%), ")
    assert reported[-1].startswith("Uploaded 4.2 MB in ")
