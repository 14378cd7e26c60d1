"""Cut connections and slow servers at the main request of each task."""

from __future__ import annotations

import re
from typing import Any

from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.faults.cases import CASES, Case, axis_of, axis_of_requests
from tests.faults.runs import ATTEMPTS, SHORT_TIMEOUT, UPLOAD_ATTEMPTS, Runner
from tests.pairwise import axis, pairwise
from tests.support.proxy import Proxy, Response, serve

EVERY_KIND = axis_of_requests(CASES)
CUTS = axis(("before", "inside", "after"))
#: In seconds: much longer than a response takes, and shorter than a stall.
READ_TIMEOUT, STALL = 0.15, 0.25
_CONNECTION_LOST = (
    "No response from DataRobot to {method} {path}: the connection was lost before the response was complete"
)
_TIMED_OUT = "No response from DataRobot to {method} {path}: the request timed out"


def cut_exists(case: Case, cut: str) -> bool:
    """Return whether the response can be cut there: one without a body cannot be cut inside."""
    return cut != "inside" or not case.empty


def check_lost_response(runner: Runner, case: Case, arguments: dict[str, Any], message: str, times: int | None) -> None:
    """Run a case whose request gets no response; check that a safe request is repeated, and another is sent once.

    :param message: the expected error message.
    :param times: number of requests without a response; ``None`` for all.
    """
    outcome = runner.run(case, arguments)
    own, without_faults = outcome.requests_of(case), runner.run_without_faults(case)
    if not case.safe:
        assert len(own) == 1
        path = own[0]["path"].removeprefix("/api/v2/")
        assert type(outcome.error) is AirflowException, outcome.value
        assert outcome.text.startswith(message.format(method=case.method, path=path))
        assert outcome.text.endswith("DataRobot may have processed the request.")
    elif times is None:
        assert isinstance(outcome.error, AirflowException), outcome.value
        assert not isinstance(outcome.error, AirflowFailException)
        assert len(own) >= 2
    else:
        assert outcome.error is None, outcome.text
        assert outcome.value == without_faults.value
        # On a machine under load, other responses can also exceed the short timeouts of these tests.
        assert len(own) >= len(without_faults.requests_of(case)) + times


@pairwise(cut_exists, case=axis_of(CASES), cut=CUTS)
def test_a_connection_that_is_cut_temporarily(runner: Runner, case: Case, cut: str) -> None:
    arguments = runner.arguments(case)
    # The response to a repeated DELETE is a 404, which is a success.
    times = 1 if case.method == "DELETE" else 2
    runner.resources.fault(case.method, case.path, times=times, cut=cut)
    check_lost_response(runner, case, arguments, _CONNECTION_LOST, times)


@pairwise(cut_exists, case=EVERY_KIND, cut=CUTS)
def test_a_connection_that_is_always_cut(runner: Runner, case: Case, cut: str) -> None:
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    runner.resources.fault(case.method, case.path, times=None, cut=cut)
    if case.download and cut == "inside":
        # Each part is progress: the download is completed, or cannot be resumed.
        runner.run(case, arguments)
    else:
        check_lost_response(runner, case, arguments, _CONNECTION_LOST, None)


@pairwise(case=EVERY_KIND)
def test_a_stall_that_is_shorter_than_the_timeout(runner: Runner, case: Case) -> None:
    arguments = runner.arguments(case)
    runner.resources.fault(case.method, case.path, times=2, delay=0.02)
    outcome = runner.run(case, arguments)
    assert outcome.error is None, outcome.text
    assert outcome.value == runner.run_without_faults(case).value
    assert len(outcome.requests_of(case)) == len(runner.run_without_faults(case).requests_of(case))


@pairwise(
    lambda case, times: times is not None or case.safe,
    case=EVERY_KIND,
    times={"once": 1, "always": None},
)
def test_a_stall_that_is_longer_than_the_timeout(runner: Runner, case: Case, times: int | None) -> None:
    attempts = ATTEMPTS if times else 2
    runner.connect(attempts=attempts, read_timeout=READ_TIMEOUT, upload_timeout=READ_TIMEOUT)
    arguments = runner.arguments(case) if times else runner.arguments(case, SHORT_TIMEOUT)
    if case.download and times is None:
        # A download has a separate limit of resumptions, which would take longer.
        times = 1
    runner.resources.fault(case.method, case.path, times=times, delay=STALL)
    check_lost_response(runner, case, arguments, _TIMED_OUT, times)


@pairwise(case=EVERY_KIND)
def test_a_host_that_refuses_connections(runner: Runner, case: Case) -> None:
    """Nothing was sent, so every request is repeated until the last attempt fails."""
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    with serve() as closed:
        origin = closed.url
    runner.connect(origin)
    outcome = runner.run(case, arguments)
    assert isinstance(outcome.error, AirflowException)
    assert not isinstance(outcome.error, AirflowFailException)
    if not case.sensor:
        assert re.search(r"No response from DataRobot to \w+ .*: the connection was refused", outcome.text)
        assert "may have processed" not in outcome.text


@pairwise(case=EVERY_KIND)
def test_a_body_that_is_not_utf_8(runner: Runner, proxy: Proxy, case: Case) -> None:
    arguments = runner.arguments(case, SHORT_TIMEOUT)
    runner.connect(proxy.url)
    response = Response(200, [("Content-Type", "application/json")], b'{"id": "caf\xe9"}')
    proxy.respond_to(case.matches, response)
    outcome = runner.run(case, arguments)
    if not case.any_body:
        assert isinstance(outcome.error, AirflowException), outcome.value
        assert case.sensor or 'is not JSON: \'{"id": "caf\ufffd"}\'' in outcome.text


def test_uploads_have_a_separate_number_of_attempts(runner: Runner) -> None:
    assert UPLOAD_ATTEMPTS != ATTEMPTS
