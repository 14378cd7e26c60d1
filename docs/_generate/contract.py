"""The operations of the API contract and the nouns that they belong to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
API = "/api/v2"
_DOCUMENT = ROOT / "datarobot_provider" / "emulator" / "openapi" / "contract.json"
OTHER = "Other requests"
#: The nouns of the API, each with a pattern of its routes. The first match counts, so that parts precede the whole.
_PATTERNS = (
    ("Conversions", r"/conversions/"),
    ("Dependency builds", r"/dependencyBuild"),
    ("Model tests", r"^/customModelTests/"),
    ("Feature impact", r"/featureImpact/"),
    ("Prediction explanations", r"/predictionExplanationsInitialization/"),
    ("Versions", r"^/customModels/\{customModelId\}/versions/"),
    ("Custom templates", r"^/(customModels/fromModelTemplate|customTemplates)/"),
    ("Custom models", r"^/customModel"),
    ("Vector databases", r"^/genai/customModelVectorDatabaseValidations/"),
    ("Guard templates", r"^/guardTemplates/"),
    ("Guard configurations", r"^/guardConfigurations/"),
    ("Moderation", r"^/overallModerationConfiguration/"),
    ("Resource bundles", r"^/mlops/compute/bundles/"),
    ("Prediction server image", r"^/mlops/"),
    ("Use cases", r"^/useCases/"),
    ("Datasets", r"^/datasets/"),
    ("Data sources", r"^/externalData(Stores|Sources)/"),
    ("Execution environments", r"^/executionEnvironments/"),
    ("Credentials", r"^/credentials/"),
    ("Registered models", r"^/(registeredModels|modelPackages)/"),
    ("Batch predictions", r"^/batchPredictions/"),
    ("Predictions", r"^/deployments/\{deploymentId\}/predictions$"),
    ("Model replacement", r"^/deployments/\{deploymentId\}/(model|modelHistory|challengers)/"),
    ("Monitoring", r"^/deployments/\{deploymentId\}/(serviceStats|targetDrift|featureDrift|accuracy|actuals)/"),
    ("Deployments", r"^/(deployments|predictionServers|predictionEnvironments)/"),
)
#: The nouns in the order of the documentation.
NOUNS = (
    "Custom models",
    "Custom templates",
    "Versions",
    "Dependency builds",
    "Model tests",
    "Feature impact",
    "Prediction explanations",
    "Conversions",
    "Vector databases",
    "Guard templates",
    "Guard configurations",
    "Moderation",
    "Prediction server image",
    "Registered models",
    "Deployments",
    "Model replacement",
    "Predictions",
    "Batch predictions",
    "Monitoring",
    "Execution environments",
    "Datasets",
    "Data sources",
    "Use cases",
    "Resource bundles",
    "Credentials",
    OTHER,
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


def noun_of(route: str) -> str:
    """Return the noun of a route, with or without the root of the API."""
    below = route.removeprefix(API)
    return next((noun for noun, pattern in _PATTERNS if re.search(pattern, below)), OTHER)


def slug(noun: str) -> str:
    """Return a noun as the name of a page."""
    return noun.lower().replace(" ", "-")
