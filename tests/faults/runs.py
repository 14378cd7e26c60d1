"""Runs a task, returns its result and its requests, and checks the conditions of every run."""

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
from tests.support.tasks import find_jobs_running, restore_poll_once, run_task
from tests.unit.support import FakeTaskInstance

if TYPE_CHECKING:
    from tests.faults.cases import Case
    from tests.faults.resources import Resources

#: The numbers of attempts of the connection.
ATTEMPTS, UPLOAD_ATTEMPTS = 4, 3
#: Timeout of a task that succeeds, in seconds; long enough for a machine under load.
LONG_TIMEOUT = 30.0
#: Timeout of a task that fails, in seconds.
SHORT_TIMEOUT = 0.05
_MAX_MESSAGE_LENGTH = 11_000
#: Patterns, one of which every error message matches: the status or the reason.
_REASONS = (
    *(r"returned \d{3}", "No response from DataRobot", "is a redirect", "is not JSON", "cannot be (used|read)"),
    *(
        "instead of an object",
        "has no field '",
        "did not (say|end)|has no value for",
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
_REASON_PATTERN = re.compile("|".join(_REASONS))
_WITHOUT_FAULTS: dict[str, Outcome] = {}


@dataclass
class Outcome:
    """The outcome of a task.

    :param value: the return value, with placeholders for values that differ in every run.
    :param error: the exception.
    :param sent: the API requests that the emulator received, oldest first.
    """

    value: Any = None
    error: BaseException | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The error message."""
        return str(self.error)

    def requests_of(self, case: Case) -> list[dict[str, Any]]:
        """Return the requests of a case that faults affect."""
        return [row for row in self.sent if case.matches(row["method"], row["path"])]


class Runner:
    """Runs tasks against the emulator, or against a server in front of it."""

    def __init__(self, resources: Resources, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.resources, self._folder, self._patch = resources, folder, monkeypatch
        self.connect()

    def connect(self, origin: str | None = None, **extra: Any) -> None:
        """Set the connection to ``origin``, by default the emulator, with these extras."""
        defaults = {"attempts": ATTEMPTS, "upload_attempts": UPLOAD_ATTEMPTS, "retry_cap": 0.01}
        self._origin = origin or self.resources.url
        host = f"{self._origin}/api/v2"
        connection = {"conn_type": "datarobot", "host": host, "password": TOKEN, "extra": {**defaults, **extra}}
        self._patch.setenv(CONNECTION, json.dumps(connection))

    def find_jobs_running(self) -> None:
        """Let the poll on the worker find every job running, so that the fault affects the trigger."""
        find_jobs_running(self._patch)

    def arguments(self, case: Case, timeout: float = LONG_TIMEOUT, *, deferrable: bool = False) -> dict[str, Any]:
        """Create the resources that a case requires; return the arguments of its task."""
        # A new folder each time: an operator does not download a file that exists.
        arguments = case.prepare(self.resources, Path(tempfile.mkdtemp(dir=self._folder)))
        if case.sensor:
            return {**arguments, "poke_interval": 0.01, "timeout": timeout, "deferrable": deferrable}
        if case.job:
            return {**arguments, "poll_interval": 0.01, "timeout": timeout, "deferrable": deferrable}
        return arguments

    def run(self, case: Case, arguments: dict[str, Any]) -> Outcome:
        """Run a case with these arguments to its end; check the conditions of every outcome."""
        self.resources.clear_requests()
        outcome = Outcome()
        try:
            outcome.value = self._comparable(self._execute(case, arguments))
            if case.download:
                outcome.value["path"] = Path(outcome.value["path"]).name
        except Exception as error:  # noqa: BLE001 - its type is checked
            outcome.error = error
        outcome.sent = self.resources.requests()
        check(outcome, download=case.download)
        return outcome

    def _comparable(self, value: Any) -> Any:
        """Return a value with placeholders for values that differ in every run, including the server's address."""
        return normalize(json.loads(json.dumps(value).replace(self._origin, "<host>")))

    def run_without_faults(self, case: Case) -> Outcome:
        """Return the outcome of a case without faults. The faults are cleared, and each case runs once for this."""
        if case.name not in _WITHOUT_FAULTS:
            self.resources.clear_faults()
            with pytest.MonkeyPatch.context() as patch:
                restore_poll_once(patch)
                direct = Runner(self.resources, self._folder, patch)
                outcome = direct.run(case, direct.arguments(case))
            assert outcome.error is None, outcome.text
            _WITHOUT_FAULTS[case.name] = outcome
        return _WITHOUT_FAULTS[case.name]

    def _execute(self, case: Case, arguments: dict[str, Any]) -> Any:
        value = run_task(lambda: case.task(task_id="t", **arguments), {"ti": FakeTaskInstance()})
        return json.loads(json.dumps(value, allow_nan=False))


def check(outcome: Outcome, *, download: bool = False) -> None:
    """Check the conditions of every outcome: the type of the error, its message, and the paths of the requests.

    :param outcome: the outcome of the task.
    :param download: whether the task may follow redirects, without the token.
    """
    if outcome.error is not None:
        if not isinstance(outcome.error, AirflowException):
            raise AssertionError(f"{type(outcome.error).__name__} was raised: {outcome.text[:500]}") from outcome.error
        assert len(outcome.text) <= _MAX_MESSAGE_LENGTH, f"{len(outcome.text)} characters"
        assert TOKEN not in outcome.text
        assert _REASON_PATTERN.search(outcome.text), outcome.text
        assert "Traceback" not in outcome.text
        assert outcome.text.isprintable() or outcome.text.replace("\n", "").isprintable(), repr(outcome.text)
    assert TOKEN not in json.dumps(outcome.value)
    ours = [row for row in outcome.sent if not download or row["authorization"] != "absent"]
    assert [row["path"] for row in ours if not row["path"].startswith("/api/v2/")] == []
    assert {row["authorization"] for row in ours} <= {"valid"}
