"""Entries for the monitoring of deployments."""

from __future__ import annotations

from datarobot_provider.migrate.entry import REQUEST, Argument, Entry, dropped, in_json, in_path, to

_MODULE = "operators.monitoring"
_DEPLOYMENT = "deployments/{deploymentId}/"
_SETTINGS = f"GET {_DEPLOYMENT}settings/"
_CHANGE_SETTINGS = f"PATCH {_DEPLOYMENT}settings/"
_QUERY = to("query", "one parameter each, camelCase names; start_time is start, end_time is end")
_PERIOD: dict[str, Argument] = {
    **in_path("deployment_id"),
    "start_time": to("query", "start, an ISO 8601 string"),
    "end_time": to("query", "end, an ISO 8601 string"),
    "extra_params": _QUERY,
}
_RESULT = "the result of the job"
_CAMEL_CASE = "the response of the API, camelCase names"


def _statistics(name: str, route: str, param: str, *, module: str = _MODULE) -> Entry:
    """Return the entry of an operator that reads statistics and takes the query from a param of the DAG."""
    return Entry(
        module,
        name,
        REQUEST,
        (f"GET {_DEPLOYMENT}{route}/",),
        arguments=in_path("deployment_id"),
        params={param: _QUERY},
        pushed="the statistics, snake_case names",
        pushes=_CAMEL_CASE,
    )


def _period(name: str, route: str) -> Entry:
    """Return the entry of an operator that reads the drift of a period."""
    return Entry(
        _MODULE,
        name,
        REQUEST,
        (f"GET {_DEPLOYMENT}{route}/",),
        arguments=_PERIOD,
        pushed="an object of DataRobot's Python client",
        pushes=_CAMEL_CASE,
    )


ENTRIES = (
    _statistics("GetServiceStatsOperator", "serviceStats", "service_stats"),
    _statistics("GetAccuracyOperator", "accuracy", "accuracy"),
    _statistics("GetFeatureDriftOperator", "featureDrift", "feature_drift", module="operators.deployment"),
    _statistics("GetTargetDriftOperator", "targetDrift", "target_drift", module="operators.deployment"),
    _period("GetFeatureDrift", "featureDrift"),
    _period("GetTargetDrift", "targetDrift"),
    Entry(
        _MODULE,
        "GetMonitoringSettingsOperator",
        REQUEST,
        (_SETTINGS,),
        arguments=in_path("deployment_id"),
        pushed="drift_tracking_settings, association_id_settings, predictions_data_collection_settings",
        pushes="all settings; among them targetDrift, featureDrift, associationId, predictionsDataCollection",
    ),
    Entry(
        _MODULE,
        "UpdateMonitoringSettingsOperator",
        REQUEST,
        (_CHANGE_SETTINGS,),
        arguments={
            **in_path("deployment_id"),
            "monitoring_settings": dropped("the operator ignores it"),
        },
        params={
            "target_drift_enabled": to("json", "targetDrift.enabled"),
            "feature_drift_enabled": to("json", "featureDrift.enabled"),
            "association_id_column": to("json", "associationId.columnNames, a list"),
            "required_association_id": to("json", "associationId.requiredInPredictionRequests"),
            "predictions_data_collection_enabled": to("json", "predictionsDataCollection.enabled"),
        },
        pushes=_RESULT,
        note="One request changes all settings.",
    ),
    Entry(
        _MODULE,
        "UpdateDriftTrackingOperator",
        REQUEST,
        (_CHANGE_SETTINGS,),
        arguments={
            **in_path("deployment_id"),
            "target_drift_enabled": to("json", "targetDrift.enabled"),
            "feature_drift_enabled": to("json", "featureDrift.enabled"),
        },
        pushed="the id of the deployment",
        pushes=_RESULT,
    ),
    Entry(
        "operators.segment_analysis",
        "GetSegmentAnalysisSettingsOperator",
        REQUEST,
        (_SETTINGS,),
        arguments=in_path("deployment_id"),
        pushed="the settings of the segment analysis",
        pushes='all settings; those of the segment analysis are ["segmentAnalysis"]',
    ),
    Entry(
        "operators.segment_analysis",
        "UpdateSegmentAnalysisSettingsOperator",
        REQUEST,
        (_CHANGE_SETTINGS,),
        arguments=in_path("deployment_id"),
        params={
            "segment_analysis_enabled": to("json", "segmentAnalysis.enabled"),
            "segment_analysis_attributes": to("json", "segmentAnalysis.attributes"),
        },
        pushes=_RESULT,
    ),
    Entry(
        "operators.bias_and_fairness",
        "GetBiasAndFairnessSettingsOperator",
        REQUEST,
        (_SETTINGS,),
        arguments=in_path("deployment_id"),
        pushed="the settings of bias and fairness, snake_case names",
        pushes='all settings; those of bias and fairness are ["biasAndFairness"]',
    ),
    Entry(
        "operators.bias_and_fairness",
        "UpdateBiasAndFairnessSettingsOperator",
        REQUEST,
        (_CHANGE_SETTINGS,),
        arguments=in_path("deployment_id"),
        params={
            "protected_features": to("json", "biasAndFairness.protectedFeatures"),
            "fairness_metric_set": to("json", "biasAndFairness.fairnessMetricsSet"),
            "fairness_metrics_set": to("json", "biasAndFairness.fairnessMetricsSet"),
            "fairness_threshold": to("json", "biasAndFairness.fairnessThreshold"),
            "preferable_target_value": to("json", "biasAndFairness.preferableTargetValue"),
        },
        pushes=_RESULT,
    ),
    Entry(
        "operators.monitoring_job",
        "BatchMonitoringOperator",
        REQUEST,
        ("POST batchMonitoring/",),
        arguments={
            **in_json("deployment_id"),
            "datastore_id": to("json", "intakeSettings.dataStoreId"),
            "credential_id": to("json", "intakeSettings.credentialId"),
        },
        params={
            "deployment_id": to("json", "deploymentId"),
            "monitoring_settings": to("json", "one field each, camelCase names"),
        },
        pushed="the id of the batch job",
        pushes='the batch job, an object; its id is ["id"]',
        note="An intake of the type localFile needs further requests and is not supported.",
    ),
)
