from __future__ import annotations

import os
import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from datarobot_provider.client import archives
from datarobot_provider.client.archives import zip_files
from datarobot_provider.client.files import listed_files
from datarobot_provider.client.folders import folder_files
from datarobot_provider.exceptions import InputError


def fill(root: Path, *names: str) -> str:
    """Write a small file of each name below ``root``."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return str(root)


def pack(path: Path, *names: str) -> str:
    """Write a zip with a member of each name."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "" if name.endswith("/") else name)
    return str(path)


def test_a_folder_is_listed_in_a_stable_order_with_slashes_and_sizes(tmp_path):
    folder = fill(tmp_path, "b.py", "a.py", "sub/z.txt", "sub/deep/x.txt", "Data/m.pkl")
    files = folder_files(folder)
    assert [file.name for file in files] == ["a.py", "b.py", "Data/m.pkl", "sub/z.txt", "sub/deep/x.txt"]
    assert [file.size for file in files] == [len(file.name) for file in files]


def test_version_control_caches_and_temporary_files_are_excluded(tmp_path):
    folder = fill(
        tmp_path, "custom.py", ".git/config", "__pycache__/a.pyc", ".ipynb_checkpoints/n", "sub/.DS_Store", ".envelope"
    )
    assert [file.name for file in folder_files(folder)] == [".envelope", "custom.py"]


def test_empty_folders_are_ignored(tmp_path):
    (tmp_path / "empty").mkdir()
    assert len(folder_files(fill(tmp_path, "custom.py"))) == 1


@pytest.mark.parametrize(("name", "reason"), [("missing", "does not exist"), ("file.txt", "is not a folder")])
def test_a_path_that_is_not_a_folder_is_refused(tmp_path, name, reason):
    fill(tmp_path, "file.txt")
    with pytest.raises(InputError, match=rf"{name} {reason}"):
        folder_files(str(tmp_path / name))


@pytest.mark.parametrize("names", [(), (".git/config",)])
def test_a_folder_without_files_to_upload_is_refused(tmp_path, names):
    with pytest.raises(InputError, match="contains no files"):
        folder_files(fill(tmp_path, *names))


def test_the_error_names_an_unreadable_file(tmp_path, monkeypatch):
    folder = fill(tmp_path, "ok.py", "secret.py")
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "secret.py")
    with pytest.raises(InputError, match=r"secret\.py cannot be read: permission denied"):
        folder_files(folder)


def test_the_error_names_an_unreadable_folder(tmp_path, monkeypatch):
    folder, scan = fill(tmp_path, "ok.py", "closed/x.py"), os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="closed cannot be read: Permission denied"):
        folder_files(folder)


def test_a_thousand_files_are_accepted_and_one_more_is_refused(tmp_path):
    folder = fill(tmp_path, *(f"f{number}" for number in range(1000)))
    assert len(folder_files(folder)) == 1000
    fill(tmp_path, "one-more")
    with pytest.raises(InputError, match="contains 1,001 files; DataRobot accepts at most 1,000"):
        folder_files(folder)


def test_names_that_differ_only_by_case_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"'custom\.py' and 'Custom\.py', which differ only by case"):
        folder_files(fill(tmp_path, "Custom.py", "custom.py"))


@pytest.mark.parametrize("name", ["a\rb.py", "a\nb.py", "a\r\nX-Evil: 1", "a\tb", "a\x7fb", "a\u2028b"])
def test_names_with_line_breaks_or_control_characters_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="control character") as caught:
        folder_files(fill(tmp_path, name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["a\u00a0b", "\u58f2\u4e0a\u3000\u8868.csv", "\U0001f469\u200d\U0001f4bb", "a\ue000", "a\u202eb", "a\u0378"]
)
def test_names_with_spaces_joiners_and_marks_of_other_scripts_are_accepted(tmp_path, name):
    assert [file.name for file in folder_files(fill(tmp_path, name))] == [name]


@pytest.mark.parametrize("read", [folder_files, zip_files, lambda path: listed_files([path])])
def test_a_path_that_the_system_refuses_is_an_input_error(tmp_path, read):
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        read(str(tmp_path / ("a" * 300)))


def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).touch()
    with pytest.raises(InputError, match="is not UTF-8"):
        folder_files(tmp_path)


def test_a_link_to_a_file_in_the_folder_is_replaced_by_its_target(tmp_path):
    folder = fill(tmp_path, "custom.py")
    (tmp_path / "link.py").symlink_to(tmp_path / "custom.py")
    assert [(file.name, file.size) for file in folder_files(folder)] == [("custom.py", 9), ("link.py", 9)]


def test_a_link_to_a_target_outside_the_folder_is_refused(tmp_path):
    folder = fill(tmp_path / "model", "custom.py")
    fill(tmp_path, "outside.txt")
    (tmp_path / "model" / "link.txt").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(InputError, match="outside the model folder"):
        folder_files(folder)


