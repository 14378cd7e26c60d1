"""Target of a download: the file appears when it is complete, and symbolic links are not followed."""

from __future__ import annotations

import pytest

from datarobot_provider.core.arguments.storage import StorageSink
from datarobot_provider.exceptions import InputError


def write(target: str, content: bytes = b"new") -> str:
    sink = StorageSink(target)
    with sink.open() as file:
        file.write(content)
    return sink.commit()


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_file_appears_at_the_target_when_it_is_complete(tmp_path, prefix):
    target = tmp_path / "new folder" / "a.zip"
    sink = StorageSink(f"{prefix}{target}")
    with sink.open() as file:
        file.write(b"new")
        assert [each.name for each in target.parent.iterdir()] == ["a.zip.part"]
    assert sink.commit() == f"{prefix}{target}"
    assert target.read_bytes() == b"new"
    assert [each.name for each in target.parent.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("prefix", ["", "file://"])
@pytest.mark.parametrize("name", ["a.zip", "a.zip.part"])
def test_symbolic_link_is_replaced_and_not_followed(tmp_path, prefix, name):
    linked = tmp_path / "linked"
    linked.write_bytes(b"unchanged")
    (tmp_path / name).symlink_to(linked)
    write(f"{prefix}{tmp_path}/a.zip")
    assert linked.read_bytes() == b"unchanged"
    assert (tmp_path / "a.zip").read_bytes() == b"new"
    assert not (tmp_path / "a.zip").is_symlink()


def test_temporary_file_of_an_earlier_attempt_is_replaced(tmp_path):
    (tmp_path / "a.zip.part").write_bytes(b"left over and longer")
    write(f"{tmp_path}/a.zip")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"a.zip": b"new"}


def test_two_tasks_with_one_target_do_not_mix_their_files(tmp_path):
    first, second = StorageSink(f"{tmp_path}/a.zip"), StorageSink(f"{tmp_path}/a.zip")
    with first.open() as one, second.open() as two:
        one.write(b"first")
        two.write(b"half")
        with pytest.raises(InputError, match="Another task is downloading to"):
            first.commit()
        first.discard()
        two.write(b" and whole")
    second.commit()
    assert (tmp_path / "a.zip").read_bytes() == b"half and whole"


def test_discarded_download_keeps_the_existing_file(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"old")
    sink = StorageSink(f"{tmp_path}/a.zip")
    with sink.open() as file:
        file.write(b"half")
    sink.discard()
    sink.discard()
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"a.zip": b"old"}
