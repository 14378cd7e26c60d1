"""Entries for datasets, data sources and recipes."""

from __future__ import annotations

from datarobot_provider.migrate.entry import REQUEST, Entry, dropped, in_json, in_path, same, to

_MODULE = "operators.data_registry"
_ADD_DATASET = "POST useCases/{useCaseId}/datasets/{datasetId}/"
_USE_CASE = {"use_case_id": to("path", "of the request that adds the dataset to the use case")}
_PUSHED_DATASET = "the id of the dataset"
_PUSHES_DATASET = 'the dataset, an object; its id is ["datasetId"]'
_PUSHED_VERSION = "the id of the dataset version"
_PUSHES_VERSION = 'the dataset version, an object; its id is ["versionId"]'
_DATA_SOURCE_PARAMS = '{"params": {"dataStoreId", "schema", "table"}} or {"params": {"dataStoreId", "query"}}'

ENTRIES = (
    Entry(
        _MODULE,
        "UploadDatasetOperator",
        "operators.datasets.CreateDatasetFromFileOperator",
        arguments={
            "file_path": to("file", "the address of a web server is the url of CreateDatasetFromUrlOperator"),
            "file_path_param": dropped("use a template: {{ params.… }}"),
            "use_case_id": dropped("AddToUseCaseOperator adds the dataset to a use case"),
        },
        params={"dataset_file_path": to("file"), "use_case_id": dropped("see the argument use_case_id")},
        pushed=_PUSHED_DATASET,
        pushes=_PUSHED_DATASET,
        same_xcom=True,
    ),
    Entry(
        _MODULE,
        "UpdateDatasetFromFileOperator",
        "operators.dataset_versions.CreateDatasetVersionFromFileOperator",
        arguments={
            **same("dataset_id"),
            "file_path": to("file"),
            "dataset_id_param": dropped("use a template: {{ params.… }}"),
            "file_path_param": dropped("use a template: {{ params.… }}"),
        },
        params={"training_dataset_id": to("dataset_id"), "dataset_file_path": to("file")},
        pushed=_PUSHED_VERSION,
        pushes=_PUSHED_VERSION,
        same_xcom=True,
    ),
    Entry(
        _MODULE,
        "CreateDatasetFromDataStoreOperator",
        REQUEST,
        ("GET externalDataSources/", "POST externalDataSources/", "POST datasets/fromDataSource/", _ADD_DATASET),
        arguments={
            "data_store_id": to("json", "params.dataStoreId of the second request"),
            "credential_id": to("json", "credentialId of the third request"),
            **_USE_CASE,
        },
        params={
            "dataset_name": to("json", "canonicalName of the second request"),
            "query": to("json", "params.query of the second request"),
            "table_schema": to("json", "params.schema of the second request"),
            "table_name": to("json", "params.table of the second request"),
            "persist_data_after_ingestion": to("json", "persistDataAfterIngestion of the third request"),
            "do_snapshot": to("json", "doSnapshot of the third request"),
            **_USE_CASE,
        },
        pushed=_PUSHED_DATASET,
        pushes=_PUSHES_DATASET,
        note=(
            "The first request finds an existing data source by its canonicalName; the second creates one, of the type "
            "jdbc; the last adds the dataset to a use case."
        ),
    ),
    Entry(
        _MODULE,
        "CreateDatasetFromRecipeOperator",
        REQUEST,
        ("POST datasets/fromRecipe/", _ADD_DATASET),
        arguments={
            **in_json("recipe_id", "do_snapshot"),
            "dataset_name": to("json", "name"),
            "materialization_catalog": to("json", "materializationDestination.catalog"),
            "materialization_schema": to("json", "materializationDestination.schema"),
            "materialization_table": to("json", "materializationDestination.table"),
            **_USE_CASE,
        },
        params={
            "dataset_name": to("json", "name"),
            "materialization_catalog": to("json", "materializationDestination.catalog"),
            "materialization_schema": to("json", "materializationDestination.schema"),
            "materialization_table": to("json", "materializationDestination.table"),
            **_USE_CASE,
        },
        pushed=_PUSHED_DATASET,
        pushes=_PUSHES_DATASET,
        note="Also pass persistDataAfterIngestion: true. The second request adds the dataset to a use case.",
    ),
    Entry(
        _MODULE,
        "CreateDatasetVersionOperator",
        REQUEST,
        ("POST datasets/{datasetId}/versions/fromDataSource/",),
        arguments={
            **in_path("dataset_id"),
            "datasource_id": to("json", "dataSourceId"),
            **in_json("credential_id"),
        },
        pushed=_PUSHED_VERSION,
        pushes=_PUSHES_VERSION,
    ),
    Entry(
        _MODULE,
        "CreateDatasetFromProjectOperator",
        REQUEST,
        ("POST datasets/fromProject/",),
        arguments=in_json("project_id"),
        pushed=_PUSHED_DATASET,
        pushes=_PUSHES_DATASET,
    ),
    Entry(
        _MODULE,
        "GetDataStoreOperator",
        REQUEST,
        ("GET externalDataStores/",),
        arguments={"data_connection": to("query", "name")},
        params={"data_connection": to("query", "name")},
        pushed="the id of the data store",
        pushes='a list of data stores in ["data"]; take the id of the one with this canonicalName',
    ),
    Entry(
        _MODULE,
        "CreateOrUpdateDataSourceOperator",
        REQUEST,
        (
            "GET externalDataSources/",
            "POST externalDataSources/",
            "PATCH externalDataSources/{dataSourceId}/",
        ),
        arguments={
            "data_store_id": to("json", "params.dataStoreId"),
            "dataset_name": to("json", "canonicalName"),
            "table_schema": to("json", "params.schema"),
            "table_name": to("json", "params.table"),
            "query": to("json", "params.query"),
        },
        params={
            "dataset_name": to("json", "canonicalName"),
            "table_schema": to("json", "params.schema"),
            "table_name": to("json", "params.table"),
            "query": to("json", "params.query"),
        },
        pushed="the id of the data source",
        pushes='the data source, an object; its id is ["id"]',
        note=(
            "The first request finds an existing data source by its canonicalName; the second creates one, of the type "
            f"jdbc; the third changes it. The body is {_DATA_SOURCE_PARAMS}."
        ),
    ),
    Entry(
        "operators.data_prep",
        "CreateWranglingRecipeOperator",
        REQUEST,
        (
            "POST recipes/fromDataset/",
            "POST recipes/fromDataStore/",
            "PUT recipes/{recipeId}/inputs/",
            "PUT recipes/{recipeId}/operations/",
            "PUT recipes/{recipeId}/downsampling/",
            "PATCH recipes/{recipeId}/",
        ),
        arguments={
            **in_json("use_case_id", "dataset_id", "data_store_id", "dialect"),
            "table_schema": to("json", "inputs[].schema of the second route"),
            "table_name": to("json", "inputs[].table of the second route"),
            "recipe_name": to("json", "name of the last request"),
            "recipe_description": to("json", "description of the last request"),
            "operations": to("json", "operations of the fourth request"),
            "downsampling_directive": to("json", "downsampling.directive of the fifth request"),
            "downsampling_arguments": to("json", "downsampling.arguments of the fifth request"),
        },
        params={
            "table_schema": to("json", "inputs[].schema of the second route"),
            "table_name": to("json", "inputs[].table of the second route"),
            **in_json("use_case_id"),
        },
        pushed="the id of the recipe",
        pushes='the recipe, an object; its id is ["id"]',
        note=(
            "The first route for a dataset, the second for a data store; the third only if an operation joins another "
            "dataset."
        ),
    ),
    Entry(
        "operators.data_prep",
        "CreateFeatureDiscoveryRecipeOperator",
        REQUEST,
        ("POST recipes/fromDataset/", "PUT relationshipsConfigurations/{relationshipsConfigurationId}/"),
        arguments={
            **in_json("dataset_id", "use_case_id"),
            "dataset_definitions": to("json", "datasetDefinitions of the second request"),
            "relationships": to("json", "relationships of the second request"),
            "feature_discovery_settings": to("json", "featureDiscoverySettings of the second request"),
        },
        params=in_json("use_case_id"),
        pushed="the id of the recipe",
        pushes='the recipe, an object; its id is ["id"]',
        note=(
            "The first request has the recipeType FEATURE_DISCOVERY; the relationshipsConfigurationId of the second is "
            "in the settings of its response."
        ),
    ),
)
