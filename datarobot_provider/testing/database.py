"""A temporary database of Airflow in this process."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def temporary_database(folder: Path) -> Iterator[None]:
    """Let Airflow use a new SQLite database and an empty DAGs folder for the duration of a ``with`` block.

    Airflow may have been imported before: it reads the options again. The database of the user is not touched.

    :param folder: an existing folder for the database, the DAGs and the logs.
    """
    (folder / "dags").mkdir()
    options = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        # Airflow refuses to run without a key if the home folder of the user has no configuration file.
        "AIRFLOW__API_AUTH__JWT_SECRET": os.urandom(32).hex(),
    }
    before = {name: os.environ.get(name) for name in options}
    os.environ.update(options)
    try:
        _connect()
        from airflow.utils.db import initdb

        initdb()
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        _connect()


def _connect() -> None:
    """Let Airflow connect to the database that its options name now."""
    from airflow import settings

    settings.dispose_orm()
    settings.configure_vars()
    settings.configure_orm()
