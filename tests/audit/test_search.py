"""The search of the audit finds secrets in every form and place."""

from __future__ import annotations

import base64
import html
import json
import sqlite3
import zlib
from urllib.parse import quote, quote_plus

import pytest
import requests
from cryptography.fernet import Fernet

from tests.audit.search import PIECE, Search

SECRET = "kEy+with/some=signs&<more>-0123456789abcdef"
CANARY = "canary-4711"
WRITTEN = {
    "plain": SECRET,
    "the beginning": SECRET[:PIECE],
    "the end": SECRET[-PIECE:],
    "URL": quote(SECRET, safe=""),
    "URL, slashes kept": quote(SECRET),
    "URL, lower case": quote(SECRET, safe="").replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")
    .replace("%3C", "%3c").replace("%3E", "%3e"),
    "form": quote_plus(SECRET),
    "JSON": json.dumps(SECRET),
    "JSON, slashes escaped": json.dumps(SECRET).replace("/", "\\/"),
    "HTML": html.escape(SECRET),
    "hex": SECRET.encode().hex(),
    "hex, upper case": SECRET.encode().hex().upper(),
    **{f"base64 after {n}": base64.b64encode(b"x" * n + SECRET.encode() + b"yz").decode() for n in range(6)},
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
}  # fmt: skip


@pytest.fixture
def search() -> Search:
    return Search({"key": SECRET}, CANARY)


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_secret_is_found_in_every_form(search, text):
    search.search_text("area", "here", f"{CANARY} before{text}after")
    assert search.hits
    assert search.canaries["area"] == 1


def test_a_string_without_secrets_is_no_hit(search):
    search.search_text("area", "here", SECRET[1 : PIECE - 1] + " *** " + SECRET.swapcase()[4:20])
    assert search.hits == []


def test_files_are_searched_at_any_depth(search, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.log").write_bytes(b"\xff\x00" + SECRET.encode())
    (tmp_path / "d.log").write_text("nothing", encoding="utf-8")
    search.files(tmp_path)
    assert search.counts["files: files"] == 2
    assert len(search.hits) == 3


def test_compressed_and_encrypted_database_cells_are_searched(search, tmp_path):
    key = Fernet.generate_key().decode()
    fernet = Fernet(key)
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("CREATE TABLE things (plain TEXT, packed BLOB, encrypted TEXT, allowed TEXT, number INT)")
        hidden = fernet.encrypt(SECRET.encode()).decode()
        database.execute(
            "INSERT INTO things VALUES (?, ?, ?, ?, 1)", (CANARY, zlib.compress(SECRET.encode()), hidden, hidden)
        )
    search.database(tmp_path / "db", key, encrypted=[("things", "allowed")])
    assert {hit.split(": ")[1] for hit in search.hits} == {"things.packed (decoded)", "things.encrypted (decoded)"}
    assert search.counts["database: rows"] == search.counts["rows of things"] == 1
    assert search.counts["database: columns"] == 5
    assert search.canaries["database"] == 1


def test_an_exception_is_searched_with_its_causes(search):
    request = requests.Request("GET", "http://h/", headers={"Authorization": f"Bearer {SECRET}"}).prepare()

    error, middle = RuntimeError("harmless"), ValueError("harmless, too")
    error.__cause__, middle.__context__ = middle, requests.ConnectionError("gone", request=request)
    middle.__suppress_context__ = True
    search.exception("here", error)
    assert search.counts["exceptions: links of chains"] == 3
    assert {hit.split(": ")[2] for hit in search.hits} == {"ConnectionError"}
