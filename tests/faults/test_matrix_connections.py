"""Connections that are cut, and servers that take their time, at the request that each task is about."""

from __future__ import annotations

import re
from typing import Any

import pytest

from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.faults.runs import ATTEMPTS, HASTY, UPLOAD_ATTEMPTS, Runner
from tests.faults.scenes import SCENES, Scene, axis_of
from tests.pairwise import axis, pairwise
from tests.support.proxy import Proxy, Response, serve

EVERY_SCENE = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
#: A response without a body has no inside.
EVERY_CUT = pairwise(
    lambda scene, cut: cut != "inside" or not scene.empty,
    scene=axis_of(SCENES),
    cut=axis(("before", "inside", "after")),
)
#: Much longer than a response takes, and shorter than a stall, in seconds.
READ_TIMEOUT, STALL = 0.15, 0.25
_BROKEN = "No response from DataRobot to {method} {path}: the connection broke off before the response was complete"
_SILENT = "No response from DataRobot to {method} {path}: no response in time"


def check_broken(runner: Runner, scene: Scene, given: dict[str, Any], words: str, times: int | None) -> None:
    """Run a scene whose request gets no response; it heals, or the request is sent once and the error says why.

    :param words: what the error says.
    :param times: how often there is no response; ``None`` for always.
    """
    ended = runner.run(scene, given)
    own, calm = ended.own(scene), runner.calm(scene)
    if not scene.safe:
        assert len(own) == 1
        path = own[0]["path"].removeprefix("/api/v2/")
        assert type(ended.error) is AirflowException, ended.value
        assert ended.text.startswith(words.format(method=scene.method, path=path))
        assert ended.text.endswith("DataRobot may have processed the request.")
    elif times is None:
        assert isinstance(ended.error, AirflowException), ended.value
        assert not isinstance(ended.error, AirflowFailException)
        assert len(own) >= 2
    else:
        assert ended.error is None, ended.text
        assert ended.value == calm.value
        # At least: on a loaded machine any response may take longer than the short timeouts of these tests.
        assert len(own) >= len(calm.own(scene)) + times


@EVERY_CUT
def test_a_connection_that_is_cut_for_a_while(runner: Runner, scene: Scene, cut: str) -> None:
    given = runner.arguments(scene)
    # A DELETE that was handled is answered with 404 the second time: it is done.
    times = 1 if scene.method == "DELETE" else 2
    runner.world.fault(scene.path, method=scene.method, times=times, cut=cut)
    check_broken(runner, scene, given, _BROKEN, times)


@EVERY_CUT
def test_a_connection_that_is_always_cut(runner: Runner, scene: Scene, cut: str) -> None:
    given = runner.arguments(scene, HASTY)
    runner.world.fault(scene.path, method=scene.method, times=None, cut=cut)
    if scene.download and cut == "inside":
        # Each piece is progress, so the file comes together, or turns out not to be resumable.
        runner.run(scene, given)
    else:
        check_broken(runner, scene, given, _BROKEN, None)


@EVERY_SCENE
def test_a_stall_that_is_shorter_than_the_timeout(runner: Runner, scene: Scene) -> None:
    given = runner.arguments(scene)
    runner.world.fault(scene.path, method=scene.method, times=2, delay=0.02)
    ended = runner.run(scene, given)
    assert ended.error is None, ended.text
    assert ended.value == runner.calm(scene).value
    assert len(ended.own(scene)) == len(runner.calm(scene).own(scene))


@pairwise(
    lambda scene, times: times is not None or scene.safe,
    scene=axis_of(SCENES),
    times={"once": 1, "always": None},
)
def test_a_stall_that_is_longer_than_the_timeout(runner: Runner, scene: Scene, times: int | None) -> None:
    attempts = ATTEMPTS if times else 2
    runner.connect(attempts=attempts, read_timeout=READ_TIMEOUT, upload_timeout=READ_TIMEOUT)
    given = runner.arguments(scene) if times else runner.arguments(scene, HASTY)
    if scene.download and times is None:
        # It has a budget of resumptions of its own, which would only take longer.
        times = 1
    runner.world.fault(scene.path, method=scene.method, times=times, delay=STALL)
    check_broken(runner, scene, given, _SILENT, times)


@EVERY_SCENE
def test_a_host_where_nobody_listens(runner: Runner, scene: Scene) -> None:
    """Nothing was sent, so everything is tried again, and in vain."""
    given = runner.arguments(scene, HASTY)
    with serve() as closed:
        origin = closed.url
    runner.connect(origin)
    ended = runner.run(scene, given)
    assert isinstance(ended.error, AirflowException)
    assert not isinstance(ended.error, AirflowFailException)
    if not scene.sensor:
        assert re.search(r"No response from DataRobot to \w+ .*: the connection was refused", ended.text)
        assert "may have handled" not in ended.text


@EVERY_SCENE
def test_a_body_that_is_not_utf_8(runner: Runner, proxy: Proxy, scene: Scene) -> None:
    given = runner.arguments(scene, HASTY)
    runner.connect(proxy.url)
    response = Response(200, [("Content-Type", "application/json")], b'{"id": "caf\xe9"}')
    proxy.respond_to(scene.asks, response)
    ended = runner.run(scene, given)
    if not scene.any_body:
        assert isinstance(ended.error, AirflowException), ended.value
        assert scene.sensor or 'is not JSON: \'{"id": "caf\ufffd"}\'' in ended.text


def test_the_budget_of_uploads_is_their_own(runner: Runner) -> None:
    assert UPLOAD_ATTEMPTS != ATTEMPTS
