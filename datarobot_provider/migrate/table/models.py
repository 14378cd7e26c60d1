"""Entries for the models of a project: training, insights, predictions."""

from __future__ import annotations

from datarobot_provider.migrate.entry import REQUEST, Entry, in_path, to

_TRAINING = "operators.model_training"
_INSIGHTS = "operators.model_insights"
_MODEL = "projects/{projectId}/models/{modelId}/"
_JOB_OF_A_PROJECT = (
    "DataRobot returns the id of the job in the Location header only, and no sensor of this provider polls the jobs of "
    "a project."
)


def _job(module: str, name: str, route: str, note: str = "") -> Entry:
    """Return the entry of an operator that starts a job of a project, which this provider cannot wait for."""
    return Entry(
        module,
        name,
        pushed="the id of the job",
        note=" ".join(part for part in (note, f"The route is {route}.", _JOB_OF_A_PROJECT) if part),
    )


def _chart(name: str, route: str, pushed: str, pushes: str) -> Entry:
    """Return the entry of an operator that reads a chart of a model."""
    return Entry(
        _INSIGHTS,
        name,
        REQUEST,
        (f"GET {_MODEL}{route}/{{source}}/",),
        arguments={
            **in_path("project_id", "model_id"),
            "source": to("path", '"validation" by default'),
        },
        pushed=pushed,
        pushes=pushes,
    )


def _shap(name: str, insight: str) -> Entry:
    """Return the entry of an operator that computes a SHAP insight."""
    return Entry(
        _INSIGHTS,
        name,
        REQUEST,
        (f"POST insights/{insight}/",),
        arguments={"model_id": to("json", "entityId")},
        pushed="the id of the status record",
        pushes="the same with wait_for_completion=False",
        note="Without wait_for_completion=False the task waits, and no sensor is needed.",
    )


ENTRIES = (
    _job(_TRAINING, "TrainModelOperator", "POST projects/{projectId}/models/"),
    _job(_TRAINING, "RetrainModelOperator", "POST projects/{projectId}/models/"),
    _job(_TRAINING, "AdvancedTuneModelOperator", f"POST {_MODEL}advancedTuning/"),
    _job(_TRAINING, "CrossValidateModelOperator", f"POST {_MODEL}crossValidation/"),
    _job(_TRAINING, "ScoreBacktestsModelOperator", "POST projects/{projectId}/datetimeModels/{modelId}/backtests/"),
    Entry(
        _TRAINING,
        "GetTrainedModelParametersOperator",
        REQUEST,
        (f"GET {_MODEL}parameters/",),
        arguments=in_path("project_id", "model_id"),
        pushed="the parameters, a list",
        pushes='an object; the parameters are ["parameters"], camelCase names',
    ),
    Entry(
        _INSIGHTS,
        "GetFeaturesUsedOperator",
        REQUEST,
        (f"GET {_MODEL}features/",),
        arguments=in_path("project_id", "model_id"),
        pushed="a list of names",
        pushes='an object; the names are ["featureNames"]',
    ),
    _job(
        _INSIGHTS,
        "ComputeFeatureImpactOperator",
        f"POST {_MODEL}featureImpact/",
        "The operator of the same name in datarobot_provider.operators.feature_impact is for versions of custom "
        "models, not for models of a project.",
    ),
    _job(_INSIGHTS, "ComputeFeatureEffectsOperator", f"POST {_MODEL}featureEffects/"),
    _shap("ComputeShapPreviewOperator", "shapPreview"),
    _shap("ComputeShapImpactOperator", "shapImpact"),
    _chart(
        "GetRocCurveInsightOperator",
        "rocCurve",
        "roc_points, positive_class_predictions, negative_class_predictions",
        "rocPoints, positiveClassPredictions, negativeClassPredictions",
    ),
    _chart("GetLiftChartInsightOperator", "liftChart", "a list of bins", 'an object; the bins are ["bins"]'),
    _chart(
        "GetResidualsChartInsightOperator",
        "residuals",
        "residual_mean, coefficient_of_determination, standard_deviation",
        "the chart of the API, an object; these values have camelCase names in it",
    ),
    _job("operators.model_predictions", "RequestModelPredictionsOperator", "POST projects/{projectId}/predictions/"),
    _job("operators.predictions", "RequestPredictionsOperator", "POST projects/{projectId}/predictions/"),
    Entry(
        "operators.predictions",
        "SavePredictionsToDatasetOperator",
        pushed="the id of the prediction dataset",
        note="It requires the id of a prediction job, which no operator of this provider returns.",
    ),
    _job(
        "operators.prediction_explanations",
        "PredictionExplanationsInitializationOperator",
        f"POST {_MODEL}predictionExplanationsInitialization/",
        "InitializePredictionExplanationsOperator is for versions of custom models, not for models of a project.",
    ),
    _job(
        "operators.prediction_explanations",
        "ComputePredictionExplanationsOperator",
        "POST projects/{projectId}/predictionExplanations/",
    ),
    Entry(
        "operators.scoring_code",
        "DownloadModelScoringCodeOperator",
        REQUEST,
        (f"GET {_MODEL}scoringCode/",),
        arguments={
            **in_path("project_id", "model_id"),
            "base_path": to("target", "the path of the file, not of its folder"),
        },
        params={
            "scoring_code_filepath": to("target", "the path of the file, not of its folder"),
            "source_code": to("query", "sourceCode"),
        },
        pushed="the path of the file",
        pushes='{"path", "size", "sha256"}',
    ),
)
