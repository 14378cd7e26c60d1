"""Routes of the API and pages of the web interface, and the ids in them; loaded when a DAG file is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from datarobot_provider.exceptions import InputError, MalformedResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Routes that more than one module uses.
VERSIONS = "customModels/{custom_model_id}/versions/"
VERSION = VERSIONS + "{custom_model_version_id}/"
ENVIRONMENT_VERSION = "executionEnvironments/{environment_id}/versions/{environment_version_id}/"
REGISTERED_VERSIONS = "registeredModels/{registered_model_id}/versions/"
REGISTERED_VERSION = REGISTERED_VERSIONS + "{version_id}/"
DEPLOYMENTS = "deployments/"
DEPLOYMENT = DEPLOYMENTS + "{deployment_id}/"
CHALLENGERS = DEPLOYMENT + "challengers/"
CHALLENGER = CHALLENGERS + "{challenger_id}/"
BATCH_PREDICTIONS = "batchPredictions/"
BATCH_PREDICTION = BATCH_PREDICTIONS + "{prediction_job_id}/"
DATASETS = "datasets/"
DATASET = DATASETS + "{dataset_id}/"
DATASET_VERSIONS = DATASET + "versions/"
DATASET_VERSION = DATASET_VERSIONS + "{dataset_version_id}/"

#: Resources that a task reads or creates, by their paths. The id of a version follows after "@". A name with dots is a
#: field of an argument.
CUSTOM_MODEL_RESOURCE = "customModels/{custom_model_id}"
VERSION_RESOURCE = CUSTOM_MODEL_RESOURCE + "@{custom_model_version_id}"
CONVERSION_RESOURCE = VERSION + "conversions/{conversion_id}"
DATASET_RESOURCE = "datasets/{dataset_id}@{dataset_version_id}"
TRAINING_DATA_RESOURCE = "datasets/{training_data.datasetId}@{training_data.datasetVersionId}"
HOLDOUT_DATA_RESOURCE = "datasets/{holdout_data.datasetId}@{holdout_data.datasetVersionId}"
ENVIRONMENT_RESOURCE = "executionEnvironments/{environment_id}"
ENVIRONMENT_VERSION_RESOURCE = ENVIRONMENT_RESOURCE + "@{environment_version_id}"
REGISTERED_VERSION_RESOURCE = "registeredModels/{registered_model_id}@{version_id}"
REPOSITORY_RESOURCE = "remoteRepositories/{repository_id}"
DEPLOYMENT_RESOURCE = "deployments/{deployment_id}"
DATA_SOURCE_RESOURCE = "externalDataSources/{data_source_id}"
USE_CASE_RESOURCE = "useCases/{use_case_id}"
VALIDATION_RESOURCE = "genai/customModelVectorDatabaseValidations/{validation_id}"

#: Pages of the web interface, below the host.
CUSTOM_MODEL_PAGE = "registry/custom-model-workshop/{custom_model_id}/assemble"
CUSTOM_MODEL_VERSION_PAGE = "registry/custom-model-workshop/{custom_model_id}/versions/{custom_model_version_id}"
ENVIRONMENT_PAGE = "model-registry/custom-environments/{environment_id}"
REGISTERED_MODEL_PAGE = "registry/registered-models/{registered_model_id}/info"
DATASET_PAGE = "ai-catalog/{dataset_id}"
DEPLOYMENT_PAGE = "deployments/{deployment_id}/overview"

_LONGEST_NAME = 100
_MAX_NAMES = 20


def route(template: str, **ids: object) -> str:
    """Return a route with its ids filled in.

    :param template: path below ``/api/v2/``, such as ``customModels/{custom_model_id}/``.
    :param ids: one value for each placeholder.
    :returns: the path; every id is escaped, so that no id can reach another route.
    :raises InputError: if an id is empty, ``None``, or contains a dot segment or a control character.
    """
    for name, value in ids.items():
        if not isinstance(value, str | int) or isinstance(value, bool) or not is_id(str(value)):
            raise InputError(f"{name} is {str(value)[:_LONGEST_NAME]!r}, which is not a valid id.")
    return template.format(**{name: quote(str(value), safe="") for name, value in ids.items()})


def has_dot_segment(path: str) -> bool:
    """Return whether ``path`` has a dot segment. Some servers treat a backslash as ``/`` and ignore ``;…``."""
    return any(part.partition(";")[0] in (".", "..") for part in path.replace("\\", "/").split("/"))


def is_id(text: str) -> bool:
    """Return whether ``text`` is a valid id: not empty, without control characters and dot segments.

    An escaped dot segment is also refused, because some servers unescape a path before they normalize it.
    """
    return text.strip() not in ("", "None") and text.isprintable() and not has_dot_segment(text.strip())


def required(response: Mapping[str, object], name: str) -> str:
    """Return a field of an API object, which must be a string and not empty.

    :param response: the object.
    :param name: name of the field.
    :raises MalformedResponseError: if the field is missing.
    """
    value = response.get(name)
    if not isinstance(value, str) or not value:
        names = [each[:_LONGEST_NAME] for each in sorted(response)]
        more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
        raise MalformedResponseError(f"The response has no field {name!r}. Its fields are {names[:_MAX_NAMES]}{more}.")
    return value
