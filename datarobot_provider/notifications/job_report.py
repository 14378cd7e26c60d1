"""Notifier with the report of a failed task."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from datarobot_provider.links.datarobot import DataRobotLink
from datarobot_provider.version_compat import AIRFLOW_API_ERRORS, AirflowException, BaseNotifier, redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The limit of the text of a block in Slack.
_MAX_LENGTH = 3000
_CUT = "\n...\n"


class JobReportNotifier(BaseNotifier):
    """Sends the report of a failed task with any notifier of Airflow.

    Use it as ``on_failure_callback`` or ``on_retry_callback``. The templates of the other notifier can contain
    ``{{ job_report_title }}``, one line, and ``{{ job_report }}``: the error with DataRobot's message, the request id,
    the failed checks and the end of the job's log, and links to DataRobot and to the task. Secrets are redacted. The
    text of the report is not rendered as a template.

    :param notifier: a notifier, such as ``SlackNotifier(slack_conn_id="slack", text="{{ job_report }}")``.
    :param max_length: maximum length of the report in characters; default 3000. A longer report is cut in the middle.
    """

    def __init__(self, notifier: BaseNotifier, max_length: int = _MAX_LENGTH, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.notifier = notifier
        self.max_length = max_length

    def notify(self, context: Any) -> None:
        """Render the report and call the other notifier.

        :param context: the context of the task.
        """
        # Airflow renders templates in place, and one notifier may report several failures.
        notifier = copy.copy(self.notifier)
        report = {"job_report_title": title(context), "job_report": job_report(context, self.max_length)}
        notifier({**context, **report})


def title(context: Mapping[str, Any]) -> str:
    """Return which task failed, in one line.

    :param context: the context of the task.
    """
    ti = context["ti"]
    index = "" if ti.map_index is None or ti.map_index < 0 else f"[{ti.map_index}]"
    return f"Task {ti.dag_id}.{ti.task_id}{index} failed, attempt {ti.try_number}"


def job_report(context: Mapping[str, Any], max_length: int = _MAX_LENGTH) -> str:
    """Return the error of a task with links to DataRobot and to the task.

    :param context: the context that Airflow passes to a callback.
    :param max_length: maximum length in characters; default 3000.
    """
    error = _error(context.get("exception"))
    links = "\n".join(_links(context, error))
    space = max_length - len(links) - 1 if links else max_length
    return str(redact(f"{_shortened(error, space)}\n{links}".strip()))


def _error(error: object) -> str:
    """Return the text of an error. Those of this provider contain everything that is known about the job."""
    if error is None:
        return "Airflow passed no error to the notifier. See the log of the task."
    text, name = str(error), type(error).__name__
    return text if text and isinstance(error, AirflowException) else f"{name}: {text}".rstrip(": ")


def _links(context: Mapping[str, Any], error: str) -> Iterator[str]:
    ti = context["ti"]
    task = context.get("task")
    for link in getattr(task, "operator_extra_links", ()):
        if isinstance(link, DataRobotLink) and (url := _url(link, task, ti)) and url not in error:
            yield f"{link.name}: {url}"
    if log_url := getattr(ti, "log_url", None):
        yield f"Task: {log_url}"


def _url(link: DataRobotLink, task: Any, ti: Any) -> str:
    try:
        return link.get_link(task, ti_key=ti)
    except AIRFLOW_API_ERRORS:
        return ""


def _shortened(text: str, max_length: int) -> str:
    if len(text) <= max_length:
        return text
    half = max(0, (max_length - len(_CUT)) // 2)
    return f"{text[:half].rstrip()}{_CUT}{text[len(text) - half :].lstrip()}"
