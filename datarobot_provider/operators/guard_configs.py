"""Operators for single guard configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.request import required
from datarobot_provider.exceptions import InputError
from datarobot_provider.operators import fields
from datarobot_provider.operators.base import DataRobotBaseOperator
from datarobot_provider.operators.crud import CreateOperator, DeleteOperator, ListOperator, UpdateOperator
from datarobot_provider.operators.submission import Done, FoundInList, same_fields
from datarobot_provider.version_compat import mask_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.operators.guard_types import GuardIntervention, GuardModelInfo, GuardNemoInfo
    from datarobot_provider.version_compat import Context

_CONFIG = ("config_id",)
_COMMON = {
    "description": fields.text,
    "intervention": fields.mapping,
    "deployment_id": fields.identifier,
    "model_info": fields.mapping,
    "nemo_info": fields.mapping,
    "llm_type": fields.text,
    "openai_api_base": fields.text,
    "openai_api_key": fields.text,
    "openai_credential": fields.identifier,
    "openai_deployment_id": fields.text,
    "custom_metric": fields.mapping,
    "parameters": fields.mappings,
}


class GuardFields(DataRobotBaseOperator):
    """What creating and changing a guard configuration have in common.

    :param description: up to 4096 characters.
    :param intervention: what the guard does, a :class:`GuardIntervention`.
    :param deployment_id: id of the deployment of the guard's own model.
    :param model_info: the model behind the guard, a :class:`GuardModelInfo`.
    :param nemo_info: the files of a NeMo guard, a :class:`GuardNemoInfo`.
    :param llm_type: ``openAi`` or ``azureOpenAi``.
    :param openai_api_base: address of the model's API.
    :param openai_api_key: its key, if no connection holds it; only ever as a template of something secret.
    :param openai_api_key_conn_id: id of the Airflow connection whose password is the key; read when the task runs.
    :param openai_credential: id of a credential in DataRobot, instead of the key.
    :param openai_deployment_id: id of the Azure deployment.
    :param custom_metric: the metric that the guard feeds, an object in the API's own names.
    :param parameters: deprecated by DataRobot; a list with one object at the most.
    """

    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, "openai_api_key_conn_id")

    def __init__(
        self,
        *,
        description: str | None = None,
        intervention: GuardIntervention | str | None = None,
        deployment_id: str | None = None,
        model_info: GuardModelInfo | str | None = None,
        nemo_info: GuardNemoInfo | str | None = None,
        llm_type: str | None = None,
        openai_api_base: str | None = None,
        openai_api_key: str | None = None,
        openai_api_key_conn_id: str | None = None,
        openai_credential: str | None = None,
        openai_deployment_id: str | None = None,
        custom_metric: dict[str, Any] | str | None = None,
        parameters: list[dict[str, Any]] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.description = description
        self.intervention = intervention
        self.deployment_id = deployment_id
        self.model_info = model_info
        self.nemo_info = nemo_info
        self.llm_type = llm_type
        self.openai_api_base = openai_api_base
        self.openai_api_key = openai_api_key
        self.openai_api_key_conn_id = openai_api_key_conn_id
        self.openai_credential = openai_credential
        self.openai_deployment_id = openai_deployment_id
        self.custom_metric = custom_metric
        self.parameters = parameters

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render the arguments; the key is kept out of everything that Airflow shows or stores of them."""
        super().render_template_fields(context, jinja_env)
        if self.openai_api_key:
            mask_secret(self.openai_api_key)

    def check(self) -> None:
        """Check the arguments, and that the key comes from one place."""
        super().check()
        if self.openai_api_key is not None and self.openai_api_key_conn_id is not None:
            raise InputError("Give openai_api_key or openai_api_key_conn_id, not both.")

    def payload(self) -> dict[str, Any]:
        """Return the request body; the key is kept out of the logs from here on."""
        if self.openai_api_key:
            mask_secret(self.openai_api_key)
        body = super().payload()
        if self.openai_api_key_conn_id is not None:
            body["openaiApiKey"] = self.hook.password_of(str(self.openai_api_key_conn_id))
        return body


