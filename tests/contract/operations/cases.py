"""The operator of each operation of the contract, with valid arguments."""

from __future__ import annotations

from typing import Any

from datarobot_provider.operators.access_control import GetCustomModelAccessOperator, ShareCustomModelOperator
from datarobot_provider.operators.actuals import SubmitActualsFromDatasetOperator, SubmitActualsOperator
from datarobot_provider.operators.batch_predictions import (
    CancelBatchPredictionOperator,
    DownloadBatchPredictionOperator,
    GetBatchPredictionOperator,
    ListBatchPredictionsOperator,
    RunBatchPredictionOperator,
)
from datarobot_provider.operators.challengers import (
    CreateChallengerOperator,
    DeleteChallengerOperator,
    GetChallengerOperator,
    ListChallengersOperator,
)
from datarobot_provider.operators.conversions import (
    ConvertVersionOperator,
    GetConversionOperator,
    ListConversionsOperator,
    StopConversionOperator,
)
from datarobot_provider.operators.credentials import GetCredentialOperator, ListCredentialsOperator
from datarobot_provider.operators.custom_model_limits import GetCustomModelLimitsOperator
from datarobot_provider.operators.custom_models import (
    CopyCustomModelOperator,
    CreateCustomModelOperator,
    DeleteCustomModelOperator,
    DownloadCustomModelOperator,
    GetCustomModelOperator,
    ListCustomModelsOperator,
    UpdateCustomModelOperator,
)
from datarobot_provider.operators.custom_templates import (
    CreateCustomModelFromTemplateOperator,
    GetCustomTemplateOperator,
    ListCustomTemplatesOperator,
)
from datarobot_provider.operators.data_sources import (
    CreateDataSourceOperator,
    GetDataSourceOperator,
    ListDataSourcesOperator,
    ListDataStoresOperator,
)
from datarobot_provider.operators.dataset_versions import (
    CreateDatasetVersionFromDataSourceOperator,
    CreateDatasetVersionFromFileOperator,
    CreateDatasetVersionFromUrlOperator,
    GetDatasetVersionOperator,
    ListDatasetVersionsOperator,
)
from datarobot_provider.operators.datasets import (
    CreateDatasetFromDataSourceOperator,
    CreateDatasetFromFileOperator,
    CreateDatasetFromUrlOperator,
    DeleteDatasetOperator,
    DownloadDatasetOperator,
    GetDatasetOperator,
    ListDatasetsOperator,
    UpdateDatasetOperator,
)
from datarobot_provider.operators.dependency_builds import (
    CancelDependencyBuildOperator,
    GetDependencyBuildLogOperator,
    GetDependencyBuildOperator,
    StartDependencyBuildOperator,
)
from datarobot_provider.operators.deployment_settings import (
    GetDeploymentSettingsOperator,
    UpdateDeploymentSettingsOperator,
)
from datarobot_provider.operators.deployment_statistics import (
    GetAccuracyOperator,
    GetServiceStatisticsOperator,
    GetTargetDriftOperator,
    ListFeatureDriftOperator,
)
from datarobot_provider.operators.deployments import (
    CreateDeploymentOperator,
    DeleteDeploymentOperator,
    GetDeploymentOperator,
    ListDeploymentsOperator,
    UpdateDeploymentOperator,
    UpdateDeploymentStatusOperator,
)
from datarobot_provider.operators.environment_versions import (
    CreateEnvironmentVersionOperator,
    DownloadEnvironmentVersionOperator,
    GetEnvironmentBuildLogOperator,
    GetEnvironmentVersionOperator,
    ListEnvironmentVersionsOperator,
)
from datarobot_provider.operators.execution_environments import (
    CreateExecutionEnvironmentOperator,
    DeleteExecutionEnvironmentOperator,
    GetExecutionEnvironmentOperator,
    ListExecutionEnvironmentsOperator,
    UpdateExecutionEnvironmentOperator,
)
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator, GetFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import (
    ApplyGuardConfigOperator,
    CreateGuardConfigOperator,
    DeleteGuardConfigOperator,
    GetGuardConfigOperator,
    ListGuardConfigsOperator,
    ListGuardPredictionEnvironmentsOperator,
    UpdateGuardConfigOperator,
)
from datarobot_provider.operators.guard_templates import GetGuardTemplateOperator, ListGuardTemplatesOperator
from datarobot_provider.operators.model_replacement import (
    ListModelHistoryOperator,
    ReplaceModelOperator,
    ValidateModelReplacementOperator,
)
from datarobot_provider.operators.model_tests import (
    CancelModelTestOperator,
    GetModelTestLogOperator,
    GetModelTestOperator,
    ListModelTestsOperator,
    RunModelTestOperator,
)
from datarobot_provider.operators.moderation import (
    GetOverallModerationConfigOperator,
    UpdateOverallModerationConfigOperator,
)
from datarobot_provider.operators.prediction_environments import (
    ListPredictionEnvironmentsOperator,
    ListPredictionServersOperator,
)
from datarobot_provider.operators.prediction_explanations import InitializePredictionExplanationsOperator
from datarobot_provider.operators.prediction_server_image import (
    DownloadPredictionServerImageOperator,
    GetPredictionServerImageMetadataOperator,
)
from datarobot_provider.operators.predictions import MakePredictionsOperator
from datarobot_provider.operators.registered_models import (
    ArchiveRegisteredModelOperator,
    GetRegisteredModelOperator,
    GetRegisteredModelVersionOperator,
    ListRegisteredModelsOperator,
    ListRegisteredModelVersionsOperator,
    RegisterCustomModelVersionOperator,
    UpdateRegisteredModelOperator,
)
from datarobot_provider.operators.repository_versions import CreateVersionFromRepositoryOperator
from datarobot_provider.operators.resource_bundles import GetResourceBundleOperator, ListResourceBundlesOperator
from datarobot_provider.operators.training_data import AssignTrainingDataOperator, CreateVersionWithTrainingDataOperator
from datarobot_provider.operators.use_cases import (
    AddToUseCaseOperator,
    CreateUseCaseOperator,
    DeleteUseCaseOperator,
    GetUseCaseOperator,
    ListUseCasesOperator,
    RemoveFromUseCaseOperator,
    UpdateUseCaseOperator,
)
from datarobot_provider.operators.vector_databases import (
    DeleteVectorDatabaseValidationOperator,
    GetVectorDatabaseValidationOperator,
    ListVectorDatabaseValidationsOperator,
    RevalidateVectorDatabaseOperator,
    UpdateVectorDatabaseValidationOperator,
    ValidateVectorDatabaseOperator,
)
from datarobot_provider.operators.versions import (
    CreateVersionOperator,
    DownloadVersionOperator,
    GetVersionOperator,
    ListVersionsOperator,
    UpdateVersionOperator,
)

