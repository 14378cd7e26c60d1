"""The demonstration: run an example DAG in a real Airflow on the emulator.

``python -m demo`` (``make demo``) starts Airflow and the emulator with the helpers of ``harness``, runs one or all
example DAGs, prints a table of the tasks, and stops everything.

* ``runner``: runs a demonstration in a temporary folder and determines its exit code,
* ``report``: the table of the tasks.

``python -m demo.scale`` (``make demo-scale``) maps the pipeline over many models on a distributed Airflow: see
``demo.scale``.
"""
