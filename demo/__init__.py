"""The demonstration: a real Airflow and the bundled emulator, started, used once and stopped.

``python -m demo`` runs the example pipeline; the system tests use the same parts:

* ``runner``: one demonstration from its folder to its exit code,
* ``processes``: child processes that are always stopped, whatever happens,
* ``emulator``: the offline stand-in for the DataRobot API, as a child process,
* ``airflow_stack`` with ``airflow_env``: api-server, scheduler, dag-processor and triggerer in a folder of their own,
* ``airflow_api``: what is asked of the api-server,
* ``legs``, ``report``, ``task_logs``: what a run did, measured from Airflow's own records, and how it is shown.

``python -m demo.scale`` maps the pipeline over many models, on an Airflow with several workers: see ``demo.scale``.
"""
