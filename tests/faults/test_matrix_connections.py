"""Connections that are cut, and servers that take their time, at the request that each task is about."""

from __future__ import annotations

import re
from typing import Any

import pytest

from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.faults.cases import CASES, Case, axis_of
from tests.faults.runs import ATTEMPTS, SHORT_TIMEOUT, UPLOAD_ATTEMPTS, Runner
from tests.pairwise import axis, pairwise
from tests.support.proxy import Proxy, Response, serve

EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
#: A response without a body has no inside.
EVERY_CUT = pairwise(
    lambda case, cut: cut != "inside" or not case.empty,
    case=axis_of(CASES),
    cut=axis(("before", "inside", "after")),
)
#: Much longer than a response takes, and shorter than a stall, in seconds.
READ_TIMEOUT, STALL = 0.15, 0.25
_BROKEN = "No response from DataRobot to {method} {path}: the connection was lost before the response was complete"
_SILENT = "No response from DataRobot to {method} {path}: the request timed out"


def check_broken(runner: Runner, case: Case, given: dict[str, Any], words: str, times: int | None) -> None:
    """Run a case whose request gets no response; it heals, or the request is sent once and the error says why.

    :param words: what the error says.
    :param times: how often there is no response; ``None`` for always.
    """
    outcome = runner.run(case, given)
    own, undisturbed = outcome.own(case), runner.undisturbed(case)
    if not case.safe:
        assert len(own) == 1
        path = own[0]["path"].removeprefix("/api/v2/")
        assert type(outcome.error) is AirflowException, outcome.value
        assert outcome.text.startswith(words.format(method=case.method, path=path))
        assert outcome.text.endswith("DataRobot may have processed the request.")
    elif times is None:
        assert isinstance(outcome.error, AirflowException), outcome.value
        assert not isinstance(outcome.error, AirflowFailException)
        assert len(own) >= 2
    else:
        assert outcome.error is None, outcome.text
        assert outcome.value == undisturbed.value
        # At least: on a loaded machine any response may take longer than the short timeouts of these tests.
        assert len(own) >= len(undisturbed.own(case)) + times


@EVERY_CUT
def test_a_connection_that_is_cut_temporarily(runner: Runner, case: Case, cut: str) -> None:
    given = runner.arguments(case)
    # A DELETE that was handled is answered with 404 the second time: it is done.
    times = 1 if case.method == "DELETE" else 2
    runner.resources.inject_fault(case.path, method=case.method, times=times, cut=cut)
    check_broken(runner, case, given, _BROKEN, times)


@EVERY_CUT
def test_a_connection_that_is_always_cut(runner: Runner, case: Case, cut: str) -> None:
    given = runner.arguments(case, SHORT_TIMEOUT)
    runner.resources.inject_fault(case.path, method=case.method, times=None, cut=cut)
    if case.download and cut == "inside":
        # Each piece is progress, so the file comes together, or turns out not to be resumable.
        runner.run(case, given)
    else:
        check_broken(runner, case, given, _BROKEN, None)


@EVERY_CASE
def test_a_stall_that_is_shorter_than_the_timeout(runner: Runner, case: Case) -> None:
    given = runner.arguments(case)
    runner.resources.inject_fault(case.path, method=case.method, times=2, delay=0.02)
    outcome = runner.run(case, given)
    assert outcome.error is None, outcome.text
    assert outcome.value == runner.undisturbed(case).value
    assert len(outcome.own(case)) == len(runner.undisturbed(case).own(case))


@pairwise(
    lambda case, times: times is not None or case.safe,
    case=axis_of(CASES),
    times={"once": 1, "always": None},
)
def test_a_stall_that_is_longer_than_the_timeout(runner: Runner, case: Case, times: int | None) -> None:
    attempts = ATTEMPTS if times else 2
    runner.connect(attempts=attempts, read_timeout=READ_TIMEOUT, upload_timeout=READ_TIMEOUT)
    given = runner.arguments(case) if times else runner.arguments(case, SHORT_TIMEOUT)
    if case.download and times is None:
        # It has a budget of resumptions of its own, which would only take longer.
        times = 1
    runner.resources.inject_fault(case.path, method=case.method, times=times, delay=STALL)
    check_broken(runner, case, given, _SILENT, times)


@EVERY_CASE
def test_a_host_that_refuses_connections(runner: Runner, case: Case) -> None:
    """Nothing was sent, so everything is tried again, and in vain."""
    given = runner.arguments(case, SHORT_TIMEOUT)
    with serve() as closed:
        origin = closed.url
    runner.connect(origin)
    outcome = runner.run(case, given)
    assert isinstance(outcome.error, AirflowException)
    assert not isinstance(outcome.error, AirflowFailException)
    if not case.sensor:
        assert re.search(r"No response from DataRobot to \w+ .*: the connection was refused", outcome.text)
        assert "may have handled" not in outcome.text


@EVERY_CASE
def test_a_body_that_is_not_utf_8(runner: Runner, proxy: Proxy, case: Case) -> None:
    given = runner.arguments(case, SHORT_TIMEOUT)
    runner.connect(proxy.url)
    response = Response(200, [("Content-Type", "application/json")], b'{"id": "caf\xe9"}')
    proxy.respond_to(case.matches, response)
    outcome = runner.run(case, given)
    if not case.any_body:
        assert isinstance(outcome.error, AirflowException), outcome.value
        assert case.sensor or 'is not JSON: \'{"id": "caf\ufffd"}\'' in outcome.text


def test_uploads_have_a_number_of_attempts_of_their_own(runner: Runner) -> None:
    assert UPLOAD_ATTEMPTS != ATTEMPTS
