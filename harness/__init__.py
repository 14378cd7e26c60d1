"""Run a real Airflow and the emulator as child processes. Shared by the demonstration, the benchmarks and the tests.

* ``processes``: child processes that are stopped in any case, and waiting for them,
* ``emulator``: the DataRobot emulator as a child process,
* ``emulator_client``: the resources, jobs and requests that an emulator has,
* ``airflow_env`` and ``airflow_stack``: the settings and the components of an Airflow in a folder of its own,
* ``airflow_api``: a client of Airflow's REST API,
* ``task_durations``: how long tasks occupied a worker and how long they were deferred,
* ``task_logs``: Airflow's structured task logs as plain text.
"""
