"""The operations of the audit: every kind of request that contains a secret, as a task with its main request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datarobot_provider.operators.custom_models import CreateCustomModelOperator, ListCustomModelsOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.guard_configurations import (
    ApplyGuardConfigOperator,
    CreateGuardConfigOperator,
    GetGuardConfigOperator,
    UpdateGuardConfigOperator,
)
from datarobot_provider.operators.guard_templates import ListGuardTemplatesOperator
from datarobot_provider.operators.request import DataRobotRequestOperator
from datarobot_provider.operators.versions import CreateVersionOperator
from tests.audit.conftest import CANARY, SECRETS
from tests.pairwise import axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.audit.conftest import AuditedRun
    from tests.support.proxy import Received, Response

ENVIRONMENT, DATASET = "65a0000000000000000000e1", "65a0000000000000000000d1"
TEMPLATE = "6680f0000000000000000001"
GUARD = {"name": CANARY, "description": CANARY, "type": "ootb", "stages": ["prompt"], "ootbType": "token_count"}
LLM_GUARD = {**GUARD, "llmType": "openAi"}
APPLY = "guardConfigurations/toNewCustomModelVersion/"
BUILD = "/dependencyBuild/$"
SHORT_WAIT = {"poll_interval": 0.05, "timeout": 0.4}


@dataclass(frozen=True)
class Operation:
    """A task: its operator, its arguments, and its main request."""

    kind: type
    method: str
    path: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def matches(self, received: Received) -> bool:
        """Return whether a request is the main request."""
        return received.method == self.method and re.search(self.path, received.target) is not None

    def apply_rule(self, rule: Callable[[Received], Response]) -> Callable[[Received], Response | None]:
        """Return a rule that applies to the main request only."""
        return lambda received: rule(received) if self.matches(received) else None


@dataclass(frozen=True)
class Resources:
    """The resources in the emulator."""

    model: str
    version: str
    guard: str
    folder: Path


def create_resources(audited: AuditedRun, folder: Path) -> Resources:
    """Create a model, a version and a guard without the package."""
    (folder / "custom.py").write_text("def score(data, model, **kwargs):\n    return data\n", encoding="utf-8")
    model = audited.datarobot.send(
        "POST",
        "customModels/",
        json={"name": CANARY, "customModelType": "inference", "targetType": "Regression", "targetName": "y"},
    )["id"]
    version = create_version(audited, model)
    entity = {"entityId": model, "entityType": "customModel"}
    body = {"templateId": TEMPLATE, "name": "created before", "stages": ["prompt"], **entity}
    guard = audited.datarobot.send("POST", "guardConfigurations/", json=body)["id"]
    return Resources(model, version, guard, folder)


def create_version(audited: AuditedRun, model: str) -> str:
    """Create a version that has dependencies to build."""
    fields = [("isMajorUpdate", (None, "true")), ("baseEnvironmentId", (None, ENVIRONMENT))]
    files = [("file", ("requirements.txt", b"numpy>=1\n")), ("filePath", (None, "requirements.txt"))]
    return str(audited.datarobot.send("POST", f"customModels/{model}/versions/", files=[*fields, *files])["id"])


def operations(resources: Resources) -> dict[str, Operation]:
    """Return the operations that run with every fault."""
    create = {"template_id": TEMPLATE, "name": CANARY, "stages": ["prompt"], "entity_type": "customModel"}
    create["entity_id"] = resources.model
    version = {"custom_model_id": resources.model, "custom_model_version_id": resources.version}
    build = Operation(StartDependencyBuildOperator, "POST", BUILD, {**version, **SHORT_WAIT})
    return {
        "create by value": _create(openai_api_key=SECRETS["key of create by value"], **create),
        "create by connection": _create(openai_api_key_conn_id="my_openai", **create),
        "update by value": _update(resources, openai_api_key=SECRETS["key of update by value"]),
        "update by connection": _update(resources, openai_api_key_conn_id="my_openai"),
        "apply by value": _apply(resources, [{**LLM_GUARD, "openaiApiKey": SECRETS["key of apply by value"]}, GUARD]),
        "apply by connection": _apply(
            resources,
            [LLM_GUARD, {**LLM_GUARD, "openaiApiKeyConnId": "other_openai"}],
            openai_api_key_conn_id="my_openai",
        ),
        "any request": Operation(
            DataRobotRequestOperator,
            "POST",
            "/guardConfigurations/$",
            {
                "method": "POST",
                "path": "guardConfigurations/",
                "json": {"name": CANARY, "openaiApiKey": SECRETS["key of create by value"]},
            },
        ),
        "read a guard": Operation(
            GetGuardConfigOperator,
            "GET",
            f"guardConfigurations/{resources.guard}/$",
            {"config_id": resources.guard},
        ),
        "list models": Operation(ListCustomModelsOperator, "GET", r"/customModels/\?", {"search_for": CANARY}),
        "list templates": Operation(ListGuardTemplatesOperator, "GET", "/guardTemplates/", {}),
        "create a model": Operation(
            CreateCustomModelOperator, "POST", "/customModels/$", {"name": CANARY, "target_type": "Unstructured"}
        ),
        "upload": Operation(
            CreateVersionOperator,
            "POST",
            "/versions/$",
            {
                "custom_model_id": resources.model,
                "folder": str(resources.folder),
                "base_environment_id": ENVIRONMENT,
                "required_metadata": {"NAME": CANARY},
            },
        ),
        "start a job": build,
        "poll a job": Operation(build.kind, "GET", BUILD, {**build.arguments, "deferrable": False}),
        "poll a job, deferred": Operation(build.kind, "GET", BUILD, {**build.arguments, "deferrable": True}),
    }


def _create(**arguments: Any) -> Operation:
    return Operation(CreateGuardConfigOperator, "POST", "/guardConfigurations/$", {"llm_type": "openAi", **arguments})


def _update(resources: Resources, **arguments: Any) -> Operation:
    path = f"/guardConfigurations/{resources.guard}/$"
    return Operation(
        UpdateGuardConfigOperator, "PATCH", path, {"config_id": resources.guard, "name": CANARY, **arguments}
    )


def _apply(resources: Resources, guards: list[dict[str, Any]], **arguments: Any) -> Operation:
    named = [{**guard, "name": f"{CANARY} {number}"} for number, guard in enumerate(guards)]
    return Operation(
        ApplyGuardConfigOperator, "POST", APPLY, {"custom_model_id": resources.model, "guards": named, **arguments}
    )


def _kind_of(name: str) -> str:
    """Return the kind of an operation: operations of a kind pass the same secrets through the same code."""
    action, _, rest = name.partition(" ")
    return rest if rest.startswith("by ") else "read" if action in {"read", "list"} else name


#: The names of all operations.
EVERY_OPERATION = axis(operations(Resources("m", "v", "g", Path())), kind=_kind_of)
