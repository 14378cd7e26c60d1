"""Runs of DAGs for tests."""

from __future__ import annotations

import io
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import DAG

#: The bundle of Airflow's DAGs folder, which exists in every database.
_BUNDLE = "dags-folder"
_START = re.compile(r"\[DAG TEST\] starting task_id=(\S+)")


@dataclass(frozen=True)
class DagResult:
    """The result of a run of a DAG.

    :param state: the state of the run, such as ``success`` or ``failed``.
    :param states: the state of each task, by task id; for a mapped task, a list with the states of its instances.
    :param xcoms: the returned value of each task that returned one, by task id; for a mapped task, a list.
    :param logs: the log of each task, by task id; that of a mapped task contains all of its instances.
    :param log: the log of the whole run.
    """

    state: str
    states: Mapping[str, Any] = field(default_factory=dict)
    xcoms: Mapping[str, Any] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict, repr=False)
    log: str = field(default="", repr=False)


DagRunner = Callable[..., DagResult]


def run_dag(dag: DAG | Path | str, conf: Mapping[str, Any] | None = None) -> DagResult:
    """Run a DAG to its end in this process, including deferred waits. Retries start immediately.

    :param dag: a DAG, or the path of a DAG file that contains one DAG.
    :param conf: values of the DAG's params; default ``None``: their defaults.
    :returns: states, XComs and log of the run. A failed task does not raise an exception.
    :raises ValueError: if the file cannot be imported, or does not contain exactly one DAG.
    """
    loaded = _load(Path(dag)) if isinstance(dag, str | Path) else dag
    _store(loaded)
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    logging.getLogger().addHandler(handler)
    delays = {task: task.retry_delay for task in loaded.tasks if hasattr(task, "retry_delay")}
    try:
        for task in delays:
            task.retry_delay = timedelta(0)
        with redirect_stdout(output), redirect_stderr(output):
            run = loaded.test(run_conf=dict(conf or {}))
    finally:
        for task, delay in delays.items():
            task.retry_delay = delay
        logging.getLogger().removeHandler(handler)
    return _result(run, output.getvalue())


def _load(file: Path) -> DAG:
    from airflow.models import DagBag

    bag = DagBag(dag_folder=str(file))
    if bag.import_errors:
        raise ValueError("\n".join(f"{name} cannot be imported: {error}" for name, error in bag.import_errors.items()))
    if len(bag.dags) != 1:
        raise ValueError(f"{file} contains {len(bag.dags)} DAGs instead of one: {', '.join(bag.dags) or 'none'}")
    (dag,) = bag.dags.values()
    return dag


def _store(dag: DAG) -> None:
    """Write a DAG to the database, which ``dag.test()`` does only for DAGs of the DAGs folder."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.models import DagBag
    from airflow.utils.session import create_session

    from datarobot_provider.version_compat import store_dags

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    bag = DagBag(dag_folder="/dev/null", collect_dags=False)
    bag.bag_dag(dag)
    store_dags(bag, _BUNDLE)


def _result(run: Any, log: str) -> DagResult:
    states: dict[str, Any] = {}
    xcoms: dict[str, Any] = {}
    for instance in sorted(run.get_task_instances(), key=lambda each: (each.task_id, each.map_index)):
        value = instance.xcom_pull(task_ids=instance.task_id, map_indexes=instance.map_index)
        if instance.map_index < 0:
            states[instance.task_id] = str(instance.state)
            if value is not None:
                xcoms[instance.task_id] = value
        else:
            states.setdefault(instance.task_id, []).append(str(instance.state))
            xcoms.setdefault(instance.task_id, []).append(value)
    return DagResult(str(run.state), states, xcoms, _logs(log), log)


def _logs(log: str) -> dict[str, str]:
    """Split the log of a run at the lines with which ``dag.test()`` starts a task."""
    _, *parts = _START.split(log)
    logs: dict[str, str] = defaultdict(str)
    for task_id, text in zip(parts[::2], parts[1::2], strict=True):
        logs[task_id] += text
    return dict(logs)
