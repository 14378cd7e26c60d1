"""Forms in which a file can import and use names of DataRobot's own provider."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from datarobot_provider.migrate.findings import findings

EXAMPLES = Path(__file__).parents[3] / "example_dags"
SENSOR = "StatusCheckJobCompleteSensor"


def found(source):
    return findings(ast.parse(source))


def names(source):
    return [finding.name for finding in found(source)]


@pytest.mark.parametrize(
    "source",
    [
        "from datarobot_provider.sensors.datarobot import StatusCheckJobCompleteSensor\n{}",
        "from datarobot_provider.sensors.datarobot import (\n StatusCheckJobCompleteSensor as S\n)\nS{}",
        "import datarobot_provider.sensors.datarobot\ndatarobot_provider.sensors.datarobot.{}",
        "import datarobot_provider.sensors.datarobot as s\ns.{}",
        "import datarobot_provider as d\nd.sensors.datarobot.{}",
        "from datarobot_provider import sensors\nsensors.datarobot.{}",
        "from datarobot_provider.sensors import datarobot as s\ns.{}",
        "def f():\n from datarobot_provider.sensors.datarobot import StatusCheckJobCompleteSensor\n return {}",
        (
            "try:\n from ours import StatusCheckJobCompleteSensor\nexcept ImportError:\n"
            " from datarobot_provider.sensors.datarobot import StatusCheckJobCompleteSensor\n{}"
        ),
    ],
)
@pytest.mark.parametrize("call", ['(task_id="s", job_id="1")', '.partial(task_id="s").expand(job_id=["1"])'])
def test_a_call_is_found_for_every_form_of_import(source, call):
    name = "" if " as S" in source else SENSOR
    (finding,) = found(source.format(name + call))
    assert (finding.name, finding.renames, finding.checks) == (SENSOR, (("job_id", "status"),), ())
    assert finding.line == len(source.splitlines())


IMPORT = f"from datarobot_provider.sensors.datarobot import {SENSOR} as S\n"


@pytest.mark.parametrize(
    ("use", "problem"),
    [
        ('S("s")', "positional arguments cannot be checked"),
        ("S(*args)", "positional arguments cannot be checked"),
        ("S(**options)", "**options cannot be checked"),
        ("S(**dict(a, b=1))", "**dict(a, b=1) cannot be checked"),
        ("S(**{'a': 1, **b})", "**{'a': 1, **b} cannot be checked"),
        ("S(**{key: 1})", "**{key: 1} cannot be checked"),
        ("S.partial(task_id='s').expand_kwargs(rows)", "the arguments of expand_kwargs() cannot be checked"),
        ("S.partial(task_id='s')", "the arguments of the later expand() cannot be checked"),
        ("S.partial(task_id='s').expand(**rows)", "**rows cannot be checked"),
        ("S.template_fields", "the attribute template_fields cannot be checked"),
        ("S.create(job_id='1')", "the attribute create cannot be checked"),
        ("use(S)", "the name is used without a call here, which cannot be checked"),
        ("class Mine(S): pass", "the name is used without a call here, which cannot be checked"),
        ("isinstance(task, S)", "the name is used without a call here, which cannot be checked"),
        (
            f"import_string('datarobot_provider.sensors.datarobot.{SENSOR}'), S()",
            "the name is in a string, which cannot be checked",
        ),
    ],
)
def test_what_cannot_be_checked_is_reported(use, problem):
    assert problem in [check for finding in found(IMPORT + use) for check in finding.checks]
    assert not all(finding.is_direct for finding in found(IMPORT + use))


@pytest.mark.parametrize(
    "use", ["S(**{'job_id': '1'})", "S(**dict(job_id='1'))", "S.partial(**{'job_id': '1'}).expand(task_id=['a'])"]
)
def test_literal_keyword_arguments_are_read(use):
    (finding,) = found(IMPORT + use)
    assert finding.is_direct
    assert finding.renames == (("job_id", "status"),)


def test_a_call_in_a_call_is_found():
    assert names(IMPORT + "S(task_id='a', job_id=S(task_id='b').output) >> [S(task_id='c')]") == [SENSOR] * 3


def test_an_import_without_a_use_is_found():
    (finding,) = found(IMPORT)
    assert (finding.line, finding.name, finding.is_direct) == (1, SENSOR, True)


def test_import_star_is_found_with_its_uses():
    star, use = found(f"from datarobot_provider.sensors.datarobot import *\n{SENSOR}(task_id='s', job_id='1')")
    assert star.checks == ("import * hides the names; import them one by one",)
    assert (use.name, use.is_direct) == (SENSOR, True)


def test_unknown_modules_and_names_are_found():
    source = (
        "from datarobot_provider.operators.queue import GetQueueOperator\nimport datarobot_provider.operators.mlops"
    )
    assert [(finding.line, finding.kind) for finding in found(source)] == [(1, "unknown"), (2, "unknown")]
    assert names("load('datarobot_provider.operators.mlops')") == ["datarobot_provider.operators.mlops"]


def test_a_param_is_not_reported_if_its_argument_is_given():
    source = "from datarobot_provider.operators.notebook import NotebookRunOperator as N\nN(notebook_id='1')"
    (finding,) = found(source)
    (params,) = [check for check in finding.checks if check.startswith("params of the DAG")]
    assert "notebook_path" in params
    assert "notebook_id" not in params


@pytest.mark.parametrize(
    "source",
    [
        "from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator as C\nC(task_id='c')",
        "from datarobot_provider.operators.custom_models import CreateCustomModelOperator as C\nC(task_id='c')",
        "from datarobot_provider.operators import custom_models\ncustom_models.CreateCustomModelOperator(task_id='c')",
        "from datarobot_provider.sensors.status import DataRobotStatusSensor",
        "from datarobot_provider import __version__",
        "import datarobot_provider.emulator\nfrom datarobot_provider.emulator import running\nrunning()",
        "from datarobot_provider.hooks.datarobot import DataRobotHook\nDataRobotHook('x').client.get('version/')",
        "from .datarobot_provider.operators.queue import GetJobsOperator",
        "from datarobot_provider_tools.operators.queue import GetJobsOperator",
        "import datarobot\nqueue.GetJobsOperator()",
        "'datarobot_provider.operators.queue.GetJobsOperator is replaced'",
    ],
)
def test_names_of_this_provider_and_of_others_are_ignored(source):
    assert found(source) == []


def test_nothing_is_found_in_the_example_dags():
    files = sorted(EXAMPLES.glob("*.py"))
    assert files
    assert [file.name for file in files if found(file.read_text(encoding="utf-8"))] == []


HOOK = "from datarobot_provider.hooks.datarobot import DataRobotHook as H\n"


@pytest.mark.parametrize(
    "use",
    [
        "H().run()",
        "h = H('x')\nh.run()",
        "self.h: H = H('x')\nself.h.run()",
        "if (h := H()): h.run()",
        "import datarobot_provider.hooks.datarobot as m\nm.DataRobotHook().run()",
    ],
)
def test_run_of_the_hook_is_found(use):
    assert names(HOOK + use) == ["DataRobotHook.run"]


def test_run_of_other_objects_is_ignored():
    assert names(HOOK + "job.run(); H().client.run(); get_conn()") == []
