"""A plain Python client of the DataRobot API v2; knows nothing of Airflow."""
