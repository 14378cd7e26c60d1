"""Tables: parser of an uploaded CSV file, and the types of its columns."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DELIMITERS = ",\t;|"
_SAMPLE = 64 * 1024
_MAX_COLUMNS = 20_000
_MISSING = frozenset({"", "na", "nan", "null", "none"})
_MAX_CATEGORY = 50


class Table(NamedTuple):
    """The content of a dataset, as strings."""

    columns: list[str]
    rows: list[list[str]]


def read_lines(content: bytes) -> list[list[str]]:
    """Return the lines of a CSV file: the header and the rows, which may have other numbers of values.

    :param content: the file, in UTF-8.
    :raises ValueError: if it is not a CSV file, or is empty. The message gives the reason.
    """
    try:
        text = content.decode("utf-8-sig")
        lines = [row for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(str(error)) from error
    if not lines:
        raise ValueError("it has no header row")
    return lines


def read_table(content: bytes) -> Table:
    """Return the table in a CSV file.

    :param content: the file, in UTF-8.
    :raises ValueError: if it is not a table. The message gives the reason.
    """
    columns, *rows = read_lines(content)
    table = Table(columns, rows)
    if len(table.columns) >= _MAX_COLUMNS:
        raise ValueError(f"it has {len(table.columns):,} columns, the maximum is {_MAX_COLUMNS - 1:,}")
    for number, row in enumerate(table.rows, 2):
        if len(row) != len(table.columns):
            raise ValueError(f"line {number} has {len(row)} values, the header {len(table.columns)}")
    return table


def feature_types(table: Table) -> list[dict[str, object]]:
    """Return how many columns have which type, as the API returns it."""
    types = Counter(_type_of(row[index] for row in table.rows) for index in range(len(table.columns)))
    return [{"featureType": name, "count": count} for name, count in sorted(types.items())]


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as a CSV file."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([columns, *rows])
    return target.getvalue().encode()


def is_missing(text: str) -> bool:
    """Return whether a cell stands for a missing value."""
    return text.strip().lower() in _MISSING


def as_number(text: str) -> float | None:
    """Return the number in a cell, or None if it contains none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _delimiter(text: str) -> str:
    """Return the delimiter that occurs most often in the header."""
    header = text[:_SAMPLE].partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def _type_of(values: Iterable[str]) -> str:
    known = [value for value in values if not is_missing(value)]
    if known and all(as_number(value) is not None for value in known):
        return "Numeric"
    return "Text" if any(len(value) > _MAX_CATEGORY for value in known) else "Categorical"
