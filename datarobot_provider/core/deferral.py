"""Whether a wait can be deferred: Airflow resumes a task in ``execute_complete``, not where it was in ``execute``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments.declarations import is_ours

if TYPE_CHECKING:
    from datarobot_provider.version_compat import Context

log = logging.getLogger(__name__)


def can_defer(operator: Any, context: Context) -> bool:
    """Return whether the task may be deferred by this operator; the log says why it waits on its worker instead.

    Whatever a task would do after the wait is lost with a deferral: in a ``@task`` or an operator that executes this
    one, and in an ``execute`` of a user's own, unless that has an ``execute_complete`` of its own as well.

    :param operator: the operator or the sensor that is to wait.
    :param context: the context of the task.
    """
    name, task = type(operator).__name__, getattr(context["ti"], "task", None)
    if task is not None and not _is_same(task, operator):
        log.warning(
            "deferrable has no effect here: the task %s executes %s itself, and could not go on after a deferral. It "
            "waits on the worker.",
            task.task_id,
            name,
        )
        return False
    if _is_users(operator, "execute") and not _is_users(operator, "execute_complete"):
        log.warning(
            "deferrable has no effect here: %s has an execute() of its own, the rest of which would not be run after a "
            "deferral. It waits on the worker. Give it an execute_complete() as well to defer it.",
            name,
        )
        return False
    return True


def _is_same(task: Any, operator: Any) -> bool:
    """Return whether an operator is the task; Airflow may have copied it."""
    return task is operator or (type(task) is type(operator) and task.task_id == operator.task_id)


def _is_users(operator: Any, method: str) -> bool:
    return not is_ours(next(level for level in type(operator).__mro__ if method in vars(level)))
