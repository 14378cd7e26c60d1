"""OpenLineage: what a task has read and created in DataRobot.

An operator declares the resources in its attributes ``reads`` and ``creates``. Only the OpenLineage provider, which is
optional, calls these functions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from datarobot_provider.assets.datarobot import lineage_dataset
from datarobot_provider.exceptions import ConfigurationError
from datarobot_provider.jobs.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import Dataset

    from datarobot_provider.client.endpoint import Endpoint
    from datarobot_provider.core.base_operator import DataRobotBaseOperator

_NAME = re.compile(r"\{([\w.]+)\}")


def lineage(
    task: DataRobotBaseOperator, reads: Sequence[str], creates: Sequence[str]
) -> OperatorLineage[Any, Any] | None:
    """Return the datasets of a task, and the id of its job in DataRobot.

    :param task: the operator, with rendered arguments.
    :param reads: the resources that are inputs.
    :param creates: the resources that are outputs.
    :returns: ``None`` if the operator declares no resources, or the connection cannot be read.
    """
    if not (task.reads or task.creates):
        return None
    from airflow.providers.openlineage.extractors import OperatorLineage

    try:
        endpoint = task.hook.endpoint
    except ConfigurationError:
        return None
    return OperatorLineage(
        inputs=_datasets(endpoint, reads, lambda name: _argument(task, name) or task.known_ids.get(name)),
        # Ids of the arguments are not used here: the task may have failed before it created anything.
        outputs=_datasets(endpoint, creates, task.known_ids.get, with_version=True),
        run_facets=_run_facets(task, endpoint),
    )


def _datasets(
    endpoint: Endpoint, resources: Sequence[str], value: Callable[[str], str | None], *, with_version: bool = False
) -> list[Dataset]:
    """Return the datasets of the resources whose ids are known.

    :param value: returns the id of a name in a resource.
    :param with_version: whether a resource without its version is omitted.
    """
    found = []
    for resource in resources:
        path, _, version = resource.partition("@")
        ids = {name: value(name) for name in _NAME.findall(resource)}
        if all(ids[name] for name in _NAME.findall(resource if with_version else path)):
            found.append(lineage_dataset(endpoint, _filled(path, ids), ids.get(version.strip("{}"))))
    return found


def _filled(path: str, ids: Mapping[str, str | None]) -> str:
    return _NAME.sub(lambda match: str(ids[match[1]]), path)


def _argument(task: DataRobotBaseOperator, name: str) -> str | None:
    """Return an argument, or a field of an argument; ``None`` if it is not set."""
    argument, *fields = name.split(".")
    value = getattr(task, argument, None)
    for field in fields:
        value = value.get(field) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else None


def _run_facets(task: DataRobotBaseOperator, endpoint: Endpoint) -> dict[str, Any]:
    """Return the id of the job, if the task has started one."""
    from openlineage.client.facet_v2 import external_query_run

    kind = KINDS.get(getattr(task, "kind", ""))
    job_id = task.known_ids.get(kind.handle) or task.known_ids.get("status_id") if kind else None
    if job_id is None:
        return {}
    return {"externalQuery": external_query_run.ExternalQueryRunFacet(externalQueryId=job_id, source=endpoint.origin)}
