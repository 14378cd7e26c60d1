"""Functions that create the resources that an operator requires in the emulator, and return its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.emulator import DEPLOYMENT, MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.emulator import EmulatorClient

Arguments = dict[str, Any]
VALIDATIONS = "genai/customModelVectorDatabaseValidations/"


def model(datarobot: EmulatorClient) -> Arguments:
    return {"custom_model_id": datarobot.create_model()}


def model_without_versioned_data(datarobot: EmulatorClient) -> Arguments:
    body = {name: value for name, value in MODEL.items() if not name.startswith("isTraining")}
    return {"custom_model_id": str(datarobot.send("POST", "customModels/", json=body)["id"])}


def model_with_version(datarobot: EmulatorClient) -> Arguments:
    arguments = model(datarobot)
    datarobot.create_version(arguments["custom_model_id"])
    return arguments


def version(*, training: bool = False, built: bool = False) -> Callable[[EmulatorClient], Arguments]:
    def prepare(datarobot: EmulatorClient) -> Arguments:
        model_id = datarobot.create_model()
        version = datarobot.create_version(model_id, training=training, built=built)
        return {"custom_model_id": model_id, "custom_model_version_id": version["id"]}

    return prepare


def image(datarobot: EmulatorClient) -> Arguments:
    return {"image_id": version(training=True)(datarobot)["custom_model_version_id"]}


def validation(datarobot: EmulatorClient) -> Arguments:
    datarobot.outcome("vector_database_validation", "succeeded", seconds=0)
    body = {"deploymentId": DEPLOYMENT, "promptColumnName": "promptText", "targetColumnName": "relevant"}
    return {"validation_id": datarobot.send("POST", VALIDATIONS, json=body)["id"]}


def guarded(datarobot: EmulatorClient) -> Arguments:
    template = next(each for each in datarobot.entries("guardTemplates/") if each["type"] == "ootb")
    return {"entity_id": datarobot.create_model(), "template_id": template["id"]}


def explained(datarobot: EmulatorClient) -> Arguments:
    path = "customModels/{custom_model_id}/versions/{custom_model_version_id}/predictionExplanationsInitialization/"
    return {"path": path.format(**version(training=True)(datarobot))}


def nothing(_: EmulatorClient) -> Arguments:
    return {}


def dataset(datarobot: EmulatorClient) -> Arguments:
    return {"dataset_id": datarobot.control("POST", "datasets", {"name": "d.csv", "csv": "age,price\n1,10\n"})["id"]}


def data_store(datarobot: EmulatorClient) -> Arguments:
    return {"data_store_id": datarobot.entries("externalDataStores/")[0]["id"]}


def data_source(datarobot: EmulatorClient) -> Arguments:
    params = {"dataStoreId": data_store(datarobot)["data_store_id"], "table": "prices"}
    body = {"type": "jdbc", "canonicalName": "Prices", "params": params}
    return {"data_source_id": datarobot.send("POST", "externalDataSources/", json=body)["id"]}


def dataset_and_source(datarobot: EmulatorClient) -> Arguments:
    return {**dataset(datarobot), **data_source(datarobot)}


def model_template(datarobot: EmulatorClient) -> Arguments:
    templates = datarobot.entries("customTemplates/")
    nim = next(each for each in templates if each["templateSubType"] == "NIM_CONTAINERS")
    return {"template_id": nim["id"], "resource_bundle_id": nim["defaultResourceBundleId"]}


def environment(datarobot: EmulatorClient) -> Arguments:
    return {"environment_id": datarobot.send("POST", "executionEnvironments/", json={"name": "Python"})["id"]}


def package(datarobot: EmulatorClient) -> Arguments:
    datarobot.outcome("model_package_build", "succeeded", seconds=0)
    existing = [model["id"] for model in datarobot.entries("registeredModels/") if model["name"] == "Prices"]
    named = {"registeredModelId": existing[0]} if existing else {"registeredModelName": "Prices"}
    body = {"customModelVersionId": registrable(datarobot)["custom_model_version_id"], **named}
    return {"model_package_id": datarobot.send("POST", "modelPackages/fromCustomModelVersion/", json=body)["id"]}


def deployment(datarobot: EmulatorClient, **settings: Any) -> Arguments:
    body = {"modelPackageId": package(datarobot)["model_package_id"], "label": "Prices"}
    datarobot.outcome("deployment", "succeeded", seconds=0)
    deployment_id = datarobot.send("POST", "deployments/fromModelPackage/", json=body)["id"]
    if settings:
        datarobot.outcome("deployment_settings", "succeeded", seconds=0)
        datarobot.send("PATCH", f"deployments/{deployment_id}/settings/", json=settings)
    return {"deployment_id": deployment_id}


def replaceable(datarobot: EmulatorClient) -> Arguments:
    return {**deployment(datarobot), **package(datarobot)}


def challenged(datarobot: EmulatorClient) -> Arguments:
    return {**deployment(datarobot, challengerModels={"enabled": True}), **package(datarobot)}


def registrable(datarobot: EmulatorClient) -> Arguments:
    return {"custom_model_version_id": version()(datarobot)["custom_model_version_id"]}
