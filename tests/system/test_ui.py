"""What a person sees in Airflow's UI: the connection form, its test button, the trigger form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.hooks.form import EXTRAS

if TYPE_CHECKING:
    from tests.system.conftest import World


def test_the_connection_form_shows_our_fields_alone(world: World) -> None:
    forms = world.connection_forms()
    form = next(each for each in forms if each["connection_type"] == "datarobot")
    assert form["hook_name"] == "DataRobot"
    standard = form["standard_fields"]
    assert [name for name in ("login", "port") if not standard[name]["hidden"]] == []
    assert standard["host"]["title"] == "Endpoint"
    assert standard["password"]["title"] == "API token"
    assert set(form["extra_fields"]) == set(EXTRAS)


def test_the_test_button_says_whether_the_connection_works(world: World) -> None:
    def press(token: str, host: str = world.emulator.endpoint) -> tuple[bool, str]:
        return world.press_test(connection_id="tried", conn_type="datarobot", host=host, password=token)

    works, message = press(world.emulator.token)
    assert works, message
    assert press("not-the-token") == (
        False,
        f"{world.emulator.endpoint.removesuffix('/api/v2')} is there, but it refuses the API token (401).",
    )
    assert press("any", "http://127.0.0.1:9")[0] is False


def test_the_trigger_form_is_typed_and_has_defaults(world: World) -> None:
    params = world.form_params()
    assert all(param["value"] is not None for param in params.values())
    assert all({"type", "title"} <= set(param["schema"]) for param in params.values())
