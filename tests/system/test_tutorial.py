"""The tutorial: every command is run in order, every file is written, every output is compared.

The commands run verbatim, with two exceptions: the environment of the tests replaces the installation, and the emulator
and Airflow listen on free ports.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from harness.airflow_api import AirflowApi
from harness.emulator import ROOT
from harness.processes import LOCALHOST, Child, Processes, free_ports, search_log, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = ROOT / "docs" / "tutorial.md"
FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
SECOND_TERMINAL, FAILS, RUNS = "second terminal", "fails, as intended", "runs until Ctrl-C"
#: The commands that the environment of the tests replaces.
INSTALLATION = (
    "git clone <this repository> provider",
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install -c provider/constraints.txt './provider[testing]'",
)
PORT_OF_THE_PAGE = "8089"
#: Airflow 3.3 fails a deferred task that resumes before the scheduler has read that its first part ended, which happens
#: on a machine under load. The examples have retries; the DAG of the tutorial is run again.
STATE_MISMATCH = re.compile(r"finished with state success, but the task instance's state attribute is")
RUNS_UNDER_LOAD = 3


class Block(NamedTuple):
    """A fenced block: language, title, content."""

    language: str
    title: str
    content: str

    @property
    def commands(self) -> list[str]:
        """Return the commands to run."""
        lines = [line.removeprefix("$ ") for line in self.content.splitlines()]
        return [line for line in lines if line not in INSTALLATION]


class Terminal:
    """A terminal that keeps the working directory and the variables from one command to the next."""

    def __init__(self, cwd: Path, env: dict[str, str]) -> None:
        self.cwd, self.env = cwd, env
        self._state = cwd / "terminal-state"

    def run(self, command: str) -> tuple[int, str]:
        """Run a command; return its exit status and its output."""
        script = f'{command}\nstatus=$?\n(pwd && env -0) > "{self._state}"\nexit $status'
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=self.cwd,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        cwd, _, variables = self._state.read_text(encoding="utf-8").partition("\n")
        self.cwd = Path(cwd)
        self.env = dict(line.split("=", 1) for line in variables.split("\0") if line)
        return done.returncode, done.stdout


class Reader:
    """Follows the page from block to block.

    :param folder: the folder in which the terminals are opened.
    :param processes: the group of the commands that run in the background.
    :param env: the environment of both terminals.
    """

    def __init__(self, folder: Path, processes: Processes, env: dict[str, str]) -> None:
        self.terminal = Terminal(folder, env)
        self.processes = processes
        self.shown: str | Child = ""

    def follow(self, block: Block) -> None:
        """Run the commands of a block, write the file, or compare the output of the last command."""
        if block.language == "python":
            (self.terminal.cwd / block.title).write_text(block.content, encoding="utf-8")
        elif block.language == "text":
            self.compare(block.content)
        elif block.title in (SECOND_TERMINAL, RUNS):
            (command,) = block.commands
            self.shown = self.start(command)
        else:
            for command in block.commands:
                status, self.shown = self.terminal.run(command)
                assert (status != 0) is (block.title == FAILS), f"{command}\n{self.shown[-5000:]}"

    def start(self, command: str) -> Child:
        """Start a command that runs until it is stopped."""
        cwd, env = self.terminal.cwd, self.terminal.env
        log = cwd / f"{command.split(maxsplit=1)[0]}.log"
        return self.processes.start(command, ["/bin/bash", "-c", f"exec {command}"], env=env, log=log, cwd=cwd)

    def compare(self, expected: str) -> None:
        """Check that the output contains the lines in this order; ``...`` stands for anything."""
        parts = [r".*".join(map(re.escape, line.split("..."))) for line in expected.splitlines() if line != "..."]
        pattern = re.compile(r"[\s\S]*?".join(parts))
        shown = self.shown
        if isinstance(shown, str):
            assert pattern.search(shown), f"{expected}--- is not in:\n{shown[-8000:]}"
        else:
            found = lambda: search_log(shown.log, pattern)  # noqa: E731
            wait_until(found, what=expected, timeout=300, check=self.processes.check, interval=0.3)


def environment(ports: list[int]) -> dict[str, str]:
    """Return the environment of a user who has installed the provider; Airflow listens on these ports."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTEST"))}
    api, worker_log, triggerer_log = ports
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": f"{LOCALHOST},localhost",
        "no_proxy": f"{LOCALHOST},localhost",
        "AIRFLOW__API__HOST": LOCALHOST,
        "AIRFLOW__API__PORT": str(api),
        "AIRFLOW__API__BASE_URL": f"http://{LOCALHOST}:{api}",
        # On a machine under load, the first request to the api-server can take longer than the five seconds of Airflow.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_log),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(triggerer_log),
    }


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of the page."""
    return [Block(*found) for found in FENCE.findall(page)]


def press_trigger(url: str, log: Path, check: Callable[[], None]) -> str:
    """Log in to Airflow with the password in its output, run the DAG, and return the state of the last run."""
    password = search_log(log, re.compile(r"Password for user 'admin': (\S+)"))
    assert password
    api = AirflowApi(url, "admin", password[1], check=check)
    # Airflow says that it is ready before its api-server listens.
    wait_until(lambda: api.health() or None, what="the api-server", timeout=300, check=check, interval=0.3)
    api.wait_for_dag("first_dag")
    api.unpause("first_dag")
    state = ""
    for run in range(1, RUNS_UNDER_LOAD + 1):
        state = api.wait_for_run("first_dag", api.submit_form("first_dag"), timeout=300)
        if state == "success" or len(STATE_MISMATCH.findall(log.read_text(encoding="utf-8"))) < run:
            break
    return state


def test_the_blocks_of_the_page_are_complete() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("```") == 2 * len(blocks(page))
    lines = [line for block in blocks(page) if block.language == "console" for line in block.content.splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    assert {line.removeprefix("$ ") for line in lines} >= set(INSTALLATION)
    assert {block.language for block in blocks(page)} == {"console", "python", "text"}
    assert {block.title for block in blocks(page) if block.language == "console"} == {"", SECOND_TERMINAL, FAILS, RUNS}


@pytest.mark.full
@pytest.mark.timeout(1500)
def test_every_command_of_the_tutorial_works(tmp_path: Path) -> None:
    emulator_port, *airflow_ports = free_ports(4)
    page = PAGE.read_text(encoding="utf-8").replace(PORT_OF_THE_PAGE, str(emulator_port))
    with Processes() as processes:
        reader = Reader(tmp_path, processes, environment(airflow_ports))
        for block in blocks(page):
            reader.follow(block)
        standalone = reader.shown
        assert isinstance(standalone, Child)
        url = f"http://{LOCALHOST}:{airflow_ports[0]}"
        assert press_trigger(url, standalone.log, processes.check) == "success"
        standalone.popen.send_signal(signal.SIGINT)
        assert standalone.popen.wait(60) == 0
