"""Airflow finds the installed provider."""

from __future__ import annotations

import pytest
from airflow.providers_manager import ProvidersManager

import datarobot_provider
from datarobot_provider.hooks.datarobot import DataRobotHook

NAME = "airflow-provider-datarobot-mlops"


@pytest.fixture(scope="module")
def manager() -> ProvidersManager:
    return ProvidersManager()


def test_airflow_lists_the_provider(manager: ProvidersManager) -> None:
    provider = manager.providers[NAME]
    assert provider.version == datarobot_provider.__version__
    assert provider.data["name"] == "DataRobot MLOps"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_airflow_offers_the_connection_type(manager: ProvidersManager) -> None:
    hook = manager.hooks[DataRobotHook.conn_type]
    assert hook is not None
    assert (hook.hook_name, hook.package_name) == (DataRobotHook.hook_name, NAME)
    assert hook.hook_class_name.endswith(DataRobotHook.__name__)
