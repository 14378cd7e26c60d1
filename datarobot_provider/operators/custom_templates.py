"""Operators for custom templates, and for custom models from the templates of NVIDIA NIM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.request_operators import CreateOperator, GetOperator, ListOperator
from datarobot_provider.core.submission.recovery import CreatedResource
from datarobot_provider.links.datarobot import CustomModelLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Boolean, Id, String
    from datarobot_provider.version_compat import Context


class CreateCustomModelFromTemplateOperator(CreateOperator):
    """Create a custom model with a version from a template of NVIDIA NIM.

    Route: POST ``/api/v2/customModels/fromModelTemplate/``. All arguments are templated. DataRobot allows it if the
    feature flag ``NIM_MODELS`` is set. The XCom ``custom_model_version_id`` contains the id of the version.

    :param template_id: id of the template, see ``ListCustomTemplatesOperator``; required.
    :param resource_bundle_id: id of a resource bundle with a GPU, see ``ListResourceBundlesOperator``; required.
    :param secret_config_id: id of the secure configuration in DataRobot that contains the key for NVIDIA's registry.
    :param nim_container_tag_override: tag of the container image; DataRobot's default is ``latest``.
    :param on_uncertain_submit: what to do if an earlier attempt may have succeeded and DataRobot cannot tell: ``fail``
        (default) or ``resubmit``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the id of the custom model, a string.
    :raises AirflowFailException: if an argument is wrong, DataRobot refuses the request, or an earlier attempt may have
        created a model: a model does not show its template.
    """

    route = "POST customModels/fromModelTemplate/"
    operator_extra_links = (CustomModelLink(),)
    creates = (routes.VERSION_RESOURCE,)

    def __init__(
        self,
        *,
        template_id: Id,
        resource_bundle_id: Id,
        secret_config_id: Id | None = None,
        nim_container_tag_override: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.template_id = template_id
        self.resource_bundle_id = resource_bundle_id
        self.secret_config_id = secret_config_id
        self.nim_container_tag_override = nim_container_tag_override

    def start(self, context: Context) -> CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Create the model."""
        created = self.request(json=self.payload()).object()
        model_id, version_id = required(created, "customModelId"), required(created, "customModelVersionId")
        self.log.info("Created the custom model %s with the version %s.", model_id, version_id)
        return CreatedResource(model_id, {"custom_model_id": model_id, "custom_model_version_id": version_id})

    def push_ids(self, context: Context, object_id: str, ids: Mapping[str, str]) -> None:
        """Push the id of the model, the link, and the id of the version."""
        super().push_ids(context, object_id, ids)
        context["ti"].xcom_push(key="custom_model_version_id", value=ids["custom_model_version_id"])


class ListCustomTemplatesOperator(ListOperator):
    """Return the custom templates that the user of the connection can access.

    Route: GET ``/api/v2/customTemplates/``. All arguments are templated.

    :param search: only templates with this text in their name or description.
    :param template_type: only templates of this type.
    :param template_sub_type: only templates of this subtype, such as ``NIM_CONTAINERS``.
    :param tag: only templates with this tag.
    :param publisher: only templates of this publisher.
    :param category: only templates of this category.
    :param show_hidden: also return hidden templates; DataRobot's default is ``False``.
    :param order_by: ``name``, ``templateType`` or ``templateSubType``, with a minus for the reverse order.
    :param limit: maximum number of templates; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of templates.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customTemplates/"

    def __init__(
        self,
        *,
        search: String | None = None,
        template_type: String | None = None,
        template_sub_type: String | None = None,
        tag: String | None = None,
        publisher: String | None = None,
        category: String | None = None,
        show_hidden: Boolean | None = None,
        order_by: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.search = search
        self.template_type = template_type
        self.template_sub_type = template_sub_type
        self.tag = tag
        self.publisher = publisher
        self.category = category
        self.show_hidden = show_hidden
        self.order_by = order_by


class GetCustomTemplateOperator(GetOperator):
    """Return a custom template.

    Route: GET ``/api/v2/customTemplates/{customTemplateId}/``.

    :param custom_template_id: id of the template; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the template, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET customTemplates/{custom_template_id}/"

    def __init__(self, *, custom_template_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_template_id = custom_template_id
