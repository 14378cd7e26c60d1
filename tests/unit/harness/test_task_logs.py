from __future__ import annotations

from typing import Any

from harness.task_logs import readable


def record(event: str, **fields: Any) -> dict[str, Any]:
    return {"timestamp": "2026-03-29T01:02:03.456Z", "level": "info", "event": event, **fields}


def test_records_become_lines_with_time_and_level() -> None:
    records = [
        {"event": "/a/path/attempt=1.log"},
        record("::group::Pre Execute"),
        record("submitted", logger="task"),
        record("two\nlines", level="warning"),
    ]
    assert readable(records).splitlines() == [
        "01:02:03 INFO    submitted",
        "01:02:03 WARNING two",
        "    lines",
    ]


def test_an_exception_is_shown_with_its_last_frames_and_its_cause() -> None:
    frames = [{"filename": "f.py", "lineno": number, "name": "go"} for number in range(1, 6)]
    error = record(
        "Task failed",
        level="error",
        error_detail=[
            {"exc_type": "BuildFailed", "exc_value": "no such package\nlog tail", "frames": frames},
            {"exc_type": "KeyError", "exc_value": "'x'", "frames": []},
        ],
    )
    assert readable([error]).splitlines() == [
        "01:02:03 ERROR   Task failed",
        "    f.py:3 in go",
        "    f.py:4 in go",
        "    f.py:5 in go",
        "    BuildFailed: no such package",
        "    log tail",
        "    caused by",
        "    KeyError: 'x'",
    ]


def test_only_the_last_lines_are_shown() -> None:
    lines = readable([record(f"line {number}") for number in range(100)], last=3).splitlines()
    assert [line.split("   ")[-1].strip() for line in lines] == ["line 97", "line 98", "line 99"]


def test_empty_records_are_accepted() -> None:
    assert readable([{"timestamp": None, "event": "", "level": "info"}]) == "         INFO    "
    assert readable([]) == ""
