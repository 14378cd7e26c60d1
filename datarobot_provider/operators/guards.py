"""The operator that applies guards to a custom model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.request import required
from datarobot_provider.exceptions import InputError
from datarobot_provider.links.datarobot import CustomModelVersionLink
from datarobot_provider.operators import fields
from datarobot_provider.operators.base import DataRobotBaseOperator
from datarobot_provider.operators.guard_templates import filled
from datarobot_provider.version_compat import mask_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.operators.guard_types import GuardConfiguration, OverallModerationConfig
    from datarobot_provider.version_compat import Context


class ApplyGuardConfigOperator(DataRobotBaseOperator):
    """Apply guards to a custom model; DataRobot makes a new version of the model that has them.

    Route: POST ``/api/v2/guardConfigurations/toNewCustomModelVersion/``. All arguments are templated.

    An ``openaiApiKey`` belongs into an Airflow connection or variable, and into the guard as a template such as
    ``{{ conn.my_openai.password }}``: what a DAG file holds in clear text, Airflow stores in clear text.

    :param custom_model_id: id of the custom model; required.
    :param guards: the guards, up to 200, each a :class:`GuardConfiguration`.
    :param from_templates: more guards, made from DataRobot's templates: the name or the id of a template, or
        ``{"template": <name or id>, …}`` with fields of the guard that differ from the template's, such as
        ``{"template": "Prompt Tokens", "stages": ["prompt"], "intervention": {"message": "Too long."}}``. Give
        ``guards``, ``from_templates`` or both.
    :param overall_config: what holds for all guards, an :class:`OverallModerationConfig`.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the new version, a text.
    :raises AirflowFailException: if an argument is wrong or DataRobot refuses the request.
    """

    required_fields = ("custom_model_id",)
    template_fields: Sequence[str] = (
        *DataRobotBaseOperator.template_fields,
        "custom_model_id",
        "guards",
        "from_templates",
        "overall_config",
    )
    template_fields_renderers = {"guards": "json", "from_templates": "json", "overall_config": "json"}
    operator_extra_links = (CustomModelVersionLink(),)

    def __init__(
        self,
        *,
        custom_model_id: str,
        guards: list[GuardConfiguration] | str | None = None,
        from_templates: list[str | dict[str, Any]] | str | None = None,
        overall_config: OverallModerationConfig | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.guards = guards
        self.from_templates = from_templates
        self.overall_config = overall_config

    def run_request(self, context: Context) -> str:
        """Apply the guards; return the id of the new version."""
        payload = self.payload()
        version_id = required(self.hook.client.guards.push_to_new_version(payload), "customModelVersionId")
        names = ", ".join(str(guard.get("name")) for guard in payload["data"])
        self.log.info("Made the version %s with these guards: %s.", version_id, names)
        ids = {"custom_model_id": payload["customModelId"], "custom_model_version_id": version_id}
        self.push_handles(context, version_id, ids)
        return version_id

    def check(self) -> None:
        """Check the arguments, and that there is a guard to apply."""
        super().check()
        if self.guards is None and self.from_templates is None:
            raise InputError("Give guards, from_templates or both.")

    def payload(self) -> dict[str, Any]:
        """Return the request body; the API wants ``parameters`` in every guard, if only an empty list."""
        guards = [] if self.guards is None else fields.converted("guards", self.guards, fields.mappings)
        if self.from_templates is not None:
            wanted = fields.converted("from_templates", self.from_templates, fields.texts_or_mappings)
            guards += filled(wanted, self.hook.client.guards.templates())
        for guard in guards:
            if guard.get("openaiApiKey"):
                mask_secret(guard["openaiApiKey"])
        body: dict[str, Any] = {
            "customModelId": str(self.custom_model_id),
            "data": [{"parameters": [], **guard} for guard in guards],
        }
        if self.overall_config is not None:
            body["overallConfig"] = fields.converted("overall_config", self.overall_config, fields.mapping)
        return body
