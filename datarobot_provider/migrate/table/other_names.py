"""Entries for base classes, constants and other names that are neither operators nor sensors, and for one operator."""

from __future__ import annotations

from datarobot_provider.migrate.entry import Entry

_BASES = "operators.base_datarobot_operator"
_SUBCLASS = (
    "Write a function with @task instead. DataRobotHook().client sends the requests. It is not DataRobot's Python "
    "client."
)

ENTRIES = (
    Entry(
        "operators.custom_function",
        "CustomFunctionOperator",
        pushed="the result of the function",
        note="Use @task or PythonOperator of Airflow. The function must create its own client of DataRobot.",
    ),
    Entry(_BASES, "BaseDatarobotOperator", note=_SUBCLASS, is_task=False),
    Entry(_BASES, "BaseUseCaseEntityOperator", note=_SUBCLASS, is_task=False),
    Entry("operators.autopilot", "AutopilotBaseOperator", note=_SUBCLASS, is_task=False),
    Entry("operators.deployment", "DeployModelMixin", note=_SUBCLASS, is_task=False),
    Entry(
        "constants",
        "DATAROBOT_CONN_ID",
        "hooks.datarobot.DataRobotHook",
        note="Write DataRobotHook.default_conn_name; the value is the same, datarobot_default.",
        is_task=False,
    ),
    Entry(
        "constants",
        "XCOM_DEFAULT_USE_CASE_ID",
        note="No operator of this provider uses a default use case. Pass its id to the tasks that need it.",
        is_task=False,
    ),
)
