"""Entries for datasets, data sources and recipes."""

from __future__ import annotations

from datarobot_provider.migrate.entry import REQUEST, Entry, dropped, in_json, same, to

_MODULE = "operators.data_registry"
_ADD_DATASET = "POST useCases/{useCaseId}/datasets/{datasetId}/"
_USE_CASE = {"use_case_id": to("path", "of the request that adds the dataset to the use case")}
_PUSHED_DATASET = "the id of the dataset"
_PUSHES_DATASET = 'the dataset, an object; its id is ["datasetId"]'
_PUSHED_SOURCE = "the id of the data source"
_PUSHED_VERSION = "the id of the dataset version"
_PUSHES_VERSION = 'the dataset version, an object; its id is ["versionId"]'

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
        "operators.datasets.CreateDatasetFromDataSourceOperator",
        arguments={
            "data_store_id": dropped("pass it to CreateDataSourceOperator"),
            **same("credential_id"),
            "use_case_id": dropped("AddToUseCaseOperator adds the dataset to a use case"),
        },
        params={
            "dataset_name": dropped("the argument canonical_name of CreateDataSourceOperator"),
            "query": dropped("the argument query of CreateDataSourceOperator"),
            "table_schema": dropped("the argument schema of CreateDataSourceOperator"),
            "table_name": dropped("the argument table of CreateDataSourceOperator"),
            "persist_data_after_ingestion": to("persist_data_after_ingestion"),
            "do_snapshot": to("do_snapshot"),
            "use_case_id": dropped("see the argument use_case_id"),
        },
        pushed=_PUSHED_DATASET,
        pushes=_PUSHED_DATASET,
        same_xcom=True,
        note="CreateDataSourceOperator with if_exists='reuse' creates the data source; its XCom is the data_source_id.",
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
        "operators.dataset_versions.CreateDatasetVersionFromDataSourceOperator",
        arguments={**same("dataset_id", "credential_id"), "datasource_id": to("data_source_id")},
        pushed=_PUSHED_VERSION,
        pushes=_PUSHED_VERSION,
        same_xcom=True,
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
        "operators.data_sources.ListDataStoresOperator",
        arguments={"data_connection": to("name")},
        params={"data_connection": to("name")},
        pushed="the id of the data store",
        pushes='a list of data stores; take the id of the one with this canonicalName: [0]["id"]',
    ),
    Entry(
        _MODULE,
        "CreateOrUpdateDataSourceOperator",
        "operators.data_sources.CreateDataSourceOperator",
        arguments={
            **same("data_store_id", "query"),
            "dataset_name": to("canonical_name"),
            "table_schema": to("schema"),
            "table_name": to("table"),
        },
        params={
            "dataset_name": to("canonical_name"),
            "table_schema": to("schema"),
            "table_name": to("table"),
            "query": to("query"),
        },
        pushed=_PUSHED_SOURCE,
        pushes=_PUSHED_SOURCE,
        same_xcom=True,
        note=(
            "With if_exists='reuse', an existing data source is reused and not changed; PATCH "
            "externalDataSources/{dataSourceId}/ changes it."
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
