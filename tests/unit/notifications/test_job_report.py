"""The notifier with the report of a failed task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from datarobot_provider.exceptions import ConflictError, JobFailedError
from datarobot_provider.notifications.job_report import JobReportNotifier, job_report, title
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException, BaseNotifier, mask_secret

PAGE = "https://datarobot.example/registry/custom-model-workshop/m/versions/v"
LOG_URL = "https://airflow.example/dags/d/runs/r/tasks/test"
REFUSAL = ConflictError(409, "a test is running", method="POST", path="customModelTests/", request_id="req-7")
FAILED = JobFailedError(
    "The model test failed.",
    message="SyntaxError",
    details=["check   status", "errorCheck   failed"],
    log_tail=["  File custom.py, line 1"],
    url=PAGE,
    advice="correct the cause named above, then clear the task.",
)


class Recorder(BaseNotifier):
    """Notifier that stores its rendered templates."""

    template_fields = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.sent: list[str] = []

    def notify(self, context: Any) -> None:
        self.sent.append(self.text)


def a_context(error: Any = None, page: str = PAGE, map_index: int = -1, **more: Any) -> dict[str, Any]:
    ids = {"task_id": "test", "custom_model_id": "m", "custom_model_version_id": "v", "dataset_id": "d"}
    with DAG("d") as dag:
        task = RunModelTestOperator(**ids)
    ti = SimpleNamespace(dag_id="d", task_id="test", map_index=map_index, try_number=2, log_url=LOG_URL)
    return {"dag": dag, "task": task, "ti": ti, "exception": error, **more}


@pytest.fixture(autouse=True)
def page(monkeypatch):
    """Set the URL that the task has pushed."""
    pushed = [PAGE]
    monkeypatch.setattr("datarobot_provider.links.datarobot.XCom.get_value", lambda **_: pushed[0])
    return pushed


def send(notifier: JobReportNotifier, context: dict[str, Any]) -> list[str]:
    notifier(context)
    return notifier.notifier.sent


@pytest.mark.parametrize("error", [AirflowException(str(FAILED)), AirflowFailException(str(FAILED))])
def test_the_report_of_a_failed_job_contains_everything_about_it(error):
    report = job_report(a_context(error))
    assert report == f"{FAILED}\nTask: {LOG_URL}"
    for part in ("SyntaxError", "errorCheck   failed", "custom.py, line 1", PAGE, "What to do"):
        assert report.count(part) == 1


def test_the_report_of_a_refused_request_contains_its_id_and_the_link():
    report = job_report(a_context(AirflowFailException(str(REFUSAL))))
    assert "a test is running\nRequest id: req-7" in report
    assert report.endswith(f"Custom model version: {PAGE}\nTask: {LOG_URL}")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("wrong"), "ValueError: wrong"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (AirflowException(), "AirflowException"),
        (None, "Airflow passed no error to the notifier. See the log of the task."),
    ],
)
def test_other_errors_are_reported_with_their_type(error, text):
    assert job_report(a_context(error)).splitlines()[0] == text


def test_a_task_without_links_is_reported(page):
    page[0] = ""
    context = a_context(AirflowException("failed"))
    del context["ti"].log_url
    assert job_report(context) == "failed"
    assert job_report({**context, "task": None}) == "failed"


def test_a_link_that_cannot_be_read_is_omitted(monkeypatch):
    def fail(**_: Any) -> str:
        raise OSError("no response")

    monkeypatch.setattr("datarobot_provider.links.datarobot.XCom.get_value", fail)
    assert job_report(a_context(AirflowException("failed"))) == f"failed\nTask: {LOG_URL}"


def test_the_title_names_the_task():
    assert title(a_context()) == "Task d.test failed, attempt 2"
    assert title(a_context(map_index=3)) == "Task d.test[3] failed, attempt 2"


def test_every_template_of_the_notifier_can_use_the_report():
    notifier = JobReportNotifier(Recorder("<{{ job_report_title }}> {{ ti.task_id }}\n{{ job_report }}"))
    context = a_context(AirflowException(str(FAILED)))
    assert send(notifier, context) == [f"<{title(context)}> test\n{job_report(context)}"]
    assert "job_report" not in context


def test_the_report_is_not_rendered_as_a_template():
    notifier = JobReportNotifier(Recorder("{{ job_report }}"))
    (text,) = send(notifier, a_context(AirflowException("{{ conn.secret.password }} {% raw")))
    assert text.startswith("{{ conn.secret.password }} {% raw")


def test_a_notifier_can_report_several_failures():
    notifier = JobReportNotifier(Recorder("{{ job_report }}"))
    for message in ("first", "second"):
        send(notifier, a_context(AirflowException(message)))
    assert [text.splitlines()[0] for text in notifier.notifier.sent] == ["first", "second"]


def test_a_long_report_is_cut_in_the_middle():
    error = AirflowException("headline " + "x" * 10_000 + " What to do: nothing")
    report = job_report(a_context(error), max_length=400)
    assert len(report) <= 400
    assert report.startswith("headline x")
    assert "\n...\n" in report
    assert "What to do: nothing\n" in report
    assert report.endswith(LOG_URL)
    (text,) = send(JobReportNotifier(Recorder("{{ job_report }}"), max_length=400), a_context(error))
    assert text == report


def test_secrets_are_redacted():
    mask_secret("secret-of-the-report")
    report = job_report(a_context(AirflowException("the key secret-of-the-report was refused")))
    assert "secret-of-the-report" not in report
    assert "the key *** was refused" in report