def test_a_link_to_a_folder_in_the_folder_is_replaced_by_its_target(tmp_path):
    folder = fill(tmp_path, "sub/custom.py")
    (tmp_path / "again").symlink_to(tmp_path / "sub")
    assert [file.name for file in folder_files(folder)] == ["again/custom.py", "sub/custom.py"]


def test_a_broken_link_and_a_pipe_are_refused(tmp_path):
    folder = fill(tmp_path, "custom.py")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="broken is not a regular file"):
        folder_files(folder)
    (tmp_path / "broken").unlink()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe is not a regular file"):
        folder_files(folder)


def test_listed_files_are_uploaded_under_their_base_names(tmp_path):
    fill(tmp_path, "a/custom.py", "b/model.pkl")
    files = listed_files([str(tmp_path / "a/custom.py"), str(tmp_path / "b/model.pkl")])
    assert [(file.name, file.size) for file in files] == [("custom.py", 11), ("model.pkl", 11)]


def test_listed_files_may_have_a_path_in_the_model(tmp_path):
    fill(tmp_path, "custom.py")
    assert [file.name for file in listed_files({"src/main.py": str(tmp_path / "custom.py")})] == ["src/main.py"]


def test_two_files_with_the_same_name_are_refused(tmp_path):
    fill(tmp_path, "a/custom.py", "b/custom.py")
    with pytest.raises(InputError, match=r"'custom\.py' twice"):
        listed_files([str(tmp_path / "a/custom.py"), str(tmp_path / "b/custom.py")])


@pytest.mark.parametrize(("name", "reason"), [("missing.py", "does not exist"), ("sub", "is not a regular file")])
def test_a_listed_path_that_is_not_a_file_is_refused(tmp_path, name, reason):
    fill(tmp_path, "sub/x.py")
    with pytest.raises(InputError, match=f"{name} {reason}"):
        listed_files([str(tmp_path / name)])


@pytest.mark.parametrize("given", [[], {}])
def test_an_empty_list_of_files_is_refused(given):
    with pytest.raises(InputError, match="contains no files"):
        listed_files(given)


BAD_NAMES = [
    *("/etc/passwd", "//host/share", "../up.py", "..", "a/../../up.py", "a/..", "a//b.py", "./a.py", "a/."),
    *("a\\b.py", "..\\up.py", "C:\\a.py", "\\\\host\\share", "C:/a.py", "c:a.py"),
]
LONG_NAMES = ["x" * 256, "a/" + "ä" * 128, "a/" * 512 + "b", "x" * 256 + "/a.py"]


@pytest.mark.parametrize("name", [*BAD_NAMES, ""])
def test_a_path_in_the_model_must_be_plain_and_relative(tmp_path, name):
    fill(tmp_path, "custom.py")
    with pytest.raises(InputError, match="not a plain relative path"):
        listed_files({name: str(tmp_path / "custom.py")})


def test_a_zip_is_listed_without_folders_and_excluded_files(tmp_path):
    archive = pack(tmp_path / "m.zip", "sub/", "custom.py", "sub/a.txt", "__pycache__/a.pyc", ".git/config")
    files = zip_files(archive)
    assert [(file.name, file.size) for file in files] == [("custom.py", 9), ("sub/a.txt", 9)]
    assert {(file.source, file.member) for file in files} == {
        (Path(archive), "custom.py"),
        (Path(archive), "sub/a.txt"),
    }


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_zip_with_files_outside_the_archive_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="not a plain relative path"):
        zip_files(pack(tmp_path / "m.zip", "custom.py", name))


def test_the_error_names_a_missing_zip(tmp_path):
    with pytest.raises(InputError, match=r"m\.zip does not exist"):
        zip_files(str(tmp_path / "m.zip"))


