"""The operators that create and change deployments, and make batch predictions: arguments and requests."""

from __future__ import annotations

from datarobot_provider.operators.batch_predictions import RunBatchPredictionOperator
from datarobot_provider.operators.challengers import CreateChallengerOperator
from datarobot_provider.operators.deployments import CreateDeploymentOperator
from datarobot_provider.operators.model_replacement import ReplaceModelOperator
from tests.parity import prepare
from tests.parity.submitter import UNCHANGED, Submitter
from tests.support.emulator import DATASET

DEPLOYMENTS = (
    Submitter(
        "deployment",
        CreateDeploymentOperator,
        prepare.package,
        ("POST", "/deployments/fromModelPackage/$"),
        "deployment",
        fixed={"deployment_label": "once"},
    ),
    Submitter(
        "challenger",
        CreateChallengerOperator,
        prepare.challenged,
        ("POST", "/deployments/[^/]+/challengers/$"),
        "challenger",
        fixed={"name": "once"},
    ),
    Submitter(
        "replacement",
        ReplaceModelOperator,
        prepare.replaceable,
        ("PATCH", "/deployments/[^/]+/model/$"),
        "model_replacement",
        again=UNCHANGED,
    ),
    Submitter(
        "batch-prediction",
        RunBatchPredictionOperator,
        prepare.deployment,
        ("POST", "/batchPredictions/$"),
        "batch_prediction",
        cancel="/batchPredictions/[^/]+/$",
        fixed={"dataset_id": DATASET},
    ),
)
