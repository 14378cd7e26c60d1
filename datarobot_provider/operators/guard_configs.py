"""Operators for single guard configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.client.request import required
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.request_operators import CreateOperator, DeleteOperator, ListOperator, UpdateOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromList, fields_match
from datarobot_provider.exceptions import InputError
from datarobot_provider.operators.guards import CREDENTIALS, check_credential_id, is_credential_id
from datarobot_provider.version_compat import mask_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.core.guard_types import (
        AdditionalGuardConfig,
        GuardIntervention,
        GuardModelInfo,
        GuardNemoInfo,
    )
    from datarobot_provider.version_compat import Context

_CONFIG = ("config_id",)


class GuardFields(DataRobotBaseOperator):
    """What creating and changing a guard configuration have in common. Every argument is templated.

    Which fields a guard needs depends on its type and its ``llm_type``. DataRobot takes an incomplete guard, too, and
    shows it with ``isValid: false``; the task log then has a warning with DataRobot's reason.

    :param description: up to 4096 characters.
    :param intervention: what the guard does, a :class:`GuardIntervention`.
    :param deployment_id: id of the deployment of the guard's own model, or of the language model where ``llm_type`` is
        ``datarobot``.
    :param model_info: the model behind the guard, a :class:`GuardModelInfo`.
    :param nemo_info: the files of a NeMo guard, a :class:`GuardNemoInfo`.
    :param llm_type: the language model that judges: ``openAi``, ``azureOpenAi``, ``google``, ``amazon``, ``datarobot``,
        ``nim`` or ``llmGateway``.
    :param openai_api_base: address of the model's API, for ``azureOpenAi`` and ``nim``.
    :param openai_api_key: its key, if no connection holds it; only ever as a template of something secret.
    :param openai_api_key_conn_id: id of the Airflow connection whose password is the key; read when the task runs.
    :param openai_credential: id of a credential in DataRobot, instead of the key.
    :param openai_deployment_id: id of the Azure deployment, for ``azureOpenAi``.
    :param google_service_account: id of the credential in DataRobot that holds the service account, for ``google``;
        never the service account itself.
    :param google_region: region of Vertex AI, for ``google``.
    :param google_model: ``chat-bison``, ``google-gemini-1.5-flash`` or ``google-gemini-1.5-pro``, for ``google``.
    :param aws_account: id of the credential in DataRobot that holds the AWS keys, for ``amazon``; never the keys
        themselves.
    :param aws_region: region of Bedrock, for ``amazon``.
    :param aws_model: the model of Bedrock, such as ``amazon-nova-lite`` or ``anthropic-claude-3-haiku``, for
        ``amazon``.
    :param llm_gateway_model_id: id of the model, for ``llmGateway``.
    :param nim_endpoint: base URL of the NIM, for guards of the out-of-the-box types ``nim_jailbreak`` and
        ``nim_content_safety``.
    :param faas_url: URL that computes the metric, for guards of the out-of-the-box type ``custom_metric``.
    :param forward_token: whether DataRobot sends its own token to ``nim_endpoint`` and ``faas_url``.
    :param copy_citations: whether the guard gets the retrieved context, which ``rouge_1`` and ``faithfulness`` need.
    :param is_agentic: whether it is a guard of an agentic workflow, which ``agent_goal_accuracy`` needs.
    :param additional_guard_config: the guideline of an agent or the prices of tokens, an
        :class:`AdditionalGuardConfig`.
    :param streaming_character_threshold: after how many characters of a streamed response the guard looks at it, 1 or
        more.
    :param custom_metric: the metric that the guard feeds, an object in the API's own names.
    :param parameters: deprecated by DataRobot; a list with one object at the most.
    """

    guard_fields: ClassVar[Mapping[str, converters.Converter]] = {
        "description": converters.string,
        "intervention": converters.json_object,
        "deployment_id": converters.identifier,
        "model_info": converters.json_object,
        "nemo_info": converters.json_object,
        "llm_type": converters.string,
        "openai_api_base": converters.string,
        "openai_api_key": converters.string,
        "openai_credential": converters.string,
        "openai_deployment_id": converters.string,
        "google_service_account": converters.string,
        "google_region": converters.string,
        "google_model": converters.string,
        "aws_account": converters.string,
        "aws_region": converters.string,
        "aws_model": converters.string,
        "llm_gateway_model_id": converters.string,
        "nim_endpoint": converters.string,
        "faas_url": converters.string,
        "forward_token": converters.boolean,
        "copy_citations": converters.boolean,
        "is_agentic": converters.boolean,
        "additional_guard_config": converters.json_object,
        "streaming_character_threshold": converters.positive_integer,
        "custom_metric": converters.json_object,
        "parameters": converters.object_list,
    }
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
        google_service_account: str | None = None,
        google_region: str | None = None,
        google_model: str | None = None,
        aws_account: str | None = None,
        aws_region: str | None = None,
        aws_model: str | None = None,
        llm_gateway_model_id: str | None = None,
        nim_endpoint: str | None = None,
        faas_url: str | None = None,
        forward_token: bool | str | None = None,
        copy_citations: bool | str | None = None,
        is_agentic: bool | str | None = None,
        additional_guard_config: AdditionalGuardConfig | str | None = None,
        streaming_character_threshold: int | str | None = None,
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
        self.google_service_account = google_service_account
        self.google_region = google_region
        self.google_model = google_model
        self.aws_account = aws_account
        self.aws_region = aws_region
        self.aws_model = aws_model
        self.llm_gateway_model_id = llm_gateway_model_id
        self.nim_endpoint = nim_endpoint
        self.faas_url = faas_url
        self.forward_token = forward_token
        self.copy_citations = copy_citations
        self.is_agentic = is_agentic
        self.additional_guard_config = additional_guard_config
        self.streaming_character_threshold = streaming_character_threshold
        self.custom_metric = custom_metric
        self.parameters = parameters

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render the arguments; keys are kept out of everything that Airflow shows or stores of them."""
        super().render_template_fields(context, jinja_env)
        if self.openai_api_key:
            mask_secret(self.openai_api_key)
        for name in CREDENTIALS:
            value = getattr(self, name)
            if not is_credential_id(value):
                mask_secret(value)

    def check(self) -> None:
        """Check the arguments, and that the key comes from one place."""
        super().check()
        if self.openai_api_key is not None and self.openai_api_key_conn_id is not None:
            raise InputError("Give openai_api_key or openai_api_key_conn_id, not both.")
        for name in CREDENTIALS:
            check_credential_id(name, getattr(self, name))

    def payload(self) -> dict[str, Any]:
        """Return the request body; the key is kept out of the logs from here on."""
        if self.openai_api_key:
            mask_secret(self.openai_api_key)
        body = super().payload()
        if self.openai_api_key_conn_id is not None:
            body["openaiApiKey"] = self.hook.password_of(str(self.openai_api_key_conn_id))
        return body

    def report_validity(self, config: Mapping[str, Any]) -> None:
        """Warn about a guard that DataRobot has stored but shows as invalid.

        :param config: the configuration, as DataRobot has returned it.
        """
        if config.get("isValid") is False:
            self.log.warning("DataRobot shows the guard as invalid: %s", config.get("errorMessage"))


