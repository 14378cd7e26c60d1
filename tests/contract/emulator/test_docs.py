"""The page about the emulator is complete and up to date."""

import json
import re
from pathlib import Path

import pytest

from datarobot_provider.emulator.app import create_app
from datarobot_provider.emulator.command import _parser
from datarobot_provider.emulator.common import strict_json
from datarobot_provider.emulator.store.jobs import DEFAULT, OUTCOMES
from datarobot_provider.emulator.store.seed_loader import SCHEMA
from docs._generate import emulator

PAGE = Path(__file__).resolve().parents[3] / "docs" / "emulator.md"


@pytest.fixture
def page():
    return PAGE.read_text(encoding="utf-8")


def test_tables_are_up_to_date(page):
    assert page.count("<!-- table: ") == page.count("<!-- end -->") == 6
    assert emulator.page() == page, "run: python docs/generate.py"


def test_every_control_route_is_documented(page):
    control = next(mount for mount in create_app("documented-token").routes if mount.path == "/__emulator__")
    routes = {(method, route.path.strip("/").split("/")[0]) for route in control.routes for method in route.methods}
    listed = set()
    for methods, names in re.findall(r"^\| ([A-Z, ]+) \| `([^|]+)` \|", page, re.MULTILINE):
        listed |= {
            (method, name.strip("` ").split("/")[0].split("?")[0])
            for method in methods.split(", ")
            for name in names.split(",")
        }
    assert {route for route in routes if route[0] != "HEAD"} == listed


def test_documented_seed_is_valid(page):
    seed = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])
    assert list(strict_json.Validator(SCHEMA).iter_errors(seed)) == []
    assert set(seed) == set(SCHEMA["properties"])


def test_every_option_of_the_command_is_documented(page):
    options = {option for action in _parser()._actions for option in action.option_strings} - {"-h", "--help"}
    assert [option for option in sorted(options) if not re.search(rf"^\| `{option}[` ]", page, re.MULTILINE)] == []


def test_every_outcome_is_documented(page):
    assert [outcome for outcome in sorted({DEFAULT, *OUTCOMES}) if f"`{outcome}`" not in page] == []
