"""The token is nowhere: not in Airflow's database, not in its log files, not in the emulator's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.system.conftest import World


def test_the_token_is_in_no_file_that_the_runs_left(world: World) -> None:
    run_id = world.start()
    assert world.ended(run_id) == "success"
    files = [path for path in world.airflow.settings.home.parent.rglob("*") if path.is_file()]
    assert world.airflow.database in files
    assert any(path.suffix == ".log" and "task_id=test_version" in str(path) for path in files)
    token = world.emulator.token.encode()
    assert [str(path) for path in files if token in path.read_bytes()] == []
