"""Operators that read, list and change versions which exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.request_operators import ListOperator, UpdateOperator, VersionOperator
from datarobot_provider.links.datarobot import CustomModelVersionLink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.version_compat import Context

_VERSION = ("custom_model_id", "custom_model_version_id")


class GetVersionOperator(VersionOperator):
    """Return a version: its files, dependencies, settings and training data.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the version, an object.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    operator_extra_links = (CustomModelVersionLink(),)

    def run_request(self, context: Context) -> dict[str, Any]:
        """Return the version."""
        self.push_handles(context, self.custom_model_version_id, self.ids())
        return self.hook.client.versions.get(**self.ids())


class ListVersionsOperator(ListOperator):
    """Return the versions of a custom model, newest first.

    Route: GET ``/api/v2/customModels/{customModelId}/versions/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param main_branch_commit_sha: only versions made from this commit; templated.
    :param limit: most versions to return; default all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of versions.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    api_fields = {"main_branch_commit_sha": converters.string}
    required_fields = ("custom_model_id",)
    template_fields: Sequence[str] = (*ListOperator.template_fields, *required_fields, *api_fields)

    def __init__(self, *, custom_model_id: str, main_branch_commit_sha: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.main_branch_commit_sha = main_branch_commit_sha

    def entries(self, filters: dict[str, Any], limit: int | None) -> list[dict[str, Any]]:
        """Ask for the versions."""
        return self.hook.client.versions.list(**self.ids(), filters=filters, limit=limit)


class UpdateVersionOperator(UpdateOperator):
    """Change the description and the metadata of a version; what is not given stays as it is.

    Route: PATCH ``/api/v2/customModels/{customModelId}/versions/{customModelVersionId}/``. Every argument is templated.

    :param custom_model_id: id of the custom model; required.
    :param custom_model_version_id: id of the version; required.
    :param description: up to 10,000 characters.
    :param required_metadata: values that the environment asks for, as an object; once set, they stay.
    :param required_metadata_values: the same as a list of ``{"fieldName", "value"}``.
    :param git_model_version: where the code comes from: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the version as it is now, an object.
    :raises AirflowFailException: if nothing is to be changed, or DataRobot refuses the request.
    """

    api_fields = {
        "description": converters.string,
        "required_metadata": converters.json_object,
        "required_metadata_values": converters.object_list,
        "git_model_version": converters.json_object,
    }
    required_fields = _VERSION
    template_fields: Sequence[str] = (*UpdateOperator.template_fields, *_VERSION, *api_fields)

    def __init__(
        self,
        *,
        custom_model_id: str,
        custom_model_version_id: str,
        description: str | None = None,
        required_metadata: dict[str, Any] | str | None = None,
        required_metadata_values: list[dict[str, str]] | str | None = None,
        git_model_version: dict[str, Any] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id
        self.description = description
        self.required_metadata = required_metadata
        self.required_metadata_values = required_metadata_values
        self.git_model_version = git_model_version

    def change(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Send the change."""
        return self.hook.client.versions.update(**self.ids(), payload=payload)
