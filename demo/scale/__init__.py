"""The demonstration at scale: the pipeline mapped over many models, on Airflow's own distributed engine.

``python -m demo.scale`` starts it all, kills a worker and a triggerer half-way, and measures what the run cost:

* ``postgres``, ``redis``, ``object_storage``: servers of its own, on free ports of the loopback address,
* ``airflow``: an Airflow with the CeleryExecutor, two workers and two triggerers, each in a folder of its own,
* ``hostname``: the name by which each of them goes,
* ``dags``: the DAG that is run; every component has its own copy, and none of them has a model,
* ``slots``: who holds a worker while DataRobot works,
* ``casualties``: the worker and the triggerer that are killed,
* ``account``: what the emulator was asked, and what was made there,
* ``report``: the tables, and what must hold.
"""
