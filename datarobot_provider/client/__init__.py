"""Client of the DataRobot API v2. It does not import Airflow."""
