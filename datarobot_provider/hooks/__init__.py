"""Hook that creates clients from Airflow connections."""
