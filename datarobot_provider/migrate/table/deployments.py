"""Entries for deployments, predictions, actuals and scoring code."""

from __future__ import annotations

from datarobot_provider.migrate.entry import REQUEST, Entry, dropped, in_json, in_path, to

_MODULE = "operators.deployment"
_DEPLOYMENT = "deployments/{deploymentId}/"
_PUSHED_ID = "the id of the deployment"
_PUSHES_DEPLOYMENT = 'the deployment, an object; its id is ["id"]'
_LABELS = {"deployment_label": to("json", "label"), "deployment_description": to("json", "description")}

ENTRIES = (
    Entry(
        _MODULE,
        "DeployModelOperator",
        REQUEST,
        (
            "GET predictionServers/",
            "POST deployments/fromLearningModel/",
            "PATCH deployments/{deploymentId}/settings/",
        ),
        arguments=in_json("model_id"),
        params=_LABELS,
        pushed=_PUSHED_ID,
        pushes=_PUSHES_DEPLOYMENT,
        note=(
            "The first prediction server becomes defaultPredictionServerId. The last request enables drift tracking: "
            '{"targetDrift": {"enabled": true}, "featureDrift": {"enabled": true}}.'
        ),
    ),
    Entry(
        _MODULE,
        "DeployRecommendedModelOperator",
        REQUEST,
        (
            "GET projects/{projectId}/recommendedModels/recommendedModel/",
            "GET predictionServers/",
            "POST deployments/fromLearningModel/",
            "PATCH deployments/{deploymentId}/settings/",
        ),
        arguments=in_path("project_id"),
        params=_LABELS,
        pushed=_PUSHED_ID,
        pushes=_PUSHES_DEPLOYMENT,
        note='The modelId is ["modelId"] of the first response; the other requests are those of DeployModelOperator.',
    ),
    Entry(
        _MODULE,
        "DeployRegisteredModelOperator",
        REQUEST,
        ("POST deployments/fromModelPackage/",),
        arguments={
            **in_json("model_package_id"),
            "deployment_label": to("json", "label"),
            "extra_params": to("json", "one field each, camelCase names; max_wait becomes timeout"),
        },
        pushed=_PUSHED_ID,
        pushes=_PUSHES_DEPLOYMENT,
    ),
    Entry(
        _MODULE,
        "GetDeploymentModelOperator",
        REQUEST,
        (f"GET {_DEPLOYMENT}",),
        arguments=in_path("deployment_id"),
        pushed="the model of the deployment, snake_case names",
        pushes='the deployment; the model is ["model"], camelCase names',
    ),
    Entry(
        _MODULE,
        "GetDeploymentStatusOperator",
        REQUEST,
        (f"GET {_DEPLOYMENT}",),
        arguments=in_path("deployment_id"),
        pushed="the status, a string",
        pushes='the deployment; the status is ["status"]',
    ),
    Entry(
        _MODULE,
        "ActivateDeploymentOperator",
        REQUEST,
        (f"PATCH {_DEPLOYMENT}status/",),
        arguments={
            **in_path("deployment_id"),
            "activate": to("json", '{"status": "active"} or {"status": "inactive"}'),
            "max_wait_sec": to("timeout"),
        },
        pushed="the status, a string",
        pushes='the deployment; the status is ["status"]',
    ),
    Entry(
        _MODULE,
        "ReplaceModelOperator",
        REQUEST,
        (f"POST {_DEPLOYMENT}model/validation/", f"PATCH {_DEPLOYMENT}model/"),
        arguments={
            **in_path("deployment_id"),
            "new_registered_model_version_id": to("json", "modelPackageId of both requests"),
            "reason": to("json", 'reason of the second request; it was "OTHER" by default'),
            "max_wait_sec": to("timeout"),
        },
        pushes="the deployment, an object",
        note='The model must not be replaced if the status of the first response is "failing".',
    ),
    Entry(
        _MODULE,
        "ScorePredictionsOperator",
        REQUEST,
        ("POST batchPredictions/",),
        arguments={
            **in_json("deployment_id"),
            "intake_datastore_id": to("json", "intakeSettings.dataStoreId"),
            "intake_credential_id": to("json", "intakeSettings.credentialId"),
            "output_datastore_id": to("json", "outputSettings.dataStoreId"),
            "output_credential_id": to("json", "outputSettings.credentialId"),
            "score_settings": to("json", "one field each, camelCase names"),
        },
        params={"score_settings": to("json", "one field each, camelCase names")},
        pushed="the id of the batch job",
        pushes='the batch job, an object; its id is ["id"]',
        note="An intake or output of the type localFile needs further requests and is not supported.",
    ),
    Entry(
        "operators.mlops",
        "SubmitActualsFromCatalogOperator",
        REQUEST,
        (f"POST {_DEPLOYMENT}actuals/fromDataset/",),
        arguments={**in_path("deployment_id"), **in_json("dataset_id", "dataset_version_id")},
        params=in_json("actual_value_column", "association_id_column", "timestamp_column", "was_acted_on_column"),
        pushed="the id of the status record",
        pushes="the same with wait_for_completion=False",
        note="Without wait_for_completion=False the task waits, and no sensor is needed.",
    ),
    Entry(
        "operators.mlops",
        "SubmitActualsOperator",
        REQUEST,
        (f"POST {_DEPLOYMENT}actuals/fromJSON/",),
        arguments={
            **in_path("deployment_id"),
            "data": to("json", '{"data": [{"associationId": …, "actualValue": …}]}; a list, not a data frame'),
            "batch_size": dropped("send one request for each batch; it was 10,000 by default"),
        },
        pushes="the result of the job",
    ),
    Entry(
        "operators.scoring_code",
        "DownloadDeploymentScoringCodeOperator",
        REQUEST,
        (f"GET {_DEPLOYMENT}scoringCode/", f"POST {_DEPLOYMENT}scoringCodeBuilds/"),
        arguments={**in_path("deployment_id"), "base_path": to("target", "the path of the file, not of its folder")},
        params={
            "scoring_code_filepath": to("target", "the path of the file, not of its folder"),
            "source_code": to("query", "sourceCode of the first request"),
            "include_agent": to("json", "includeAgent of the second request"),
            "include_prediction_explanations": to("json", "includePredictionExplanations of the second request"),
            "include_prediction_intervals": to("json", "includePredictionIntervals of the second request"),
        },
        pushed="the path of the file",
        pushes='{"path", "size", "sha256"}',
        note="One request: the second if the scoring code must include something, otherwise the first.",
    ),
)
