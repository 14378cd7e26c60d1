"""Long-running jobs of DataRobot: table of the kinds, polling, cancellation. It does not import Airflow."""
