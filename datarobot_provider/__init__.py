"""Apache Airflow provider for the DataRobot custom-model life cycle."""

__version__ = "0.1.0"
