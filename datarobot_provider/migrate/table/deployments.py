"""Entries for deployments, predictions, actuals and scoring code."""

from __future__ import annotations

from datarobot_provider.migrate.entry import REQUEST, Entry, dropped, in_json, in_path, same, to

_MODULE = "operators.deployment"
_DEPLOYMENT = "deployments/{deploymentId}/"
_GET = "operators.deployments.GetDeploymentOperator"
_SCORE_SETTINGS = "give its values as arguments; csv_settings and others keep their names"
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
        "operators.deployments.CreateDeploymentOperator",
        arguments={
            **same("model_package_id", "deployment_label"),
            "extra_params": dropped("give its values as arguments; max_wait becomes timeout"),
        },
        pushed=_PUSHED_ID,
        pushes=_PUSHES_DEPLOYMENT,
    ),
    Entry(
        _MODULE,
        "GetDeploymentModelOperator",
        _GET,
        arguments=same("deployment_id"),
        pushed="the model of the deployment, snake_case names",
        pushes='the deployment; the model is ["model"], camelCase names',
    ),
    Entry(
        _MODULE,
        "GetDeploymentStatusOperator",
        _GET,
        arguments=same("deployment_id"),
        pushed="the status, a string",
        pushes='the deployment; the status is ["status"]',
    ),
    Entry(
        _MODULE,
        "ActivateDeploymentOperator",
        "operators.deployments.UpdateDeploymentStatusOperator",
        arguments={
            **same("deployment_id"),
            "activate": to("status", '"active" or "inactive" instead of True or False'),
            "max_wait_sec": to("timeout"),
        },
        pushed="the status, a string",
        pushes='the deployment; the status is ["status"]',
    ),
    Entry(
        _MODULE,
        "ReplaceModelOperator",
        "operators.model_replacement.ReplaceModelOperator",
        arguments={
            **same("deployment_id", "reason"),
            "new_registered_model_version_id": to("model_package_id"),
            "max_wait_sec": to("timeout"),
        },
        pushes="the deployment, an object",
    ),
    Entry(
        _MODULE,
        "ScorePredictionsOperator",
        "operators.batch_predictions.RunBatchPredictionOperator",
        arguments={
            **same("deployment_id"),
            "intake_datastore_id": to("intake_settings", "dataStoreId"),
            "intake_credential_id": to("intake_settings", "credentialId"),
            "output_datastore_id": to("output_settings", "dataStoreId"),
            "output_credential_id": to("output_settings", "credentialId"),
            "score_settings": dropped(_SCORE_SETTINGS),
        },
        params={"score_settings": dropped(_SCORE_SETTINGS)},
        pushed="the id of the batch job",
        pushes='the batch job, an object; its id is ["id"]',
        note="It waits for the job, so that ScoringCompleteSensor is not needed.",
    ),
    Entry(
        "operators.mlops",
        "SubmitActualsFromCatalogOperator",
        "operators.actuals.SubmitActualsFromDatasetOperator",
        arguments=same("deployment_id", "dataset_id", "dataset_version_id"),
        params=same("actual_value_column", "association_id_column", "timestamp_column", "was_acted_on_column"),
        pushed="the id of the status record",
        pushes="the deployment, an object",
        note="It waits for the job, so that no sensor is needed.",
    ),
    Entry(
        "operators.mlops",
        "SubmitActualsOperator",
        "operators.actuals.SubmitActualsOperator",
        arguments={
            **same("deployment_id"),
            "data": to("data", 'a list of {"associationId": …, "actualValue": …}, not a data frame'),
            "batch_size": dropped("use a task for each batch of 10,000 values"),
        },
        pushes="the deployment, an object",
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
