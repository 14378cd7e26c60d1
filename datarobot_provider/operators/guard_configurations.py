"""Operators for guard configurations."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.guard_fields import GuardFieldsBase
from datarobot_provider.core.request_operators import (
    CreateOperator,
    DeleteOperator,
    GetOperator,
    ListOperator,
    UpdateOperator,
)
from datarobot_provider.core.submission.recovery import (
    CreatedResource,
    RecoverFromList,
    RecoverFromVersions,
    fields_match,
)
from datarobot_provider.exceptions import InputError
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import (
        ConnectionId,
        Id,
        ObjectListOf,
        ObjectOf,
        String,
        StringList,
        StringOrObjectList,
    )
    from datarobot_provider.core.guard_types import GuardConfiguration, GuardToApply, OverallModerationConfig
    from datarobot_provider.version_compat import Context


_GUARDS = "guardConfigurations/"


class _GuardConfigOperator(DataRobotBaseOperator):
    """Base of the operators for one guard configuration.

    :param config_id: id of the configuration; templated; required.
    """

    def __init__(self, *, config_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config_id = config_id


class ApplyGuardConfigOperator(RecoverFromVersions, CreateOperator):
    """Apply guards to a custom model; DataRobot creates a new version of the model with these guards.

    Route: POST ``/api/v2/guardConfigurations/toNewCustomModelVersion/``. All arguments are templated.

    Guards that use a language model of OpenAI or Azure need its API key. Store the key as the password of an Airflow
    connection. ``openai_api_key_conn_id`` names the connection for all guards; the field ``openaiApiKeyConnId`` of a
    guard names another one. A guard may also have an ``openaiApiKey``, but only as a template that renders a secret:
    Airflow stores plain text of a DAG file as plain text. The keys of Google and Amazon are stored in DataRobot:
    ``googleServiceAccount`` and ``awsAccount`` are ids of DataRobot credentials.

    :param custom_model_id: id of the custom model; required.
    :param guards: the guards, up to 200, each a :class:`GuardToApply`: the API's names, and ``openaiApiKeyConnId``.
    :param from_templates: more guards, created from DataRobot's templates: the name or the id of a template, or
        ``{"template": <name or id>, …}`` and the fields that differ from the template, such as ``{"template": "Prompt
        Tokens", "stages": ["prompt"], "intervention": {"message": "Too long."}}``. Give ``guards``, ``from_templates``
        or both.
    :param overall_config: settings for all guards, an :class:`OverallModerationConfig`.
    :param openai_api_key_conn_id: id of the Airflow connection whose password is the API key of every guard that has
        the ``llmType`` ``openAi`` or ``azureOpenAi`` but no key, connection or credential; read when the task runs, and
        only if there is such a guard.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the new version, a string.
    :raises AirflowFailException: if an argument is wrong or DataRobot refuses the request.
    """

    route = "POST guardConfigurations/toNewCustomModelVersion/"
    options = ("guards", "from_templates", "openai_api_key_conn_id")

    template_fields_renderers = {"guards": "json", "from_templates": "json", "overall_config": "json"}
    operator_extra_links = (CustomModelVersionLink(),)
    reads = (routes.CUSTOM_MODEL_RESOURCE,)
    creates = (routes.VERSION_RESOURCE,)

    def __init__(
        self,
        *,
        custom_model_id: Id,
        guards: ObjectListOf[GuardConfiguration] | ObjectListOf[GuardToApply] | None = None,
        from_templates: StringOrObjectList | None = None,
        overall_config: ObjectOf[OverallModerationConfig] | None = None,
        openai_api_key_conn_id: ConnectionId | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.guards = guards
        self.from_templates = from_templates
        self.overall_config = overall_config
        self.openai_api_key_conn_id = openai_api_key_conn_id

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render the arguments, and have Airflow mask the keys in them."""
        from datarobot_provider.core.guard_keys import mask_keys

        super().render_template_fields(context, jinja_env)
        mask_keys(self.guards)
        mask_keys(self.from_templates)

    def start(self, context: Context) -> CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Apply the guards."""
        payload = self.payload()
        version_id = required(self.request(json=payload).object(), "customModelVersionId")
        names = ", ".join(str(guard.get("name")) for guard in payload["data"])
        self.log.info("Created the version %s with the guards %s.", version_id, names)
        return self.result_from_row({"id": version_id})

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a version has guards with these names."""
        entity = {"entityId": row["id"], "entityType": "customModelVersion"}
        names = {config.get("name") for config in self.hook.client.items(_GUARDS, entity)}
        return names == self._names

    @cached_property
    def _names(self) -> set[Any]:
        return {guard.get("name") for guard in self.payload()["data"]}

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the version as a resource that this task has created."""
        version_id = required(row, "id")
        return CreatedResource(
            version_id, {"custom_model_id": self.custom_model_id, "custom_model_version_id": version_id}
        )

    def check(self) -> None:
        """Check the arguments, and that guards are given."""
        super().check()
        if self.guards is None and self.from_templates is None:
            raise InputError("Give guards, from_templates or both.")

    def payload(self) -> dict[str, Any]:
        """Return the request body; the API requires ``parameters`` in every guard, even an empty list."""
        from datarobot_provider.core.guard_keys import with_key
        from datarobot_provider.core.guard_templates import guards_from_templates

        guards = [] if self.guards is None else converters.converted("guards", self.guards, converters.object_list)
        if self.from_templates is not None:
            wanted = converters.converted("from_templates", self.from_templates, converters.string_or_object_list)
            templates = self.hook.client.items("guardTemplates/", {"includeAgentic": True})
            guards += guards_from_templates(wanted, templates)
        sent = [with_key(guard, self.openai_api_key_conn_id, self.hook.password_of) for guard in guards]
        return {**super().payload(), "data": [{"parameters": [], **guard} for guard in sent]}


class CreateGuardConfigOperator(RecoverFromList, GuardFieldsBase, CreateOperator):
    """Create a guard configuration of a custom model, a version or a playground, from a template.

    Route: POST ``/api/v2/guardConfigurations/``. All arguments are templated. The fields of the guard, from
    ``description`` to ``parameters``, are the same as those of :class:`UpdateGuardConfigOperator`.

    :param template_id: id of the guard template; required.
    :param name: name of the guard, up to 255 characters, unique for the entity; required.
    :param stages: stages that are guarded: ``prompt``, ``response`` or both; required.
    :param entity_id: id of the entity to guard; required.
    :param entity_type: type of the entity: ``customModel``, ``customModelVersion`` or ``playground``; required.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the configuration, a string.
    :raises AirflowFailException: if DataRobot refuses the request, for example because the name is taken.
    """

    route = "POST guardConfigurations/"

    created_at = "createdAt"

    def __init__(
        self,
        *,
        template_id: Id,
        name: String,
        stages: StringList,
        entity_id: Id,
        entity_type: String,
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
        config = self.request(json=self.payload()).object()
        created = self.result_from_row(config)
        self.log.info("Created the guard configuration %s (%s).", self.name, created.value)
        self.report_change(config)
        return created

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the configurations of the entity, newest first; the order of the API is not documented."""
        entity = {"entityId": self.entity_id, "entityType": self.entity_type}
        configs = self.hook.client.items(self.path_of(), entity)
        return sorted(configs, key=lambda config: str(config.get(self.created_at)), reverse=True)[:limit]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a configuration has the name and the stages of this task."""
        return fields_match(row, self.payload(), ("name", "stages"))

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the configuration as a resource that this task has created."""
        return CreatedResource(required(row, "id"))


class UpdateGuardConfigOperator(GuardFieldsBase, UpdateOperator):
    """Change a guard configuration; fields that are not given stay unchanged.

    Route: PATCH ``/api/v2/guardConfigurations/{configId}/``. All arguments are templated. The fields of the guard, from
    ``description`` to ``parameters``, are the same as those of :class:`CreateGuardConfigOperator`.

    :param config_id: id of the configuration; required.
    :param name: name of the guard, up to 255 characters.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the configuration after the change, an object; secrets in it are masked.
    :raises AirflowFailException: if no field is given, or DataRobot refuses the request.
    """

    route = "PATCH guardConfigurations/{config_id}/"

    def __init__(self, *, config_id: Id, name: String | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config_id = config_id
        self.name = name


class GetGuardConfigOperator(GetOperator, _GuardConfigOperator):
    """Return a guard configuration.

    Route: GET ``/api/v2/guardConfigurations/{configId}/``.

    :param config_id: id of the configuration; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the configuration, an object; secrets in it are masked.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET guardConfigurations/{config_id}/"


class ListGuardConfigsOperator(ListOperator):
    """Return the guard configurations of a custom model, a version or a playground.

    Route: GET ``/api/v2/guardConfigurations/``. All arguments are templated.

    :param entity_id: id of the guarded entity; required.
    :param entity_type: type of the entity: ``customModel``, ``customModelVersion`` or ``playground``; required.
    :param limit: maximum number of configurations; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of configurations; secrets in them are masked.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET guardConfigurations/"

    def __init__(self, *, entity_id: Id, entity_type: String, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entity_id = entity_id
        self.entity_type = entity_type


class DeleteGuardConfigOperator(DeleteOperator, _GuardConfigOperator):
    """Delete a guard configuration.

    Route: DELETE ``/api/v2/guardConfigurations/{configId}/``.

    :param config_id: id of the configuration; templated; required.
    :param ignore_if_missing: succeed if it does not exist; default ``False``; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "DELETE guardConfigurations/{config_id}/"


class ListGuardPredictionEnvironmentsOperator(ListOperator):
    """Return the prediction environments that the guards of a version use.

    Route: GET ``/api/v2/guardConfigurations/predictionEnvironmentsInUse/``.

    :param custom_model_version_id: id of the version; templated; required.
    :param limit: maximum number of environments; default: all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of ``{"id", "name", "usedBy"}``.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET guardConfigurations/predictionEnvironmentsInUse/"
    page_size = 32

    def __init__(self, *, custom_model_version_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_version_id = custom_model_version_id
