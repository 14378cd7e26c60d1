"""The table of names: every operator, sensor and hook of DataRobot's own provider, with its replacement."""

from __future__ import annotations

from datarobot_provider.migrate.table import (
    custom_models,
    data,
    deployments,
    model_registry,
    models,
    monitoring,
    other_names,
    projects,
    sensors,
)

#: Sections of the documentation, with their entries.
SECTIONS = {
    "Custom models and execution environments": custom_models.ENTRIES,
    "Registered models": model_registry.ENTRIES,
    "Deployments": deployments.ENTRIES,
    "Monitoring": monitoring.ENTRIES,
    "Datasets, data sources and recipes": data.ENTRIES,
    "Use cases and projects": projects.ENTRIES,
    "Models of a project": models.ENTRIES,
    "Sensors": sensors.ENTRIES,
    "Other names": other_names.ENTRIES,
}
#: The table, by module and name.
TABLE = {(entry.module, entry.name): entry for entries in SECTIONS.values() for entry in entries}
#: The modules of DataRobot's own provider.
MODULES = frozenset(entry.module for entry in TABLE.values()) | {"_version", "autogen.generate_operator"}
