"""Operators for custom models: create, read, list, change, copy, delete."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.request import required
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.request_operators import CreateOperator, DeleteOperator, ListOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromList, fields_match
from datarobot_provider.exceptions import InputError, ValidationError
from datarobot_provider.links.datarobot import CustomModelLink

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from datarobot_provider.version_compat import Context


_IF_EXISTS = ("create", "reuse", "fail")
_COPIED = ("customModelType", "targetType", "targetName", "language", "description", "classLabels", "maximumMemory")
_IDENTITY = ("name", "customModelType", "targetType", "targetName", "userProvidedId")


class ModelMaker(RecoverFromList, CreateOperator):
    """Base of the operators that make a custom model."""

    operator_extra_links = (CustomModelLink(),)

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the model as made by this task."""
        model_id = required(row, "id")
        return CreatedResource(model_id, {"custom_model_id": model_id})


class CreateCustomModelOperator(ModelMaker):
    """Create a custom model, the frame that versions of its code go into.

    Route: POST ``/api/v2/customModels/``. Every argument is templated; what is not given is not sent, and DataRobot's
    default holds.

    :param name: name of the model, up to 255 characters; required unless ``metadata`` has it.
    :param metadata: path of a ``model-metadata.yaml`` or of its folder, local or in Airflow's object storage. Name,
        description, language, target type, target, labels and threshold are read from it where they are not given here.
        Metadata of a training task is refused unless ``custom_model_type`` is ``training``.
    :param custom_model_type: ``inference`` (default) or ``training``.
    :param target_type: ``Binary``, ``Regression``, ``Multiclass``, ``Multilabel``, ``Anomaly``, ``Transform``,
        ``TextGeneration``, ``GeoPoint``, ``Unstructured``, ``VectorDatabase``, ``AgenticWorkflow`` (an agent) or
        ``MCP`` (a server of the Model Context Protocol). The older installations of DataRobot do not have all of them.
    :param target_name: name of the target column; needed for most inference models, refused for training models.
    :param description: up to 10,000 characters.
    :param language: programming language of the model, up to 500 characters.
    :param positive_class_label: for binary models; default ``1``; goes with ``negative_class_label``.
    :param negative_class_label: for binary models; default ``0``; goes with ``positive_class_label``.
    :param prediction_threshold: for binary models, 0 to 1; default 0.5.
    :param class_labels: for multiclass models: up to 100 labels, in the order of the predicted output.
    :param calibrate_predictions: for anomaly detection training tasks: let DataRobot calibrate; default ``True``.
    :param network_egress_policy: ``NONE``, ``DR_API_ACCESS`` or ``PUBLIC``.
    :param maximum_memory: bytes of memory beyond which the model is killed, 134217728 to 15032385536.
    :param desired_memory: bytes of memory the model is expected to need, same range.
    :param replicas: fixed number of replicas, 1 to 8.
    :param requires_ha: put every replica on a node of its own.
    :param is_training_data_for_versions_permanently_enabled: assign training data to versions, not to the model; cannot
        be taken back. Needed for ``training_data`` of :class:`CreateVersionOperator`.
    :param supports_binary_classification: the older way to say ``target_type="Binary"``.
    :param supports_regression: the older way to say ``target_type="Regression"``.
    :param playground_id: id of the GenAI playground the model belongs to.
    :param user_provided_id: your own unique id of the model, up to 100 characters.
    :param git_model_version: where the code comes from: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``.
    :param if_exists: what to do about a model that is there already, found by ``user_provided_id`` or, without one, by
        exactly this name: ``create`` another one (default), ``reuse`` it, or ``fail``.
    :param on_uncertain_submit: what to do when an earlier try may have come through and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the model, a text.
    :raises AirflowFailException: if an argument is wrong or DataRobot refuses the request.
    """

    api_fields = {
        "name": converters.string,
        "custom_model_type": converters.string,
        "target_type": converters.string,
        "target_name": converters.string,
        "description": converters.string,
        "language": converters.string,
        "positive_class_label": converters.string,
        "negative_class_label": converters.string,
        "prediction_threshold": converters.number,
        "class_labels": converters.string_list,
        "calibrate_predictions": converters.boolean,
        "network_egress_policy": converters.string,
        "maximum_memory": converters.integer,
        "desired_memory": converters.integer,
        "replicas": converters.integer,
        "requires_ha": converters.boolean,
        "is_training_data_for_versions_permanently_enabled": converters.boolean,
        "supports_binary_classification": converters.boolean,
        "supports_regression": converters.boolean,
        "playground_id": converters.identifier,
        "user_provided_id": converters.string,
        "git_model_version": converters.json_object,
    }
    argument_types = {"if_exists": converters.string}
    required_fields = ("custom_model_type",)
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, "metadata", *api_fields, "if_exists")

    def __init__(
        self,
        *,
        name: str | None = None,
        metadata: str | os.PathLike[str] | None = None,
        custom_model_type: str = "inference",
        target_type: str | None = None,
        target_name: str | None = None,
        description: str | None = None,
        language: str | None = None,
        positive_class_label: str | None = None,
        negative_class_label: str | None = None,
        prediction_threshold: float | str | None = None,
        class_labels: list[str] | str | None = None,
        calibrate_predictions: bool | str | None = None,
        network_egress_policy: str | None = None,
        maximum_memory: int | str | None = None,
        desired_memory: int | str | None = None,
        replicas: int | str | None = None,
        requires_ha: bool | str | None = None,
        is_training_data_for_versions_permanently_enabled: bool | str | None = None,
        supports_binary_classification: bool | str | None = None,
        supports_regression: bool | str | None = None,
        playground_id: str | None = None,
        user_provided_id: str | None = None,
        git_model_version: dict[str, Any] | str | None = None,
        if_exists: str = "create",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.if_exists = if_exists
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
        """Check the arguments and what the metadata says, ``if_exists`` included."""
        super().check()
        self._described = self._read_metadata()
        if "name" not in self.payload():
            raise InputError("name is missing: it was not given, its template rendered to None, or metadata has none.")
        if self.if_exists not in _IF_EXISTS:
            raise InputError(f"if_exists should be one of {', '.join(_IF_EXISTS)}, but is {self.if_exists!r}.")

    def payload(self) -> dict[str, Any]:
        """Return the request body: the fields that were set here or, where they were not, in the metadata."""
        return converters.payload({**vars(self), **self._described}, self.api_fields)

    def start(self, context: Context) -> CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Create the model, or find it."""
        payload = self.payload()
        found = None if self.if_exists == "create" else self._find(payload)
        if found is not None and self.if_exists == "fail":
            raise InputError(f"There is a custom model {found['name']!r} already: {found['id']}.")
        made = self.result_from_row(found or self._create(payload))
        self.log.info("%s the custom model %s (%s).", "Reusing" if found else "Created", payload["name"], made.value)
        return made

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the models that may be this one, the newest first."""
        return self.hook.client.custom_models.list({**self._filters(self.payload()), "orderBy": "-created"}, limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a model has the name, the type and the target of this one."""
        return fields_match(row, self.payload(), _IDENTITY)

    def _read_metadata(self) -> dict[str, Any]:
        if self.metadata is None:
            return {}
        from datarobot_provider.core.custom_model.description import arguments_from_metadata

        return arguments_from_metadata(self.metadata, vars(self))

    def _create(self, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            return self.hook.client.custom_models.create(payload)
        except ValidationError:
            # Somebody else, or an earlier try whose response was lost, may have created it in the meantime.
            found = self._find(payload) if self.if_exists == "reuse" and self.user_provided_id else None
            if found is None:
                raise
            return found

    def _find(self, payload: dict[str, Any]) -> dict[str, Any] | None:
        key = "userProvidedId" if "userProvidedId" in payload else "name"
        models = self.hook.client.custom_models.list(self._filters(payload))
        return next((model for model in models if model.get(key) == payload[key]), None)

    def _filters(self, payload: dict[str, Any]) -> dict[str, Any]:
        named = {} if "userProvidedId" in payload else {"searchFor": payload["name"]}
        return {"customModelType": payload["customModelType"], **named}


class CustomModelOperator(DataRobotBaseOperator):
    """Base of the operators that need the id of a custom model and nothing else.

    :param custom_model_id: id of the custom model; templated; required.
    """

    required_fields = ("custom_model_id",)
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *required_fields)

    def __init__(self, *, custom_model_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id


class GetCustomModelOperator(CustomModelOperator):
    """Return a custom model, its latest version included.

    Route: GET ``/api/v2/customModels/{customModelId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the model, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    operator_extra_links = (CustomModelLink(),)

    def run_request(self, context: Context) -> dict[str, Any]:
        """Return the model."""
        self.push_handles(context, self.custom_model_id, self.ids())
        return self.hook.client.custom_models.get(**self.ids())


class ListCustomModelsOperator(ListOperator):
    """Return the custom models that the connection's user may see.

    Route: GET ``/api/v2/customModels/``. Every argument is templated.

    :param custom_model_type: only ``inference`` or only ``training`` models.
    :param is_deployed: only models that are deployed, or only those that are not.
    :param search_for: only models with this text in their name, description or language.
    :param order_by: ``created``, ``-created``, ``updated`` or ``-updated``; DataRobot's default is the newest first.
    :param limit: most models to return; default all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of models.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    api_fields = {
        "custom_model_type": converters.string,
        "is_deployed": converters.boolean,
        "search_for": converters.string,
        "order_by": converters.string,
    }
    template_fields: Sequence[str] = (*ListOperator.template_fields, *api_fields)

    def __init__(
        self,
        *,
        custom_model_type: str | None = None,
        is_deployed: bool | str | None = None,
        search_for: str | None = None,
        order_by: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_type = custom_model_type
        self.is_deployed = is_deployed
        self.search_for = search_for
        self.order_by = order_by

    def entries(self, filters: dict[str, Any], limit: int | None) -> list[dict[str, Any]]:
        """Ask for the models."""
        return self.hook.client.custom_models.list(filters, limit)


class CopyCustomModelOperator(ModelMaker, CustomModelOperator):
    """Copy a custom model.

    Route: POST ``/api/v2/customModels/fromCustomModel/``.

    :param custom_model_id: id of the custom model to copy; templated; required.
    :param on_uncertain_submit: what to do when an earlier try may have come through and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the copy, a text.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    def start(self, context: Context) -> CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Copy the model."""
        made = self.result_from_row(self.hook.client.custom_models.copy(**self.ids()))
        self.log.info("Copied the custom model %s to %s.", self.custom_model_id, made.value)
        return made

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return all models, the newest first: how DataRobot names a copy is not documented."""
        return self.hook.client.custom_models.list({"orderBy": "-created"}, limit)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a model has the kind, the target and the settings of the original, and its name in its own."""
        named = str(self._original.get("name")) in str(row.get("name"))
        return named and fields_match(row, self._original, _COPIED)

    @cached_property
    def _original(self) -> dict[str, Any]:
        return self.hook.client.custom_models.get(**self.ids())


class DeleteCustomModelOperator(DeleteOperator, CustomModelOperator):
    """Delete a custom model with all its versions.

    Route: DELETE ``/api/v2/customModels/{customModelId}/``. DataRobot refuses it while the model is deployed or tested.

    :param custom_model_id: id of the custom model; templated; required.
    :param ignore_if_missing: take it well if the model is gone already; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    template_fields: Sequence[str] = (*DeleteOperator.template_fields, *CustomModelOperator.required_fields)

    def delete(self) -> None:
        """Send the deletion."""
        self.hook.client.custom_models.delete(**self.ids())