MODEL = {"custom_model_id": "m"}
IDS = {**MODEL, "custom_model_version_id": "v"}
IMAGE = {"image_id": "i"}
TEST = {"custom_model_test_id": "t"}
CONVERSION = {**IDS, "conversion_id": "c"}
VALIDATION = {"validation_id": "w"}
ENTITY = {"entity_id": "m", "entity_type": "customModel"}
COLUMNS = {"deployment_id": "d", "prompt_column_name": "p", "target_column_name": "t"}
REPOSITORY = {**MODEL, "repository_id": "r"}
GUARD = {"template_id": "t", "name": "n", "stages": ["prompt"], **ENTITY}
DATASET = {"dataset_id": "d"}
ENVIRONMENT = {"environment_id": "e"}
REGISTERED = {"registered_model_id": "r"}
DEPLOYED = {"deployment_id": "p"}
PACKAGE = {"model_package_id": "k"}
CHALLENGER = {**DEPLOYED, "challenger_id": "c"}
JOB = {"prediction_job_id": "j"}
ENVIRONMENT_VERSION = {**ENVIRONMENT, "environment_version_id": "v"}
DATA_SOURCE = {"data_source_id": "s"}
DATA_URL = {"url": "https://data.example.com/houses.csv"}
#: Stands for a local path; the test replaces it.
PLACEHOLDER = object()

