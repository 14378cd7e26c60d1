"""Deprecated names of operators for deployments, see :mod:`datarobot_provider.deprecated`."""

from __future__ import annotations

from datarobot_provider.deprecated.deployments import (
    ActivateDeploymentOperator,
    DeployRegisteredModelOperator,
    GetDeploymentModelOperator,
    GetDeploymentStatusOperator,
    ReplaceModelOperator,
)

__all__ = [
    "ActivateDeploymentOperator",
    "DeployRegisteredModelOperator",
    "GetDeploymentModelOperator",
    "GetDeploymentStatusOperator",
    "ReplaceModelOperator",
]
