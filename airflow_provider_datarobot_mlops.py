"""The package under the name of its distribution, where Airflow 3.3 looks for the example DAGs of a provider."""

from datarobot_provider import __path__

__all__ = ["__path__"]
