"""Search of DAG files for operators of DataRobot's own provider: ``python -m datarobot_provider.migrate DAG_FOLDER``.

The files are parsed, not imported. Airflow does not have to be installed.
"""
