"""Airflow assets for resources in DataRobot."""
