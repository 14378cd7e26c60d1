"""Run one DAG file with ``dag.test()`` in Airflow 2, and print the states and the XComs of its tasks as JSON.

Usage: ``python airflow_2_process.py DAG_FILE CONF``. It runs in the environment of DataRobot's own provider, so
it imports nothing of this project.
"""

import importlib.util
import json
import sys

RESULT = "RESULT "


def main(path, conf):
    spec = importlib.util.spec_from_file_location("dag_file", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    run = module.dag.test(run_conf=conf)
    tasks = run.get_task_instances()
    states = {task.task_id: str(task.state) for task in tasks}
    xcoms = {task.task_id: task.xcom_pull(task.task_id) for task in tasks}
    result = {"state": str(run.state), "states": states, "xcoms": xcoms}
    sys.stdout.write(f"{RESULT}{json.dumps(result, default=str)}\n")


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
