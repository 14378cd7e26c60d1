"""What creating and changing a guard configuration have in common: its fields, and what is secret in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.exceptions import InputError
from datarobot_provider.operators import fields
from datarobot_provider.operators.base import DataRobotBaseOperator
from datarobot_provider.version_compat import mask_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.operators.guard_types import (
        AdditionalGuardConfig,
        GuardIntervention,
        GuardModelInfo,
        GuardNemoInfo,
    )
    from datarobot_provider.version_compat import Context

#: The fields that name a credential stored in DataRobot.
CREDENTIALS = ("openai_credential", "google_service_account", "aws_account")
_ID = re.compile(r"[\w.-]*")


def is_credential_id(value: object) -> bool:
    """Return whether a value can be the id of a credential; the key file of a cloud, pasted by mistake, cannot."""
    return value is None or _ID.fullmatch(str(value).strip()) is not None


def check_credential_id(name: str, value: object) -> None:
    """Refuse what is a credential itself where its id is wanted.

    :param name: the argument or the field.
    :param value: what was given.
    :raises InputError: naming it, without the value.
    """
    if not is_credential_id(value):
        mask_secret(str(value))
        raise InputError(f"{name} should be the id of a credential in DataRobot, but is something else, maybe the key.")


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

    guard_fields: ClassVar[Mapping[str, fields.Converter]] = {
        "description": fields.text,
        "intervention": fields.mapping,
        "deployment_id": fields.text,
        "model_info": fields.mapping,
        "nemo_info": fields.mapping,
        "llm_type": fields.text,
        "openai_api_base": fields.text,
        "openai_api_key": fields.text,
        "openai_credential": fields.text,
        "openai_deployment_id": fields.text,
        "google_service_account": fields.text,
        "google_region": fields.text,
        "google_model": fields.text,
        "aws_account": fields.text,
        "aws_region": fields.text,
        "aws_model": fields.text,
        "llm_gateway_model_id": fields.text,
        "nim_endpoint": fields.text,
        "faas_url": fields.text,
        "forward_token": fields.boolean,
        "copy_citations": fields.boolean,
        "is_agentic": fields.boolean,
        "additional_guard_config": fields.mapping,
        "streaming_character_threshold": fields.positive,
        "custom_metric": fields.mapping,
        "parameters": fields.mappings,
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