class CreateGuardConfigOperator(RecoverFromList, GuardFields, CreateOperator):
    """Create a guard configuration of a custom model, a version or a playground, from a template.

    Route: POST ``/api/v2/guardConfigurations/``. Every argument is templated. The fields of the guard itself, from
    ``description`` to ``parameters``, are those of :class:`UpdateGuardConfigOperator`, too.

    :param template_id: id of the guard template; required.
    :param name: name of the guard, up to 255 characters, no other of the entity may have it; required.
    :param stages: where it works: ``prompt``, ``response`` or both; required.
    :param entity_id: id of what it guards; required.
    :param entity_type: what that is: ``customModel``, ``customModelVersion`` or ``playground``; required.
    :param on_uncertain_submit: what to do when an earlier try may have come through and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the configuration, a text.
    :raises AirflowFailException: if DataRobot refuses the request, for one because the name is taken.
    """

    created_at = "createdAt"
    api_fields = {
        "template_id": converters.identifier,
        "name": converters.string,
        "stages": converters.string_list,
        "entity_id": converters.identifier,
        "entity_type": converters.string,
        **GuardFields.guard_fields,
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

    def start(self, context: Context) -> CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Create the configuration."""
        config = self.hook.client.guards.create(self.payload())
        made = self.result_from_row(config)
        self.log.info("Created the guard configuration %s (%s).", self.name, made.value)
        self.report_validity(config)
        return made

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the configurations of the entity; their order is not documented."""
        entity = {"entityId": self.entity_id, "entityType": self.entity_type}
        configs = self.hook.client.guards.list(entity)
        return sorted(configs, key=lambda config: str(config.get(self.created_at)), reverse=True)[:limit]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a configuration has the name and the stages of this one."""
        return fields_match(row, self.payload(), ("name", "stages"))

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the configuration as made by this task."""
        return CreatedResource(required(row, "id"))


class UpdateGuardConfigOperator(GuardFields, UpdateOperator):
    """Change a guard configuration; what is not given stays as it is.

    Route: PATCH ``/api/v2/guardConfigurations/{configId}/``. Every argument is templated. The fields of the guard
    itself, from ``description`` to ``parameters``, are those of :class:`CreateGuardConfigOperator`, too.

    :param config_id: id of the configuration; required.
    :param name: name of the guard, up to 255 characters.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the configuration as it is now, an object; secrets in it are masked.
    :raises AirflowFailException: if nothing is to be changed, or DataRobot refuses the request.
    """

    api_fields = {"name": converters.string, **GuardFields.guard_fields}
    required_fields = _CONFIG
    template_fields: Sequence[str] = (*GuardFields.template_fields, *_CONFIG, *api_fields)

    def __init__(self, *, config_id: str, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config_id = config_id
        self.name = name

    def change(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Send the change."""
        config = self.hook.client.guards.update(**self.ids(), payload=payload)
        self.report_validity(config)
        return config


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

    api_fields = {"entity_id": converters.identifier, "entity_type": converters.string}
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
