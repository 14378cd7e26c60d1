"""One run of one task: what it returned or how it failed, what it sent, and the checks that hold for every run."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datarobot_provider.version_compat import AirflowException
from tests.parity.runs import normalize
from tests.support.emulator import CONNECTION, TOKEN
from tests.support.tasks import find_jobs_as_they_are, find_jobs_running, run_task
from tests.unit.support import FakeTaskInstance

if TYPE_CHECKING:
    from tests.faults.cases import Case
    from tests.faults.resources import Resources

#: The budget of the connection.
ATTEMPTS, UPLOAD_ATTEMPTS = 4, 3
#: Seconds that a loaded machine needs at most for everything that succeeds here.
LONG_TIMEOUT = 30.0
#: Seconds to wait where nothing succeeds.
SHORT_TIMEOUT = 0.05
_LONGEST_TEXT = 11_000
#: What an error message has to contain: the status, or the reason.
_REASONS = (
    *(r"returned \d{3}", "No response from DataRobot", "is a redirect", "is not JSON", "cannot be (used|read)"),
    *(
        "instead of an object",
        "has no field '",
        "did not (say|end)",
        "Sensor has timed out",
        "shorter than its Content-Length",
    ),
    *(
        "redirected (to an invalid|more than)",
        "bytes, but",
        "SHA-256",
        "(could not|cannot) be polled",
        "no longer exists",
    ),
    *("changed on the server", "was cancelled in DataRobot", "failed", "is not a valid id"),
)
_IN_A_TEXT = re.compile("|".join(_REASONS))
_UNDISTURBED: dict[str, Outcome] = {}


@dataclass
class Outcome:
    """How a task ended.

    :param value: what it returned, volatile parts replaced.
    :param error: what it raised.
    :param sent: the API requests that the emulator saw, oldest first.
    """

    value: Any = None
    error: BaseException | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The error's message."""
        return str(self.error)

    def own(self, case: Case) -> list[dict[str, Any]]:
        """Return the requests that the case is about."""
        return [row for row in self.sent if case.matches(row["method"], row["path"])]


class Runner:
    """Runs tasks against the emulator, or against something in front of it."""

    def __init__(self, resources: Resources, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.resources, self._folder, self._patch = resources, folder, monkeypatch
        self.connect()

    def connect(self, origin: str | None = None, **extra: Any) -> None:
        """Let the connection lead to ``origin``, by default the emulator, with these extras."""
        usual = {"attempts": ATTEMPTS, "upload_attempts": UPLOAD_ATTEMPTS, "retry_cap": 0.01}
        self._origin = origin or self.resources.url
        host = f"{self._origin}/api/v2"
        connection = {"conn_type": "datarobot", "host": host, "password": TOKEN, "extra": {**usual, **extra}}
        self._patch.setenv(CONNECTION, json.dumps(connection))

    def find_jobs_running(self) -> None:
        """Let the poll on the worker find every job running, so that the trigger meets the fault."""
        find_jobs_running(self._patch)

    def arguments(self, case: Case, timeout: float = LONG_TIMEOUT, *, deferrable: bool = False) -> dict[str, Any]:
        """Create what a case needs; return the arguments of its task."""
        # A new folder each time: a download that is there already need not be fetched.
        given = case.prepare(self.resources, Path(tempfile.mkdtemp(dir=self._folder)))
        if case.sensor:
            return {**given, "poke_interval": 0.01, "timeout": timeout, "deferrable": deferrable}
        if case.job:
            return {**given, "poll_interval": 0.01, "timeout": timeout, "deferrable": deferrable}
        return given

    def run(self, case: Case, given: dict[str, Any]) -> Outcome:
        """Run a case with these arguments to its end; check what holds for every end."""
        self.resources.clear_requests()
        outcome = Outcome()
        try:
            outcome.value = self._comparable(self._execute(case, given))
            if case.download:
                outcome.value["path"] = Path(outcome.value["path"]).name
        except Exception as error:  # noqa: BLE001 - which it is, is what is checked
            outcome.error = error
        outcome.sent = self.resources.requests()
        check(outcome, alone=case.download)
        return outcome

    def _comparable(self, value: Any) -> Any:
        """Return a value without what differs from run to run, including the address of the server."""
        return normalize(json.loads(json.dumps(value).replace(self._origin, "<host>")))

    def undisturbed(self, case: Case) -> Outcome:
        """Return how a case ends without any fault. Each case is run once for this, after all faults were cleared."""
        if case.name not in _UNDISTURBED:
            self.resources.clear_faults()
            with pytest.MonkeyPatch.context() as patch:
                find_jobs_as_they_are(patch)
                direct = Runner(self.resources, self._folder, patch)
                outcome = direct.run(case, direct.arguments(case))
            assert outcome.error is None, outcome.text
            _UNDISTURBED[case.name] = outcome
        return _UNDISTURBED[case.name]

    def _execute(self, case: Case, given: dict[str, Any]) -> Any:
        value = run_task(lambda: case.task(task_id="t", **given), {"ti": FakeTaskInstance()})
        return json.loads(json.dumps(value, allow_nan=False))


def check(outcome: Outcome, *, alone: bool = False) -> None:
    """Check what holds however a task ends: the kind of error, its text, and where requests went.

    :param outcome: how it ended.
    :param alone: whether it may follow redirects, without the token.
    """
    if outcome.error is not None:
        if not isinstance(outcome.error, AirflowException):
            raise AssertionError(f"{type(outcome.error).__name__} got out: {outcome.text[:500]}") from outcome.error
        assert len(outcome.text) <= _LONGEST_TEXT, f"{len(outcome.text)} characters"
        assert TOKEN not in outcome.text
        assert _IN_A_TEXT.search(outcome.text), outcome.text
        assert "Traceback" not in outcome.text
        assert outcome.text.isprintable() or outcome.text.replace("\n", "").isprintable(), repr(outcome.text)
    assert TOKEN not in json.dumps(outcome.value)
    ours = [row for row in outcome.sent if not alone or row["authorization"] != "absent"]
    assert [row["path"] for row in ours if not row["path"].startswith("/api/v2/")] == []
    assert {row["authorization"] for row in ours} <= {"valid"}
