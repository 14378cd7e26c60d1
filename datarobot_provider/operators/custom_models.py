"""Operators for custom models."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.request_operators import (
    CreateOrReuseOperator,
    DeleteOperator,
    DownloadOperator,
    GetOperator,
    ListOperator,
    UpdateOperator,
)
from datarobot_provider.core.resource_operators import CreateCustomModelBase, CustomModelOperator
from datarobot_provider.core.submission.recovery import CreatedResource, fields_match
from datarobot_provider.exceptions import InputError, ValidationError
from datarobot_provider.links.datarobot import CustomModelLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import (
        Boolean,
        FilePath,
        Id,
        Integer,
        Number,
        Object,
        String,
        StringList,
    )
    from datarobot_provider.version_compat import Context


_COPIED = ("customModelType", "targetType", "targetName", "language", "description", "classLabels", "maximumMemory")
_IDENTITY = ("name", "customModelType", "targetType", "targetName", "userProvidedId")


class CreateCustomModelOperator(CreateOrReuseOperator, CreateCustomModelBase):
    """Create a custom model; its code is added as versions.

    Route: POST ``/api/v2/customModels/``. All arguments are templated. Arguments that are not given are not sent, so
    that DataRobot's defaults apply.

    :param name: name of the model, up to 255 characters; required unless ``metadata`` contains it.
    :param metadata: path of a ``model-metadata.yaml`` or of its folder, local or in Airflow's object storage. Name,
        description, language, target type, target, labels and threshold are read from it if they are not given.
        Metadata of a training task is refused unless ``custom_model_type`` is ``training``.
    :param custom_model_type: ``inference`` (default) or ``training``.
    :param target_type: ``Binary``, ``Regression``, ``Multiclass``, ``Multilabel``, ``Anomaly``, ``Transform``,
        ``TextGeneration``, ``GeoPoint``, ``Unstructured``, ``VectorDatabase``, ``AgenticWorkflow`` (an agent) or
        ``MCP`` (a server of the Model Context Protocol). Older installations of DataRobot do not support all of them.
    :param target_name: name of the target column; required for most inference models, refused for training models.
    :param description: up to 10,000 characters.
    :param language: programming language of the model, up to 500 characters.
    :param positive_class_label: for binary models; default ``1``; requires ``negative_class_label``.
    :param negative_class_label: for binary models; default ``0``; requires ``positive_class_label``.
    :param prediction_threshold: for binary models, 0 to 1; default 0.5.
    :param class_labels: for multiclass models: up to 100 labels, in the order of the predicted output.
    :param calibrate_predictions: for anomaly detection training tasks: calibrate the predictions; default ``True``.
    :param network_egress_policy: ``NONE``, ``DR_API_ACCESS`` or ``PUBLIC``.
    :param maximum_memory: maximum memory in bytes, 134217728 to 15032385536; the model is killed if it uses more.
    :param desired_memory: expected memory in bytes, same range.
    :param replicas: fixed number of replicas, 1 to 8.
    :param requires_ha: run every replica on a separate node.
    :param is_training_data_for_versions_permanently_enabled: assign training data to versions, not to the model; cannot
        be undone. Needed for ``training_data`` of :class:`CreateVersionOperator`.
    :param supports_binary_classification: deprecated form of ``target_type="Binary"``.
    :param supports_regression: deprecated form of ``target_type="Regression"``.
    :param playground_id: id of the GenAI playground the model belongs to.
    :param user_provided_id: unique id of the model, assigned by the user, up to 100 characters.
    :param git_model_version: origin of the code: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``.
    :param if_exists: what to do if the model already exists, with the same ``user_provided_id`` or, if that is not
        given, with the same name: ``create`` another model (default), ``reuse`` it, or ``fail``.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the model, a string.
    :raises AirflowFailException: if an argument is wrong or DataRobot refuses the request.
    """

    route = "POST customModels/"
    options = ("metadata",)
    noun = "custom model"
    also_required = ("custom_model_type",)

    def __init__(
        self,
        *,
        name: String | None = None,
        metadata: FilePath | None = None,
        custom_model_type: String = "inference",
        target_type: String | None = None,
        target_name: String | None = None,
        description: String | None = None,
        language: String | None = None,
        positive_class_label: String | None = None,
        negative_class_label: String | None = None,
        prediction_threshold: Number | None = None,
        class_labels: StringList | None = None,
        calibrate_predictions: Boolean | None = None,
        network_egress_policy: String | None = None,
        maximum_memory: Integer | None = None,
        desired_memory: Integer | None = None,
        replicas: Integer | None = None,
        requires_ha: Boolean | None = None,
        is_training_data_for_versions_permanently_enabled: Boolean | None = None,
        supports_binary_classification: Boolean | None = None,
        supports_regression: Boolean | None = None,
        playground_id: Id | None = None,
        user_provided_id: String | None = None,
        git_model_version: Object | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.metadata = metadata
        self._described: dict[str, Any] = {}
        self.custom_model_type = custom_model_type
        self.target_type = target_type
        self.target_name = target_name
        self.description = description
        self.language = language
        self.positive_class_label = positive_class_label
        self.negative_class_label = negative_class_label
        self.prediction_threshold = prediction_threshold
        self.class_labels = class_labels
        self.calibrate_predictions = calibrate_predictions
        self.network_egress_policy = network_egress_policy
        self.maximum_memory = maximum_memory
        self.desired_memory = desired_memory
        self.replicas = replicas
        self.requires_ha = requires_ha
        self.is_training_data_for_versions_permanently_enabled = is_training_data_for_versions_permanently_enabled
        self.supports_binary_classification = supports_binary_classification
        self.supports_regression = supports_regression
        self.playground_id = playground_id
        self.user_provided_id = user_provided_id
        self.git_model_version = git_model_version

    def check(self) -> None:
        """Check the arguments and the metadata."""
        super().check()
        self._described = self._read_metadata()
        if "name" not in self.payload():
            raise InputError(
                "name is missing: it was not given, its template rendered to None, or metadata does not contain it."
            )

    def payload(self) -> dict[str, Any]:
        """Return the request body: the arguments that are set, completed by the metadata."""
        return converters.payload({**vars(self), **self._described}, self.api_fields)

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the models with this name or id, newest first."""
        return self.hook.client.items(self.path_of(), {**self._filters(self.payload()), "orderBy": "-created"}, limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a model has the name, the type and the target of this task."""
        return fields_match(row, self.payload(), _IDENTITY)

    def _read_metadata(self) -> dict[str, Any]:
        if self.metadata is None:
            return {}
        from datarobot_provider.core.custom_model.description import arguments_from_metadata

        return arguments_from_metadata(self.metadata, vars(self))

    def create(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Create the model and return it."""
        try:
            return super().create(payload)
        except ValidationError:
            # Another client, or an earlier attempt whose response was lost, may have created it in the meantime.
            found = self.find(payload) if self.if_exists == "reuse" and self.user_provided_id else None
            if found is None:
                raise
            return found

    def find(self, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the model with this id, or this name; ``None`` if there is none."""
        key = "userProvidedId" if "userProvidedId" in payload else "name"
        models = self.hook.client.items(self.path_of(), self._filters(payload))
        return next((model for model in models if model.get(key) == payload[key]), None)

    def _filters(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        named = {} if "userProvidedId" in payload else {"searchFor": payload["name"]}
        return {"customModelType": payload["customModelType"], **named}


class GetCustomModelOperator(GetOperator, CustomModelOperator):
    """Return a custom model, including its latest version.

    Route: GET ``/api/v2/customModels/{customModelId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the model, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModels/{custom_model_id}/"
    operator_extra_links = (CustomModelLink(),)


class ListCustomModelsOperator(ListOperator):
    """Return the custom models that the user of the connection can access.

    Route: GET ``/api/v2/customModels/``. All arguments are templated.

    :param custom_model_type: only ``inference`` or only ``training`` models.
    :param is_deployed: only models that are deployed, or only those that are not.
    :param search_for: only models with this text in their name, description or language.
    :param order_by: ``created``, ``-created``, ``updated`` or ``-updated``; DataRobot's default is the newest first.
    :param limit: maximum number of models; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of models.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customModels/"

    def __init__(
        self,
        *,
        custom_model_type: String | None = None,
        is_deployed: Boolean | None = None,
        search_for: String | None = None,
        order_by: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_type = custom_model_type
        self.is_deployed = is_deployed
        self.search_for = search_for
        self.order_by = order_by


class UpdateCustomModelOperator(UpdateOperator):
    """Change a custom model; fields that are not given stay unchanged.

    Route: PATCH ``/api/v2/customModels/{customModelId}/``. All arguments are templated. DataRobot refuses some changes
    while the model is deployed, tested, or has training data.

    :param custom_model_id: id of the custom model; required.
    :param name: name of the model, up to 255 characters.
    :param description: up to 10,000 characters.
    :param language: programming language of the model, up to 500 characters.
    :param target_name: name of the target column.
    :param positive_class_label: for binary models.
    :param negative_class_label: for binary models.
    :param prediction_threshold: for binary models, 0 to 1.
    :param class_labels: for multiclass models: up to 100 labels.
    :param network_egress_policy: ``NONE``, ``DR_API_ACCESS`` or ``PUBLIC``.
    :param maximum_memory: maximum memory in bytes, 134217728 to 15032385536; the model is killed if it uses more.
    :param desired_memory: expected memory in bytes, same range.
    :param replicas: fixed number of replicas, 1 to 8.
    :param requires_ha: run every replica on a separate node.
    :param is_training_data_for_versions_permanently_enabled: assign training data to versions; cannot be undone.
    :param git_model_version: origin of the code: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the model after the change, an object.
    :raises AirflowFailException: if no field is given, or DataRobot refuses the request.
    """

    route = "PATCH customModels/{custom_model_id}/"

    def __init__(
        self,
        *,
        custom_model_id: Id,
        name: String | None = None,
        description: String | None = None,
        language: String | None = None,
        target_name: String | None = None,
        positive_class_label: String | None = None,
        negative_class_label: String | None = None,
        prediction_threshold: Number | None = None,
        class_labels: StringList | None = None,
        network_egress_policy: String | None = None,
        maximum_memory: Integer | None = None,
        desired_memory: Integer | None = None,
        replicas: Integer | None = None,
        requires_ha: Boolean | None = None,
        is_training_data_for_versions_permanently_enabled: Boolean | None = None,
        git_model_version: Object | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.name = name
        self.description = description
        self.language = language
        self.target_name = target_name
        self.positive_class_label = positive_class_label
        self.negative_class_label = negative_class_label
        self.prediction_threshold = prediction_threshold
        self.class_labels = class_labels
        self.network_egress_policy = network_egress_policy
        self.maximum_memory = maximum_memory
        self.desired_memory = desired_memory
        self.replicas = replicas
        self.requires_ha = requires_ha
        self.is_training_data_for_versions_permanently_enabled = is_training_data_for_versions_permanently_enabled
        self.git_model_version = git_model_version


class CopyCustomModelOperator(CreateCustomModelBase, CustomModelOperator):
    """Copy a custom model.

    Route: POST ``/api/v2/customModels/fromCustomModel/``.

    :param custom_model_id: id of the custom model to copy; templated; required.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the copy, a string.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "POST customModels/fromCustomModel/"
    reads = (routes.CUSTOM_MODEL_RESOURCE,)

    def start(self, context: Context) -> CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Copy the model."""
        created = self.result_from_row(self.request(json=self.payload()).object())
        self.log.info("Copied the custom model %s to %s.", self.custom_model_id, created.value)
        return created

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return all models, newest first, because the name of a copy is not documented."""
        return self.hook.client.items("customModels/", {"orderBy": "-created"}, limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a model has the settings of the original, and a name that contains the original name."""
        named = str(self._original.get("name")) in str(row.get("name"))
        return named and fields_match(row, self._original, _COPIED)

    @cached_property
    def _original(self) -> dict[str, Any]:
        return self.hook.client.get(self.path_of(GetCustomModelOperator.route))


class DeleteCustomModelOperator(DeleteOperator, CustomModelOperator):
    """Delete a custom model with all its versions.

    Route: DELETE ``/api/v2/customModels/{customModelId}/``. DataRobot refuses it while the model is deployed or tested.

    :param custom_model_id: id of the custom model; templated; required.
    :param ignore_if_missing: succeed if the model does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE customModels/{custom_model_id}/"


class DownloadCustomModelOperator(DownloadOperator):
    """Download the files of a custom model's latest version as a zip.

    Route: GET ``/api/v2/customModels/{customModelId}/download/``. All arguments are templated.

    :param custom_model_id: id of the custom model; required.
    :param target: local path, or any path that Airflow's object storage supports, such as ``s3://conn_id@bucket/key``,
        as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete;
        required.
    :param pps: add the script that installs the dependencies, for the portable prediction server; DataRobot's default
        is ``False``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, or the target cannot be written.
    :raises AirflowException: if the connection is interrupted too often.
    """

    route = "GET customModels/{custom_model_id}/download/"

    def __init__(self, *, custom_model_id: Id, pps: Boolean | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.pps = pps


def __getattr__(name: str) -> Any:
    from datarobot_provider.deprecated import operator

    return operator("custom_models", name)
