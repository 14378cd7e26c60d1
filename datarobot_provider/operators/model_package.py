"""Deprecated name of the operator that deploys a model package, see :mod:`datarobot_provider.deprecated`."""

from __future__ import annotations

from datarobot_provider.deprecated.deployments import DeployModelPackageOperator

__all__ = ["DeployModelPackageOperator"]
