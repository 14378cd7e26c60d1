"""Runs the tests on the newest release of every supported minor version of Airflow: ``make test-matrix``."""
