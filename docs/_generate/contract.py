"""The operations of the contract, and the areas they belong to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
API = "/api/v2"
_DOCUMENT = ROOT / "datarobot_provider" / "emulator" / "openapi" / "contract.json"
ELSE = "Anything else"
#: Areas in the order of the pages, each with what the routes of it look like. The first that fits counts.
_AREAS = (
    ("Conversions", r"/conversions/"),
    ("Dependency builds", r"/dependencyBuild"),
    ("Model tests", r"^/customModelTests/"),
    ("Insights", r"/featureImpact/|/predictionExplanationsInitialization/"),
    ("Versions", r"^/customModels/\{customModelId\}/versions/"),
    ("Custom models", r"^/customModel"),
    ("Vector databases", r"^/genai/customModelVectorDatabaseValidations/"),
    ("Guards", r"^/guard"),
    ("Moderation", r"^/overallModerationConfiguration/"),
    ("Prediction server image", r"^/mlops/"),
)
AREAS = (
    "Custom models",
    "Versions",
    "Dependency builds",
    "Model tests",
    "Insights",
    "Conversions",
    "Vector databases",
    "Guards",
    "Moderation",
    "Prediction server image",
    ELSE,
)


@dataclass(frozen=True, order=True)
class Operation:
    """One operation of the contract: a method on a route, placeholders included."""

    name: str
    method: str
    route: str

    @property
    def below(self) -> str:
        """The route below the root of the API."""
        return self.route.removeprefix(API)


@cache
def operations() -> tuple[Operation, ...]:
    """Return the operations of the reference pages, in the order of the document."""
    paths = json.loads(_DOCUMENT.read_text(encoding="utf-8"))["paths"]
    return tuple(
        Operation(spec["operationId"], method.upper(), route)
        for route, methods in paths.items()
        for method, spec in methods.items()
        if "x-source" not in spec
    )


def area_of(route: str) -> str:
    """Return the area of a route, with or without the root of the API."""
    below = route.removeprefix(API)
    return next((area for area, pattern in _AREAS if re.search(pattern, below)), ELSE)
