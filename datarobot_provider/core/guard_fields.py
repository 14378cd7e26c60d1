"""The fields of a guard, which creating and updating a guard configuration have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.exceptions import InputError
from datarobot_provider.version_compat import mask_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.core.arguments.types import (
        Boolean,
        ConnectionId,
        Id,
        Object,
        ObjectList,
        ObjectOf,
        PositiveInteger,
        String,
    )
    from datarobot_provider.core.guard_types import (
        AdditionalGuardConfig,
        GuardIntervention,
        GuardModelInfo,
        GuardNemoInfo,
    )
    from datarobot_provider.version_compat import Context


class GuardFieldsBase(DataRobotBaseOperator):
    """Base of the operators that create or change a guard configuration. All arguments are templated.

    Which fields a guard needs depends on its type and its ``llm_type``. DataRobot also stores an incomplete guard, with
    ``isValid: false``; the task then logs a warning with DataRobot's reason.

    :param description: up to 4096 characters.
    :param intervention: what the guard does, a :class:`GuardIntervention`.
    :param deployment_id: id of the deployment of the guard's own model, or of the language model where ``llm_type`` is
        ``datarobot``.
    :param model_info: the model behind the guard, a :class:`GuardModelInfo`.
    :param nemo_info: the files of a NeMo guard, a :class:`GuardNemoInfo`.
    :param llm_type: the language model of the guard: ``openAi``, ``azureOpenAi``, ``google``, ``amazon``,
        ``datarobot``, ``nim`` or ``llmGateway``.
    :param openai_api_base: URL of the model's API, for ``azureOpenAi`` and ``nim``.
    :param openai_api_key: API key, if it is not stored in a connection; give it only as a template that renders a
        secret.
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
    :param forward_token: send DataRobot's token to ``nim_endpoint`` and ``faas_url``.
    :param copy_citations: pass the retrieved context to the guard; required by ``rouge_1`` and ``faithfulness``.
    :param is_agentic: the guard belongs to an agentic workflow; required by ``agent_goal_accuracy``.
    :param additional_guard_config: the guideline of an agent or the prices of tokens, an
        :class:`AdditionalGuardConfig`.
    :param streaming_character_threshold: number of characters of a streamed response after which the guard checks it, 1
        or more.
    :param custom_metric: the metric that the guard reports to, an object in the API's names.
    :param parameters: deprecated by DataRobot; a list with one object at most.
    """

    options: ClassVar[Sequence[str]] = ("openai_api_key_conn_id",)

    def __init__(
        self,
        *,
        description: String | None = None,
        intervention: ObjectOf[GuardIntervention] | None = None,
        deployment_id: Id | None = None,
        model_info: ObjectOf[GuardModelInfo] | None = None,
        nemo_info: ObjectOf[GuardNemoInfo] | None = None,
        llm_type: String | None = None,
        openai_api_base: String | None = None,
        openai_api_key: String | None = None,
        openai_api_key_conn_id: ConnectionId | None = None,
        openai_credential: String | None = None,
        openai_deployment_id: String | None = None,
        google_service_account: String | None = None,
        google_region: String | None = None,
        google_model: String | None = None,
        aws_account: String | None = None,
        aws_region: String | None = None,
        aws_model: String | None = None,
        llm_gateway_model_id: String | None = None,
        nim_endpoint: String | None = None,
        faas_url: String | None = None,
        forward_token: Boolean | None = None,
        copy_citations: Boolean | None = None,
        is_agentic: Boolean | None = None,
        additional_guard_config: ObjectOf[AdditionalGuardConfig] | None = None,
        streaming_character_threshold: PositiveInteger | None = None,
        custom_metric: Object | None = None,
        parameters: ObjectList | None = None,
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
        from datarobot_provider.core.guard_keys import CREDENTIALS, is_credential_id

        super().render_template_fields(context, jinja_env)
        if self.openai_api_key:
            mask_secret(self.openai_api_key)
        for name in CREDENTIALS:
            value = getattr(self, name)
            if not is_credential_id(value):
                mask_secret(value)

    def check(self) -> None:
        """Check the arguments, and that the key comes from one place."""
        from datarobot_provider.core.guard_keys import CREDENTIALS, check_credential_id

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

    def report_change(self, changed: Mapping[str, Any]) -> None:
        """Log a warning if DataRobot has stored the guard but considers it invalid.

        :param changed: the configuration, as DataRobot has returned it.
        """
        if changed.get("isValid") is False:
            self.log.warning("DataRobot shows the guard as invalid: %s", changed.get("errorMessage"))