CASES: dict[str, tuple[type, dict[str, Any]]] = {
    "get_inference_image_feature_impact": (GetFeatureImpactOperator, IMAGE),
    "start_inference_image_feature_impact": (ComputeFeatureImpactOperator, IMAGE),
    "get_custom_model_limits": (GetCustomModelLimitsOperator, {}),
    "list_custom_model_tests": (ListModelTestsOperator, MODEL),
    "create_custom_model_test": (RunModelTestOperator, IDS),
    "cancel_custom_model_test": (CancelModelTestOperator, TEST),
    "get_custom_model_test": (GetModelTestOperator, TEST),
    "download_custom_model_test_log": (GetModelTestLogOperator, TEST),
    "get_custom_model_test_log_tail": (GetModelTestLogOperator, {**TEST, "lines": 5}),
    "list_custom_models": (ListCustomModelsOperator, {}),
    "create_custom_model": (CreateCustomModelOperator, {"name": "x"}),
    "copy_custom_model": (CopyCustomModelOperator, MODEL),
    "init_prediction_explanations_legacy": (
        InitializePredictionExplanationsOperator,
        {**IDS, "environment_id": "e"},
    ),
    "delete_custom_model": (DeleteCustomModelOperator, MODEL),
    "get_custom_model": (GetCustomModelOperator, MODEL),
    "update_custom_model": (UpdateCustomModelOperator, {**MODEL, "name": "y"}),
    "list_custom_model_access": (GetCustomModelAccessOperator, MODEL),
    "update_custom_model_access": (ShareCustomModelOperator, {**MODEL, "roles": [{"username": "u", "role": None}]}),
    "download_custom_model": (DownloadCustomModelOperator, {**MODEL, "target": PLACEHOLDER}),
    "assign_custom_model_training_data": (AssignTrainingDataOperator, {**MODEL, "dataset_id": "d"}),
    "list_custom_model_versions": (ListVersionsOperator, MODEL),
    "create_custom_model_version_from_latest": (CreateVersionOperator, {**MODEL, "from_latest": True}),
    "create_custom_model_version": (CreateVersionOperator, {**MODEL, "folder": PLACEHOLDER}),
    "create_custom_model_version_from_latest_and_repository": (
        CreateVersionFromRepositoryOperator,
        {**REPOSITORY, "from_latest": True},
    ),
    "create_custom_model_version_from_repository": (CreateVersionFromRepositoryOperator, REPOSITORY),
    "create_custom_model_version_with_training_data": (
        CreateVersionWithTrainingDataOperator,
        {**MODEL, "training_data": {"datasetId": "d"}},
    ),
    "get_custom_model_version": (GetVersionOperator, IDS),
    "update_custom_model_version": (UpdateVersionOperator, {**IDS, "description": "d"}),
    "list_custom_model_conversions": (ListConversionsOperator, IDS),
    "start_custom_model_conversion": (ConvertVersionOperator, {**IDS, "main_program_item_id": "i"}),
    "stop_custom_model_conversion": (StopConversionOperator, CONVERSION),
    "get_custom_model_conversion": (GetConversionOperator, CONVERSION),
    "cancel_dependency_build": (CancelDependencyBuildOperator, IDS),
    "get_dependency_build": (GetDependencyBuildOperator, IDS),
    "start_dependency_build": (StartDependencyBuildOperator, IDS),
    "get_dependency_build_log": (GetDependencyBuildLogOperator, IDS),
    "download_custom_model_version": (DownloadVersionOperator, {**IDS, "target": PLACEHOLDER}),
    "get_custom_model_version_feature_impact": (GetFeatureImpactOperator, IDS),
    "start_custom_model_version_feature_impact": (ComputeFeatureImpactOperator, IDS),
    "init_prediction_explanations": (InitializePredictionExplanationsOperator, IDS),
    "list_vector_database_validations": (ListVectorDatabaseValidationsOperator, {}),
    "create_vector_database_validation": (ValidateVectorDatabaseOperator, COLUMNS),
    "delete_vector_database_validation": (DeleteVectorDatabaseValidationOperator, VALIDATION),
    "get_vector_database_validation": (GetVectorDatabaseValidationOperator, VALIDATION),
    "update_vector_database_validation": (UpdateVectorDatabaseValidationOperator, {**VALIDATION, "name": "y"}),
    "revalidate_vector_database": (RevalidateVectorDatabaseOperator, VALIDATION),
    "list_guard_configurations": (ListGuardConfigsOperator, ENTITY),
    "create_guard_configuration": (CreateGuardConfigOperator, GUARD),
    "list_guard_prediction_environments": (
        ListGuardPredictionEnvironmentsOperator,
        {"custom_model_version_id": "v"},
    ),
    "push_guards_to_new_custom_model_version": (ApplyGuardConfigOperator, {**MODEL, "guards": []}),
    "delete_guard_configuration": (DeleteGuardConfigOperator, {"config_id": "g"}),
    "get_guard_configuration": (GetGuardConfigOperator, {"config_id": "g"}),
    "update_guard_configuration": (UpdateGuardConfigOperator, {"config_id": "g", "name": "y"}),
    "list_guard_templates": (ListGuardTemplatesOperator, {}),
    "list_resource_bundles": (ListResourceBundlesOperator, {}),
    "get_resource_bundle": (GetResourceBundleOperator, {"resource_bundle_id": "cpu.small"}),
    "list_use_cases": (ListUseCasesOperator, {}),
    "create_use_case": (CreateUseCaseOperator, {"name": "n"}),
    "get_use_case": (GetUseCaseOperator, {"use_case_id": "u"}),
    "update_use_case": (UpdateUseCaseOperator, {"use_case_id": "u", "name": "y"}),
    "delete_use_case": (DeleteUseCaseOperator, {"use_case_id": "u"}),
    "add_to_use_case": (AddToUseCaseOperator, {"use_case_id": "u", "entity_type": "datasets", "entity_id": "d"}),
    "remove_from_use_case": (
        RemoveFromUseCaseOperator,
        {"use_case_id": "u", "entity_type": "datasets", "entity_id": "d"},
    ),
    "list_datasets": (ListDatasetsOperator, {}),
    "create_dataset_from_file": (CreateDatasetFromFileOperator, {"file": PLACEHOLDER}),
    "create_dataset_from_url": (CreateDatasetFromUrlOperator, DATA_URL),
    "create_dataset_from_data_source": (CreateDatasetFromDataSourceOperator, DATA_SOURCE),
    "get_dataset": (GetDatasetOperator, DATASET),
    "update_dataset": (UpdateDatasetOperator, {**DATASET, "name": "y"}),
    "delete_dataset": (DeleteDatasetOperator, DATASET),
    "download_dataset": (DownloadDatasetOperator, {**DATASET, "target": PLACEHOLDER}),
    "list_dataset_versions": (ListDatasetVersionsOperator, DATASET),
    "create_dataset_version_from_file": (CreateDatasetVersionFromFileOperator, {**DATASET, "file": PLACEHOLDER}),
    "create_dataset_version_from_url": (CreateDatasetVersionFromUrlOperator, {**DATASET, **DATA_URL}),
    "create_dataset_version_from_data_source": (
        CreateDatasetVersionFromDataSourceOperator,
        {**DATASET, **DATA_SOURCE},
    ),
    "list_data_stores": (ListDataStoresOperator, {}),
    "list_data_sources": (ListDataSourcesOperator, {}),
    "create_data_source": (
        CreateDataSourceOperator,
        {"canonical_name": "n", "data_store_id": "d", "table": "t"},
    ),
    "get_data_source": (GetDataSourceOperator, DATA_SOURCE),
    "list_custom_templates": (ListCustomTemplatesOperator, {}),
    "get_custom_template": (GetCustomTemplateOperator, {"custom_template_id": "t"}),
    "create_custom_model_from_template": (
        CreateCustomModelFromTemplateOperator,
        {"template_id": "t", "resource_bundle_id": "gpu.small"},
    ),
    "get_dataset_version": (GetDatasetVersionOperator, {**DATASET, "dataset_version_id": "v"}),
    "list_execution_environments": (ListExecutionEnvironmentsOperator, {}),
    "create_execution_environment": (CreateExecutionEnvironmentOperator, {"name": "n"}),
    "get_execution_environment": (GetExecutionEnvironmentOperator, ENVIRONMENT),
    "update_execution_environment": (UpdateExecutionEnvironmentOperator, {**ENVIRONMENT, "name": "y"}),
    "delete_execution_environment": (DeleteExecutionEnvironmentOperator, ENVIRONMENT),
    "list_execution_environment_versions": (ListEnvironmentVersionsOperator, ENVIRONMENT),
    "create_execution_environment_version": (
        CreateEnvironmentVersionOperator,
        {**ENVIRONMENT, "docker_image_uri": "example.com/image:1"},
    ),
    "get_execution_environment_version": (GetEnvironmentVersionOperator, ENVIRONMENT_VERSION),
    "get_execution_environment_build_log": (GetEnvironmentBuildLogOperator, ENVIRONMENT_VERSION),
    "download_execution_environment_version": (
        DownloadEnvironmentVersionOperator,
        {**ENVIRONMENT_VERSION, "target": PLACEHOLDER},
    ),
    "list_credentials": (ListCredentialsOperator, {}),
    "get_credential": (GetCredentialOperator, {"credential_id": "c"}),
    "register_custom_model_version": (
        RegisterCustomModelVersionOperator,
        {"custom_model_version_id": "v", **REGISTERED},
    ),
    "list_registered_models": (ListRegisteredModelsOperator, {}),
    "get_registered_model": (GetRegisteredModelOperator, REGISTERED),
    "update_registered_model": (UpdateRegisteredModelOperator, {**REGISTERED, "name": "y"}),
    "archive_registered_model": (ArchiveRegisteredModelOperator, REGISTERED),
    "list_registered_model_versions": (ListRegisteredModelVersionsOperator, REGISTERED),
    "get_registered_model_version": (GetRegisteredModelVersionOperator, {**REGISTERED, "version_id": "v"}),
    "list_deployments": (ListDeploymentsOperator, {}),
    "create_deployment": (CreateDeploymentOperator, {**PACKAGE, "deployment_label": "l"}),
    "get_deployment": (GetDeploymentOperator, DEPLOYED),
    "update_deployment": (UpdateDeploymentOperator, {**DEPLOYED, "deployment_label": "y"}),
    "delete_deployment": (DeleteDeploymentOperator, DEPLOYED),
    "update_deployment_status": (UpdateDeploymentStatusOperator, {**DEPLOYED, "status": "inactive"}),
    "get_deployment_settings": (GetDeploymentSettingsOperator, DEPLOYED),
    "update_deployment_settings": (
        UpdateDeploymentSettingsOperator,
        {**DEPLOYED, "target_drift": {"enabled": True}},
    ),
    "validate_model_replacement": (ValidateModelReplacementOperator, {**DEPLOYED, **PACKAGE}),
    "replace_model": (ReplaceModelOperator, {**DEPLOYED, **PACKAGE}),
    "list_model_history": (ListModelHistoryOperator, DEPLOYED),
    "list_challengers": (ListChallengersOperator, DEPLOYED),
    "create_challenger": (CreateChallengerOperator, {**DEPLOYED, **PACKAGE, "name": "n"}),
    "get_challenger": (GetChallengerOperator, CHALLENGER),
    "delete_challenger": (DeleteChallengerOperator, CHALLENGER),
    "get_service_statistics": (GetServiceStatisticsOperator, DEPLOYED),
    "get_target_drift": (GetTargetDriftOperator, DEPLOYED),
    "list_feature_drift": (ListFeatureDriftOperator, DEPLOYED),
    "get_accuracy": (GetAccuracyOperator, DEPLOYED),
    "submit_actuals": (SubmitActualsOperator, {**DEPLOYED, "data": [{"associationId": "a", "actualValue": 1}]}),
    "submit_actuals_from_dataset": (
        SubmitActualsFromDatasetOperator,
        {**DEPLOYED, **DATASET, "association_id_column": "id", "actual_value_column": "price"},
    ),
    "list_prediction_servers": (ListPredictionServersOperator, {}),
    "list_prediction_environments": (ListPredictionEnvironmentsOperator, {}),
    "list_batch_predictions": (ListBatchPredictionsOperator, {}),
    "create_batch_prediction": (RunBatchPredictionOperator, {**DEPLOYED, **DATASET}),
    "get_batch_prediction": (GetBatchPredictionOperator, JOB),
    "cancel_batch_prediction": (CancelBatchPredictionOperator, JOB),
    "download_batch_prediction": (DownloadBatchPredictionOperator, {**JOB, "target": PLACEHOLDER}),
    "make_predictions": (MakePredictionsOperator, {**DEPLOYED, "rows": [{"age": 1}]}),
    "get_guard_template": (GetGuardTemplateOperator, {"template_id": "t"}),
    "download_pps_image": (DownloadPredictionServerImageOperator, {"target": PLACEHOLDER}),
    "get_pps_image_metadata": (GetPredictionServerImageMetadataOperator, {}),
    "get_overall_moderation_configuration": (GetOverallModerationConfigOperator, ENTITY),
    "update_overall_moderation_configuration": (
        UpdateOverallModerationConfigOperator,
        {**ENTITY, "timeout_sec": 5, "timeout_action": "block"},
    ),
}