class CreateGuardConfigOperator(FoundInList, GuardFields, CreateOperator):
    """Create a guard configuration of a custom model, a version or a playground, from a template.

    Route: POST ``/api/v2/guardConfigurations/``. Every argument is templated.

    :param template_id: id of the guard template; required.
    :param name: name of the guard, up to 255 characters, no other of the entity may have it; required.
    :param stages: where it works: ``prompt``, ``response`` or both; required.
    :param entity_id: id of what it guards; required.
    :param entity_type: what that is: ``customModel``, ``customModelVersion`` or ``playground``; required.
    :param description: up to 4096 characters.
    :param intervention: what the guard does, a :class:`GuardIntervention`.
    :param deployment_id: id of the deployment of the guard's own model.
    :param model_info: the model behind the guard, a :class:`GuardModelInfo`.
    :param nemo_info: the files of a NeMo guard, a :class:`GuardNemoInfo`.
    :param llm_type: ``openAi`` or ``azureOpenAi``.
    :param openai_api_base: address of the model's API.
    :param openai_api_key: its key, if no connection holds it; only ever as a template of something secret.
    :param openai_api_key_conn_id: id of the Airflow connection whose password is the key; read when the task runs.
    :param openai_credential: id of a credential in DataRobot, instead of the key.
    :param openai_deployment_id: id of the Azure deployment.
    :param custom_metric: the metric that the guard feeds, an object in the API's own names.
    :param parameters: deprecated by DataRobot; a list with one object at the most.
    :param on_uncertain_submit: what to do when an earlier try may have come through and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the configuration, a text.
    :raises AirflowFailException: if DataRobot refuses the request, for one because the name is taken.
    """

    created_at = "createdAt"
    api_fields = {
        "template_id": fields.identifier,
        "name": fields.text,
        "stages": fields.texts,
        "entity_id": fields.identifier,
        "entity_type": fields.text,
        **_COMMON,
    }
    required_fields = ("template_id", "name", "stages", "entity_id", "entity_type")
    template_fields: Sequence[str] = (*GuardFields.template_fields, *api_fields)

    def __init__(
        self,
        *,
        template_id: str,
        name: str,
        stages: list[str] | str,
        entity_id: str,
        entity_type: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.template_id = template_id
        self.name = name
        self.stages = stages
        self.entity_id = entity_id
        self.entity_type = entity_type

    def start(self, context: Context) -> Done:  # noqa: ARG002 - nothing depends on the run
        """Create the configuration."""
        made = self.adopted(self.hook.client.guards.create(self.payload()))
        self.log.info("Created the guard configuration %s (%s).", self.name, made.value)
        return made

    def listed(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the configurations of the entity; their order is not documented."""
        entity = {"entityId": self.entity_id, "entityType": self.entity_type}
        configs = self.hook.client.guards.list(entity)
        return sorted(configs, key=lambda config: str(config.get(self.created_at)), reverse=True)[:limit]

    def is_same(self, row: Mapping[str, Any]) -> bool:
        """Return whether a configuration has the name and the stages of this one."""
        return same_fields(row, self.payload(), ("name", "stages"))

    def adopted(self, row: Mapping[str, Any]) -> Done:
        """Return the configuration as made by this task."""
        return Done(required(row, "id"))


class UpdateGuardConfigOperator(GuardFields, UpdateOperator):
    """Change a guard configuration; what is not given stays as it is.

    Route: PATCH ``/api/v2/guardConfigurations/{configId}/``. Every argument is templated.

    :param config_id: id of the configuration; required.
    :param name: name of the guard, up to 255 characters.
    :param description: up to 4096 characters.
    :param intervention: what the guard does, a :class:`GuardIntervention`.
    :param deployment_id: id of the deployment of the guard's own model.
    :param model_info: the model behind the guard, a :class:`GuardModelInfo`.
    :param nemo_info: the files of a NeMo guard, a :class:`GuardNemoInfo`.
    :param llm_type: ``openAi`` or ``azureOpenAi``.
    :param openai_api_base: address of the model's API.
    :param openai_api_key: its key, if no connection holds it; only ever as a template of something secret.
    :param openai_api_key_conn_id: id of the Airflow connection whose password is the key; read when the task runs.
    :param openai_credential: id of a credential in DataRobot, instead of the key.
    :param openai_deployment_id: id of the Azure deployment.
    :param custom_metric: the metric that the guard feeds, an object in the API's own names.
    :param parameters: deprecated by DataRobot; a list with one object at the most.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the configuration as it is now, an object; secrets in it are masked.
    :raises AirflowFailException: if nothing is to be changed, or DataRobot refuses the request.
    """

    api_fields = {"name": fields.text, **_COMMON}
    required_fields = _CONFIG
    template_fields: Sequence[str] = (*GuardFields.template_fields, *_CONFIG, *api_fields)

    def __init__(self, *, config_id: str, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config_id = config_id
        self.name = name

    def change(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Send the change."""
        return self.hook.client.guards.update(**self.ids(), payload=payload)


class GuardConfigOperator(DataRobotBaseOperator):
    """Base of the operators that need the id of a guard configuration and nothing else.

    :param config_id: id of the configuration; templated; required.
    """

    required_fields = ("config_id",)
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *required_fields)

    def __init__(self, *, config_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config_id = config_id


class GetGuardConfigOperator(GuardConfigOperator):
    """Return a guard configuration.

    Route: GET ``/api/v2/guardConfigurations/{configId}/``.

    :param config_id: id of the configuration; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the configuration, an object; secrets in it are masked.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Return the configuration."""
        return self.hook.client.guards.get(**self.ids())


class ListGuardConfigsOperator(ListOperator):
    """Return the guard configurations of a custom model, a version or a playground.

    Route: GET ``/api/v2/guardConfigurations/``. Every argument is templated.

    :param entity_id: id of what is guarded; required.
    :param entity_type: what that is: ``customModel``, ``customModelVersion`` or ``playground``; required.
    :param limit: most configurations to return; default all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of configurations; secrets in them are masked.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    api_fields = {"entity_id": fields.identifier, "entity_type": fields.text}
    required_fields = ("entity_id", "entity_type")
    template_fields: Sequence[str] = (*ListOperator.template_fields, *required_fields)

    def __init__(self, *, entity_id: str, entity_type: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entity_id = entity_id
        self.entity_type = entity_type

    def entries(self, filters: dict[str, Any], limit: int | None) -> list[dict[str, Any]]:
        """Ask for the configurations."""
        return self.hook.client.guards.list(filters, limit)


class DeleteGuardConfigOperator(DeleteOperator, GuardConfigOperator):
    """Delete a guard configuration.

    Route: DELETE ``/api/v2/guardConfigurations/{configId}/``.

    :param config_id: id of the configuration; templated; required.
    :param ignore_if_missing: take it well if it is gone already; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    template_fields: Sequence[str] = (*DeleteOperator.template_fields, *GuardConfigOperator.required_fields)

    def delete(self) -> None:
        """Send the deletion."""
        self.hook.client.guards.delete(**self.ids())


class ListGuardPredictionEnvironmentsOperator(ListOperator):
    """Return the prediction environments that the guards of a version use.

    Route: GET ``/api/v2/guardConfigurations/predictionEnvironmentsInUse/``.

    :param custom_model_version_id: id of the version; templated; required.
    :param limit: most environments to return; default all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of ``{"id", "name", "usedBy"}``.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    required_fields = ("custom_model_version_id",)
    template_fields: Sequence[str] = (*ListOperator.template_fields, *required_fields)

    def __init__(self, *, custom_model_version_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_version_id = custom_model_version_id

    def entries(self, filters: dict[str, Any], limit: int | None) -> list[dict[str, Any]]:  # noqa: ARG002 - it has none
        """Ask for the environments."""
        return self.hook.client.guards.prediction_environments(**self.ids(), limit=limit)
