"""The demonstration at scale: the pipeline mapped over many models on a distributed Airflow.

``python -m demo.scale`` (``make demo-scale``) starts all servers, kills a worker and a triggerer halfway, and measures
the run:

* ``postgres``, ``redis``, ``object_storage``: servers on free ports of the loopback address,
* ``airflow``: an Airflow with the CeleryExecutor, two workers and two triggerers, each with its own folders,
* ``hostname``: the host names of the components,
* ``dags``: the DAG; every component has its own copy, and none has the model files,
* ``run``: the DAG run,
* ``worker_slots``: occupied worker slots while DataRobot works,
* ``kills``: kills the worker and the triggerer,
* ``report``: the tables and the checks.
"""
