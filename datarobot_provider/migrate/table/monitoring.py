"""Entries for the monitoring of deployments."""

from __future__ import annotations

from datarobot_provider.migrate.entry import REQUEST, Argument, Entry, dropped, in_json, same, to

_MODULE = "operators.monitoring"
_STATISTICS = "operators.deployment_statistics"
_GET_SETTINGS = "operators.deployment_settings.GetDeploymentSettingsOperator"
_CHANGE_SETTINGS = "operators.deployment_settings.UpdateDeploymentSettingsOperator"
_QUERY = dropped("give its values as arguments; start_time is start, end_time is end")
_PERIOD: dict[str, Argument] = {
    **same("deployment_id"),
    "start_time": to("start", "an ISO 8601 string"),
    "end_time": to("end", "an ISO 8601 string"),
    "extra_params": _QUERY,
}
_RESULT = "the settings after the change, an object"
_CAMEL_CASE = "the response of the API, camelCase names"


def _statistics(name: str, replacement: str, param: str, *, module: str = _MODULE) -> Entry:
    """Return the entry of an operator that reads statistics and takes the query from a param of the DAG."""
    return Entry(
        module,
        name,
        f"{_STATISTICS}.{replacement}",
        arguments=same("deployment_id"),
        params={param: _QUERY},
        pushed="the statistics, snake_case names",
        pushes=_CAMEL_CASE,
    )


def _period(name: str, replacement: str) -> Entry:
    """Return the entry of an operator that reads the drift of a period."""
    return Entry(
        _MODULE,
        name,
        f"{_STATISTICS}.{replacement}",
        arguments=_PERIOD,
        pushed="an object of DataRobot's Python client",
        pushes=_CAMEL_CASE,
    )


ENTRIES = (
    _statistics("GetServiceStatsOperator", "GetServiceStatisticsOperator", "service_stats"),
    _statistics("GetAccuracyOperator", "GetAccuracyOperator", "accuracy"),
    _statistics("GetFeatureDriftOperator", "ListFeatureDriftOperator", "feature_drift", module="operators.deployment"),
    _statistics("GetTargetDriftOperator", "GetTargetDriftOperator", "target_drift", module="operators.deployment"),
    _period("GetFeatureDrift", "ListFeatureDriftOperator"),
    _period("GetTargetDrift", "GetTargetDriftOperator"),
    Entry(
        _MODULE,
        "GetMonitoringSettingsOperator",
        _GET_SETTINGS,
        arguments=same("deployment_id"),
        pushed="drift_tracking_settings, association_id_settings, predictions_data_collection_settings",
        pushes="all settings; among them targetDrift, featureDrift, associationId, predictionsDataCollection",
    ),
    Entry(
        _MODULE,
        "UpdateMonitoringSettingsOperator",
        _CHANGE_SETTINGS,
        arguments={
            **same("deployment_id"),
            "monitoring_settings": dropped("the operator ignores it"),
        },
        params={
            "target_drift_enabled": to("target_drift", '{"enabled": …}'),
            "feature_drift_enabled": to("feature_drift", '{"enabled": …}'),
            "association_id_column": to("association_id", '{"columnNames": […]}'),
            "required_association_id": to("association_id", '{"requiredInPredictionRequests": …}'),
            "predictions_data_collection_enabled": to("predictions_data_collection", '{"enabled": …}'),
        },
        pushes=_RESULT,
        note="One request changes all settings.",
    ),
    Entry(
        _MODULE,
        "UpdateDriftTrackingOperator",
        _CHANGE_SETTINGS,
        arguments={
            **same("deployment_id"),
            "target_drift_enabled": to("target_drift", '{"enabled": …}'),
            "feature_drift_enabled": to("feature_drift", '{"enabled": …}'),
        },
        pushed="the id of the deployment",
        pushes=_RESULT,
    ),
    Entry(
        "operators.segment_analysis",
        "GetSegmentAnalysisSettingsOperator",
        _GET_SETTINGS,
        arguments=same("deployment_id"),
        pushed="the settings of the segment analysis",
        pushes='all settings; those of the segment analysis are ["segmentAnalysis"]',
    ),
    Entry(
        "operators.segment_analysis",
        "UpdateSegmentAnalysisSettingsOperator",
        _CHANGE_SETTINGS,
        arguments=same("deployment_id"),
        params={
            "segment_analysis_enabled": to("segment_analysis", '{"enabled": …}'),
            "segment_analysis_attributes": to("segment_analysis", '{"attributes": […]}'),
        },
        pushes=_RESULT,
    ),
    Entry(
        "operators.bias_and_fairness",
        "GetBiasAndFairnessSettingsOperator",
        _GET_SETTINGS,
        arguments=same("deployment_id"),
        pushed="the settings of bias and fairness, snake_case names",
        pushes='all settings; those of bias and fairness are ["biasAndFairness"]',
    ),
    Entry(
        "operators.bias_and_fairness",
        "UpdateBiasAndFairnessSettingsOperator",
        _CHANGE_SETTINGS,
        arguments=same("deployment_id"),
        params={
            "protected_features": to("bias_and_fairness", "protectedFeatures"),
            "fairness_metric_set": to("bias_and_fairness", "fairnessMetricsSet"),
            "fairness_metrics_set": to("bias_and_fairness", "fairnessMetricsSet"),
            "fairness_threshold": to("bias_and_fairness", "fairnessThreshold"),
            "preferable_target_value": to("bias_and_fairness", "preferableTargetValue"),
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
