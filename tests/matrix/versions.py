"""The versions of Airflow that the provider is tested on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class AirflowVersion:
    """The newest release of a minor version, and the Python that it runs on.

    :param minor: the minor version, such as ``3.0``.
    :param release: its newest release.
    :param resolved: the date of the dependencies: the day after the release. Releases of other packages after this
        date are ignored, as in an installation with the constraints of the release. ``None``: today, for the version
        that the provider is developed with.
    :param debian: the Debian release whose Python runs the tests. ``None``: the Python of the environment ``.venv``.
    """

    minor: str
    release: str
    resolved: str | None = None
    debian: str | None = None

    @property
    def name(self) -> str:
        """The name of the column."""
        return f"{self.minor}-debian-{self.debian}" if self.debian else self.minor

    @property
    def constraints(self) -> Path:
        """The file with the versions of all packages."""
        return ROOT / (f"tests/matrix/constraints-{self.minor}.txt" if self.resolved else "constraints.txt")

    @property
    def environment(self) -> Path:
        """The folder of the virtual environment."""
        return ROOT / (f".venv-airflow-{self.name}" if self.resolved or self.debian else ".venv")


VERSIONS = {
    version.name: version
    for version in (
        AirflowVersion("3.0", "3.0.6", "2025-08-30"),
        AirflowVersion("3.1", "3.1.8", "2026-03-12"),
        AirflowVersion("3.2", "3.2.2", "2026-05-30"),
        AirflowVersion("3.3", "3.3.2"),
        AirflowVersion("3.3", "3.3.2", debian="testing"),
    )
}