@pytest.mark.parametrize("content", [b"", b"this is no zip", b"PK\x03\x04cut off"])
def test_a_file_that_is_not_a_zip_is_refused(tmp_path, content):
    (tmp_path / "m.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"m\.zip cannot be read"):
        zip_files(str(tmp_path / "m.zip"))


def test_an_encrypted_zip_is_refused(tmp_path):
    path = Path(pack(tmp_path / "m.zip", "custom.py"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="is encrypted"):
        zip_files(str(path))


def test_a_zip_without_files_or_with_duplicates_is_refused(tmp_path):
    with pytest.raises(InputError, match="contains no files"):
        zip_files(pack(tmp_path / "empty.zip"))
    with pytest.raises(InputError, match="differ only by case"):
        zip_files(pack(tmp_path / "twins.zip", "a.py", "A.py"))
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = pack(tmp_path / "twice.zip", "a.py", "a.py")
    with pytest.raises(InputError, match="twice"):
        zip_files(archive)


@pytest.mark.parametrize("name", LONG_NAMES)
def test_very_long_names_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="is too long") as caught:
        zip_files(pack(tmp_path / "m.zip", "custom.py", name))
    assert len(str(caught.value)) < 400
    fill(tmp_path, "custom.py")
    with pytest.raises(InputError, match="is too long"):
        listed_files({name: str(tmp_path / "custom.py")})


def test_names_of_the_maximum_length_are_accepted(tmp_path):
    names = ["x" * 255, "/".join(["d" * 204] * 5)]
    assert len(names[1]) == 1024
    assert [file.name for file in zip_files(pack(tmp_path / "m.zip", *names))] == names


def test_a_name_with_a_nul_is_refused_although_python_cuts_it_there(tmp_path):
    path = Path(pack(tmp_path / "m.zip", "custom.pyX../../evil"))
    path.write_bytes(path.read_bytes().replace(b"custom.pyX", b"custom.py\0"))
    with pytest.raises(InputError, match="contains a control character"):
        zip_files(str(path))


def typed_zip(path: Path, kind: int, content: str) -> str:
    """Write a zip with one member of this file type."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("custom.py", "x")
        member = zipfile.ZipInfo("strange")
        member.create_system = 3
        member.external_attr = (kind | 0o777) << 16
        archive.writestr(member, content)
    return str(path)


@pytest.mark.parametrize("target", ["custom.py", "../../etc/passwd", "/etc/passwd"])
def test_a_link_in_a_zip_is_refused_for_every_target(tmp_path, target):
    with pytest.raises(InputError, match=r"m\.zip: 'strange' is a link"):
        zip_files(typed_zip(tmp_path / "m.zip", stat.S_IFLNK, target))


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, stat.S_IFDIR])
def test_a_member_of_a_zip_that_is_not_a_file_is_refused(tmp_path, kind):
    with pytest.raises(InputError, match="'strange' is not a regular file"):
        zip_files(typed_zip(tmp_path / "m.zip", kind, ""))


def test_a_regular_file_in_a_zip_created_on_unix_is_accepted(tmp_path):
    assert len(zip_files(typed_zip(tmp_path / "m.zip", stat.S_IFREG, "x"))) == 2


def test_a_zip_bomb_is_refused_by_the_sizes_in_its_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "BOMB_BYTES", 10_000_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(11):
            archive.writestr(f"{number}.bin", bytes(1_000_000))
    with pytest.raises(InputError, match=r"but its content 11,000,000: it looks like a zip bomb"):
        zip_files(str(path))


def test_the_sizes_of_a_zip_are_known_without_reading_its_members(tmp_path):
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.bin", bytes(200_000_000))
    tracemalloc.start()
    (file,) = zip_files(str(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert file.size == 200_000_000
    assert peak < 1_000_000


def test_circular_links_are_refused(tmp_path):
    folder = fill(tmp_path, "custom.py")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError, match="loop is not a regular file"):
        folder_files(folder)
    (tmp_path / "loop").unlink()
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    with pytest.raises(InputError, match="one is not a regular file"):
        folder_files(folder)


def test_a_link_to_a_parent_folder_is_refused(tmp_path):
    folder = fill(tmp_path, "custom.py", "sub/a.py")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    with pytest.raises(InputError, match="up is a circular link"):
        folder_files(folder)


@pytest.mark.parametrize("target", ["outside.txt", "gone.txt", "model-2/twin.txt"])
def test_the_error_names_a_link_to_any_target_outside_the_folder(tmp_path, target):
    """A sibling whose name begins with that of the folder is outside."""
    folder = fill(tmp_path / "model", "custom.py")
    fill(tmp_path, "outside.txt", "model-2/twin.txt")
    (tmp_path / "model" / "secret.txt").symlink_to(tmp_path / target)
    with pytest.raises(InputError, match=r"model/secret\.txt is a link to .*, outside the model folder"):
        folder_files(folder)


def test_an_indirect_link_to_a_target_outside_the_folder_is_refused(tmp_path):
    folder = fill(tmp_path / "model", "custom.py")
    fill(tmp_path, "outside.txt")
    (tmp_path / "step").symlink_to(tmp_path / "outside.txt")
    (tmp_path / "model" / "link.txt").symlink_to("../step")
    with pytest.raises(InputError, match=r"link\.txt is a link to .*, outside the model folder"):
        folder_files(folder)


def test_a_folder_is_read_once(tmp_path, monkeypatch):
    folder = fill(tmp_path, "custom.py", "a/b.py", "a/c/d.py")
    scanned, scan = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: scanned.append(str(path)) or scan(path))
    assert len(folder_files(folder)) == 3
    assert sorted(scanned) == [folder, f"{folder}/a", f"{folder}/a/c"]
