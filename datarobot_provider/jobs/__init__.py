"""Long-running jobs of DataRobot, declared once; plain Python, knows nothing of Airflow."""
