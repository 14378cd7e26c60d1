"""Parser of model-metadata.yaml."""

from __future__ import annotations

import zipfile

import pytest

from datarobot_provider.client.archives import zip_files
from datarobot_provider.client.files import listed_files
from datarobot_provider.client.folders import folder_files
from datarobot_provider.core.custom_model.metadata_file import MAX_SIZE, find_metadata, parse_metadata
from datarobot_provider.exceptions import InputError

CONTENT = b"name: churn\nruntimeParameterDefinitions:\n- {fieldName: A, type: string}\n"
EXPECTED = {"name": "churn", "runtimeParameterDefinitions": [{"fieldName": "A", "type": "string"}]}


def test_metadata_is_found_in_a_folder_a_list_and_a_zip_file(tmp_path):
    (tmp_path / "custom.py").write_text("", encoding="utf-8")
    (tmp_path / "model-metadata.yaml").write_bytes(CONTENT)
    archive = tmp_path.parent / f"{tmp_path.name}.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("model-metadata.yaml", CONTENT)
    assert find_metadata(folder_files(tmp_path)) == EXPECTED
    assert find_metadata(listed_files({"model-metadata.yaml": tmp_path / "model-metadata.yaml"})) == EXPECTED
    assert find_metadata(zip_files(archive)) == EXPECTED


@pytest.mark.parametrize("name", ["model-metadata.yml", "metadata.yaml", "sub/model-metadata.yaml"])
def test_files_with_another_name_or_folder_are_ignored(tmp_path, name):
    (tmp_path / "sub").mkdir()
    (tmp_path / name).write_bytes(b"\t")
    assert find_metadata(folder_files(tmp_path)) is None


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"text", b"- a list", b"3", b"null", b"---\n...\n"])
def test_content_without_a_mapping_is_empty(content):
    assert parse_metadata(content, "file") == {}


def test_scalars_are_strings_as_written():
    content = (
        "a: 1.0\nb: yes\nc: 0x10\nd: 2024-01-01\ne: 1:30\nf: !tag x\ng: ~\nh: null\ni:\nj: 'null'\nk: ''\nl: .nan\n"
    )
    strings = dict(zip("abcdef", ["1.0", "yes", "0x10", "2024-01-01", "1:30", "x"], strict=True))
    assert parse_metadata(content.encode(), "file") == {
        **strings, "g": None, "h": None, "i": None, "j": "null", "k": "", "l": ".nan",
    }  # fmt: skip


def test_aliases_and_merges_are_expanded():
    content = (
        b"base: &b {type: numeric, maxValue: 3}\nlist: [*b]\none: {<<: *b, maxValue: 4}\ntwo: {<<: [*b, {x: y}]}\n"
    )
    found = parse_metadata(content, "file")
    assert found["list"] == [{"type": "numeric", "maxValue": "3"}]
    assert found["one"] == {"type": "numeric", "maxValue": "4"}
    assert found["two"] == {"type": "numeric", "maxValue": "3", "x": "y"}


@pytest.mark.parametrize("content", ["\ufeffname: é\n".encode(), "name: é\n".encode("utf-16")])
def test_byte_order_mark_is_accepted(content):
    assert parse_metadata(content, "file") == {"name": "é"}


def test_keys_that_are_not_scalars_are_ignored():
    assert parse_metadata(b"? [a, b]\n: c\nname: x\n", "file") == {"name": "x"}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: y}\n" + "".join(
    f"{new}: &{new} {{<<: [{', '.join(['*' + old] * 9)}]}}\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: x\n\tbad: tab\n", "line 2, column 1"),
        (b"a: 1\nb: [1, 2\nc: 3\n", "line 3"),
        (b"a: *missing\n", "line 1"),
        (b"a: 1\n--- \nb: 2\n", "line 2"),
        (b"name: caf\xe9\n", "UTF-8"),
        (b"name: \x00\n", "UTF-8"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"[" * 5_000, "nested too deeply"),
        (b"a: &a [*a]\n", "alias refers to a value that contains it"),
        (b"a: &a {b: *a}\n", "alias refers to a value that contains it"),
        (b"a: &a {<<: *a}\n", "alias refers to a value that contains it"),
        (BOMB.encode(), "expands to more than 100,000 values"),
        (MERGES.encode(), "expands to more than 100,000 values"),
    ],
)
def test_invalid_content_is_refused(content, message):
    with pytest.raises(InputError, match=message) as refusal:
        parse_metadata(content, "/models/churn/model-metadata.yaml")
    assert "/models/churn/model-metadata.yaml" in str(refusal.value)


def test_error_does_not_quote_the_content():
    with pytest.raises(InputError) as refusal:
        parse_metadata(b"defaultValue: {sk-secret: [\n", "file")
    assert "sk-secret" not in str(refusal.value)


def test_deleted_file_is_refused(tmp_path):
    file = tmp_path / "model-metadata.yaml"
    file.write_bytes(CONTENT)
    files = folder_files(tmp_path)
    file.unlink()
    with pytest.raises(InputError, match="cannot be read: No such file"):
        find_metadata(files)


def test_large_file_is_refused(tmp_path):
    (tmp_path / "model-metadata.yaml").write_bytes(b"#" * (MAX_SIZE + 1))
    with pytest.raises(InputError, match="larger than 262,144 bytes"):
        find_metadata(folder_files(tmp_path))
