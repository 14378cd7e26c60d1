"""The operator that applies guards to a custom model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from datarobot_provider.client.auth import secret_values
from datarobot_provider.client.request import required
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.request_operators import CreateOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromVersions
from datarobot_provider.exceptions import InputError
from datarobot_provider.links.datarobot import CustomModelVersionLink
from datarobot_provider.operators.guard_templates import filled
from datarobot_provider.version_compat import mask_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.core.guard_types import GuardConfiguration, GuardToApply, OverallModerationConfig
    from datarobot_provider.version_compat import Context

#: What a template renders to when the connection has no password, or the variable no value.
_EMPTY = ("", "None")
#: The language models whose key is one of OpenAI or Azure. A NIM may take a key as well, but one of its own.
_WITH_OPENAI_KEY = ("openAi", "azureOpenAi")
#: The fields that name a credential stored in DataRobot.
CREDENTIALS = ("openai_credential", "google_service_account", "aws_account")
_ID = re.compile(r"[\w.-]*")
_CREDENTIALS = tuple(converters.camel_case(name) for name in CREDENTIALS)


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


class ApplyGuardConfigOperator(RecoverFromVersions, CreateOperator):
    """Apply guards to a custom model; DataRobot makes a new version of the model that has them.

    Route: POST ``/api/v2/guardConfigurations/toNewCustomModelVersion/``. All arguments are templated.

    Guards that ask a language model of OpenAI or Azure need its key, which belongs into the password of an Airflow
    connection. One for all of them is named by ``openai_api_key_conn_id``; a guard that needs another one has
    ``openaiApiKeyConnId`` of its own. A guard may also bring an ``openaiApiKey``, but only as a template of something
    secret: what a DAG file holds in clear text, Airflow stores in clear text. For Google and Amazon, DataRobot keeps
    the keys itself: ``googleServiceAccount`` and ``awsAccount`` are ids of its credentials.

    :param custom_model_id: id of the custom model; required.
    :param guards: the guards, up to 200, each a :class:`GuardToApply`: the API's own names, and ``openaiApiKeyConnId``.
    :param from_templates: more guards, made from DataRobot's templates: the name or the id of a template, or
        ``{"template": <name or id>, …}`` with fields of the guard that differ from the template's, such as
        ``{"template": "Prompt Tokens", "stages": ["prompt"], "intervention": {"message": "Too long."}}``. Give
        ``guards``, ``from_templates`` or both.
    :param overall_config: what holds for all guards, an :class:`OverallModerationConfig`.
    :param openai_api_key_conn_id: id of the Airflow connection whose password is the key of every guard that has the
        ``llmType`` ``openAi`` or ``azureOpenAi`` and no key, key's connection or credential of its own; read when the
        task runs, and only if such a guard is there.
    :param on_uncertain_submit: what to do when an earlier try may have come through and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the new version, a text.
    :raises AirflowFailException: if an argument is wrong or DataRobot refuses the request.
    """

    argument_types = {
        "guards": converters.optional(converters.object_list),
        "from_templates": converters.optional(converters.string_or_object_list),
        "overall_config": converters.optional(converters.json_object),
    }
    required_fields = ("custom_model_id",)
    template_fields: Sequence[str] = (
        *DataRobotBaseOperator.template_fields,
        "custom_model_id",
        "guards",
        "from_templates",
        "overall_config",
        "openai_api_key_conn_id",
    )
    template_fields_renderers = {"guards": "json", "from_templates": "json", "overall_config": "json"}
    operator_extra_links = (CustomModelVersionLink(),)

    def __init__(
        self,
        *,
        custom_model_id: str,
        guards: list[GuardConfiguration] | list[GuardToApply] | str | None = None,
        from_templates: list[str | dict[str, Any]] | str | None = None,
        overall_config: OverallModerationConfig | str | None = None,
        openai_api_key_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.guards = guards
        self.from_templates = from_templates
        self.overall_config = overall_config
        self.openai_api_key_conn_id = openai_api_key_conn_id

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render the arguments; keys in them are kept out of everything that Airflow shows or stores of them."""
        super().render_template_fields(context, jinja_env)
        for given in (self.guards, self.from_templates):
            guards = converters.parse_leniently(given)
            for key in (*secret_values(guards), *_misplaced_keys(guards)):
                mask_secret(key)

    def start(self, context: Context) -> CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Apply the guards."""
        payload = self.payload()
        version_id = required(self.hook.client.guards.push_to_new_version(payload), "customModelVersionId")
        names = ", ".join(str(guard.get("name")) for guard in payload["data"])
        self.log.info("Made the version %s with these guards: %s.", version_id, names)
        return self.result_from_row({"id": version_id})

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has guards of these names."""
        entity = {"entityId": row["id"], "entityType": "customModelVersion"}
        names = {config.get("name") for config in self.hook.client.guards.list(entity)}
        return names == self._names

    @cached_property
    def _names(self) -> set[Any]:
        return {guard.get("name") for guard in self.payload()["data"]}

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the version as made by this task."""
        version_id = required(row, "id")
        return CreatedResource(
            version_id, {"custom_model_id": self.custom_model_id, "custom_model_version_id": version_id}
        )

    def check(self) -> None:
        """Check the arguments, and that there is a guard to apply."""
        super().check()
        if self.guards is None and self.from_templates is None:
            raise InputError("Give guards, from_templates or both.")

    def payload(self) -> dict[str, Any]:
        """Return the request body; the API wants ``parameters`` in every guard, if only an empty list."""
        guards = [] if self.guards is None else converters.converted("guards", self.guards, converters.object_list)
        if self.from_templates is not None:
            wanted = converters.converted("from_templates", self.from_templates, converters.string_or_object_list)
            guards += filled(wanted, self.hook.client.guards.templates({"includeAgentic": True}))
        body: dict[str, Any] = {
            "customModelId": self.custom_model_id,
            "data": [{"parameters": [], **self._with_key(guard)} for guard in guards],
        }
        if self.overall_config is not None:
            body["overallConfig"] = converters.converted("overall_config", self.overall_config, converters.json_object)
        return body

    def _with_key(self, guard: dict[str, Any]) -> dict[str, Any]:
        """Return a guard with its own key, or with the password of the connection that it or the task names."""
        sent = {name: value for name, value in guard.items() if name != "openaiApiKeyConnId"}
        key, conn_id = guard.get("openaiApiKey"), guard.get("openaiApiKeyConnId")
        name = guard.get("name")
        for field in _CREDENTIALS:
            check_credential_id(f"{field} of the guard {name!r}", guard.get(field))
        if key is not None and conn_id is not None:
            raise InputError(f"The guard {name!r} has openaiApiKey and openaiApiKeyConnId; give one of them.")
        if any(isinstance(value, str) and value.strip() in _EMPTY for value in (key, conn_id)):
            raise InputError(f"The key, or its connection, of the guard {name!r} rendered to nothing.")
        if key is not None:
            mask_secret(key)
        elif conn_id is not None or (self.openai_api_key_conn_id is not None and _needs_key(guard)):
            sent["openaiApiKey"] = self.hook.password_of(str(conn_id or self.openai_api_key_conn_id))
        return sent


def _needs_key(guard: Mapping[str, Any]) -> bool:
    """Return whether a guard that has no key asks a language model that wants one."""
    credentials = (guard.get("openaiCredential"), (guard.get("nemoInfo") or {}).get("credentialId"))
    return guard.get("llmType") in _WITH_OPENAI_KEY and not any(credentials)


def _misplaced_keys(guards: Any) -> list[str]:
    """Return what stands where the id of a credential is wanted, but is none."""
    given = guards if isinstance(guards, list | tuple) else [guards]
    values = [guard.get(field) for guard in given if isinstance(guard, Mapping) for field in _CREDENTIALS]
    return [str(value) for value in values if not is_credential_id(value)]
