"""Searches for secrets in files, databases, exceptions and requests, in every form in which they can be written.

The search does not use the package's redaction, so that it finds what the redaction misses.
"""

from __future__ import annotations

import base64
import html
import json
import re
import sqlite3
import traceback
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from cryptography.fernet import Fernet, InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

#: Length of the beginning or end of a secret that is a hit, too: a string can be truncated inside a secret.
PIECE = 14
_FERNET = b"gAAAAA"
_MAX_DEPTH = 6


def forms(secret: str) -> dict[str, set[bytes]]:
    """Return a secret in every form that is searched for, by the name of the form."""
    raw = secret.encode()
    in_json = json.dumps(secret)[1:-1]
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    found = {
        "plain": {secret, secret[:PIECE], secret[-PIECE:]},
        "URL": quoted | {re.sub(r"%..", lambda escape: escape[0].lower(), text) for text in quoted},
        "JSON": {
            in_json,
            in_json.replace("/", "\\/"),
            repr(secret)[1:-1],
            _unicode(secret, "x"),
            _unicode(secret, "X"),
        },
        "HTML": {html.escape(secret), html.escape(secret, quote=False)},
        "hex": {raw.hex(), raw.hex().upper(), raw.hex(" "), raw.hex(":")},
    }
    plain = found["plain"]
    encoded = {name: {text.encode() for text in texts - plain} for name, texts in found.items() if name != "plain"}
    return {"plain": {text.encode() for text in plain}, **encoded, "base64": set(_in_base64(raw))}


def _unicode(secret: str, digits: str) -> str:
    return "".join(each if each.isalnum() or each in "-_." else f"\\u{ord(each):04{digits}}" for each in secret)


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """Yield the characters of a base64 string that depend only on the secret, for each alignment."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            with_a, with_b = (encode(each * before + raw + each * 3) for each in (b"\x00", b"\xff"))
            same = [a if a == b else 0 for a, b in zip(with_a, with_b, strict=True)]
            yield max(bytes(same).split(b"\x00"), key=len)


@dataclass
class Search:
    """A search for secrets that counts what it searched, and keeps the hits.

    :param secrets: the secrets by name.
    :param canary: a string that is not secret and must be found, which proves that the search works.
    """

    secrets: Mapping[str, str]
    canary: str
    hits: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    canaries: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._needles = [
            (name, form, needle)
            for name, secret in self.secrets.items()
            for form, needles in forms(secret).items()
            for needle in sorted(needles)
        ]

    def search_text(self, area: str, where: str, content: bytes | str, *, allowed: Iterable[str] = ()) -> None:
        """Search a string.

        :param area: the area in which the hits and canaries are counted.
        :param where: the place that a hit reports.
        :param content: the string.
        :param allowed: names of secrets that the string may contain.
        """
        raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
        self.counts[f"{area}: strings"] += 1
        self.counts[f"{area}: bytes"] += len(raw)
        self.canaries[area] += raw.count(self.canary.encode())
        ignored = set(allowed)
        for name, form, needle in self._needles:
            if name not in ignored and needle in raw:
                at = raw.index(needle)
                around = raw[max(0, at - 60) : at + len(needle) + 20]
                self.hits.append(f"{area}: {where}: {name} ({form}): {around!r}")

    def files(self, root: Path, *, area: Callable[[Path], str] = lambda _: "files") -> None:
        """Search every file below a folder."""
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                self.counts[f"{area(path)}: files"] += 1
                self.search_text(area(path), str(path), path.read_bytes())

    def database(self, path: Path, fernet_key: str, *, encrypted: Iterable[tuple[str, str]] = ()) -> None:
        """Search every cell of an SQLite database, also after decompression and decryption.

        :param fernet_key: the key with which Airflow encrypts.
        :param encrypted: columns of encrypted secrets, which are searched but not decrypted.
        """
        excluded, fernet = set(encrypted), Fernet(fernet_key)
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(tables):
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names from the database itself
            columns = [column[0] for column in rows.description]
            self.counts["database: tables"] += 1
            self.counts["database: columns"] += len(columns)
            for row in rows:
                self.counts["database: rows"] += 1
                self.counts[f"rows of {table}"] += 1
                for column, cell in zip(columns, row, strict=True):
                    self._cell(f"{table}.{column}", cell, None if (table, column) in excluded else fernet)
        connection.close()

    def _cell(self, where: str, cell: object, fernet: Fernet | None) -> None:
        if not isinstance(cell, str | bytes):
            return
        raw = cell.encode() if isinstance(cell, str) else cell
        self.search_text("database", where, raw)
        for unpacked in _unpacked(raw, fernet):
            self.counts["database: cells unpacked or decrypted"] += 1
            self.search_text("database", f"{where} (decoded)", unpacked)

    def exception(self, where: str, error: BaseException, *, allowed: Iterable[str] = ()) -> None:
        """Search an exception and its causes: messages, arguments, attributes and the traceback."""
        for each in _chain(error):
            self.counts["exceptions: links of chains"] += 1
            for text in (str(each), repr(each), *_strings(vars(each), 0), *_strings(each.args, 0)):
                self.search_text("exceptions", f"{where}: {type(each).__name__}", text, allowed=allowed)
        whole = "".join(traceback.format_exception(error))
        self.search_text("exceptions", f"{where}: traceback", whole, allowed=allowed)

    def report(self) -> str:
        """Return the numbers of the search."""
        lines = [f"  {name:<45} {number:>15,}" for name, number in sorted(self.counts.items()) if "rows of" not in name]
        lines += [f"  canaries in {area:<33} {number:>15,}" for area, number in sorted(self.canaries.items())]
        needles = f"{len(self.secrets)} secrets in {len(self._needles)} forms: {len(self.hits)} hits"
        return "\n".join(["searched for " + needles, *lines])


def _unpacked(raw: bytes, fernet: Fernet | None) -> Iterator[bytes]:
    if raw.startswith(_FERNET) and fernet is not None:
        try:
            yield fernet.decrypt(raw)
        except InvalidToken:
            return
    try:
        yield zlib.decompress(raw)
    except zlib.error:
        return


def _chain(error: BaseException) -> list[BaseException]:
    """Return an exception with its causes and contexts, including those that ``from None`` hides in tracebacks."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and not any(each is known for known in found):
            found.append(each)
            waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return found


def _strings(value: Any, depth: int) -> Iterator[str | bytes]:
    """Yield every string in a value, including the attributes of objects of the HTTP libraries and of the package."""
    if isinstance(value, str | bytes):
        yield value
    elif depth >= _MAX_DEPTH:
        return
    elif isinstance(value, dict):
        for key, item in list(value.items()):
            yield from (*_strings(key, depth + 1), *_strings(item, depth + 1))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _strings(item, depth + 1)
    elif type(value).__module__.partition(".")[0] in {"requests", "urllib3", "aiohttp", "datarobot_provider"}:
        inside = getattr(value, "__dict__", {})
        yield from _strings(dict(getattr(value, "_store", {}) or {}), depth + 1)
        yield from _strings(inside, depth + 1)
