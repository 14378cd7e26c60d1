"""Operators for what surrounds a custom model: its settings, its limits, its training data, who may use it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from datarobot_provider.core.arguments import converters
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import ListOperator, UpdateOperator
from datarobot_provider.exceptions import ConflictError, DataRobotError, JobFailedError, ValidationError
from datarobot_provider.jobs.model import JobRef
from datarobot_provider.links.datarobot import CustomModelLink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.core.submission.recovery import CreatedResource
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


class UpdateCustomModelOperator(UpdateOperator):
    """Change a custom model; what is not given stays as it is.

    Route: PATCH ``/api/v2/customModels/{customModelId}/``. Every argument is templated. DataRobot refuses some changes
    while the model is deployed, tested, or has training data.

    :param custom_model_id: id of the custom model; required.
    :param name: name of the model, up to 255 characters.
    :param description: up to 10,000 characters.
    :param language: programming language of the model, up to 500 characters.
    :param target_name: name of the target column.
    :param positive_class_label: for binary models.
    :param negative_class_label: for binary models.
    :param prediction_threshold: for binary models, 0 to 1.
    :param class_labels: for multiclass models: up to 100 labels.
    :param network_egress_policy: ``NONE``, ``DR_API_ACCESS`` or ``PUBLIC``.
    :param maximum_memory: bytes of memory beyond which the model is killed, 134217728 to 15032385536.
    :param desired_memory: bytes of memory the model is expected to need, same range.
    :param replicas: fixed number of replicas, 1 to 8.
    :param requires_ha: put every replica on a node of its own.
    :param is_training_data_for_versions_permanently_enabled: assign training data to versions; cannot be taken back.
    :param git_model_version: where the code comes from: ``{"refName", "commitUrl", "mainBranchCommitSha",
        "pullRequestCommitSha"}``.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the model as it is now, an object.
    :raises AirflowFailException: if nothing is to be changed, or DataRobot refuses the request.
    """

    api_fields = {
        "name": converters.string,
        "description": converters.string,
        "language": converters.string,
        "target_name": converters.string,
        "positive_class_label": converters.string,
        "negative_class_label": converters.string,
        "prediction_threshold": converters.number,
        "class_labels": converters.string_list,
        "network_egress_policy": converters.string,
        "maximum_memory": converters.integer,
        "desired_memory": converters.integer,
        "replicas": converters.integer,
        "requires_ha": converters.boolean,
        "is_training_data_for_versions_permanently_enabled": converters.boolean,
        "git_model_version": converters.json_object,
    }
    required_fields = ("custom_model_id",)
    template_fields: Sequence[str] = (*UpdateOperator.template_fields, *required_fields, *api_fields)

    def __init__(
        self,
        *,
        custom_model_id: str,
        name: str | None = None,
        description: str | None = None,
        language: str | None = None,
        target_name: str | None = None,
        positive_class_label: str | None = None,
        negative_class_label: str | None = None,
        prediction_threshold: float | str | None = None,
        class_labels: list[str] | str | None = None,
        network_egress_policy: str | None = None,
        maximum_memory: int | str | None = None,
        desired_memory: int | str | None = None,
        replicas: int | str | None = None,
        requires_ha: bool | str | None = None,
        is_training_data_for_versions_permanently_enabled: bool | str | None = None,
        git_model_version: dict[str, Any] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.name = name
        self.description = description
        self.language = language
        self.target_name = target_name
        self.positive_class_label = positive_class_label
        self.negative_class_label = negative_class_label
        self.prediction_threshold = prediction_threshold
        self.class_labels = class_labels
        self.network_egress_policy = network_egress_policy
        self.maximum_memory = maximum_memory
        self.desired_memory = desired_memory
        self.replicas = replicas
        self.requires_ha = requires_ha
        self.is_training_data_for_versions_permanently_enabled = is_training_data_for_versions_permanently_enabled
        self.git_model_version = git_model_version

    def change(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Send the change."""
        return self.hook.client.custom_models.update(**self.ids(), payload=payload)


class GetCustomModelLimitsOperator(DataRobotBaseOperator):
    """Return the limits that hold for custom models: memory, replicas, users of a performance test.

    Route: GET ``/api/v2/customModelLimits/``.

    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    :returns: ``{"desiredCustomModelContainerSize", "maxCustomModelContainerSize",
        "maxCustomModelReplicasPerDeployment", "maxCustomModelTestingParallelUsers"}``; sizes in bytes.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Return the limits."""
        return self.hook.client.custom_models.limits()


class GetCustomModelAccessOperator(ListOperator):
    """Return who may do what with a custom model.

    Route: GET ``/api/v2/customModels/{customModelId}/accessControl/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param limit: most entries to return; default all; templated.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of ``{"username", "userId", "role", "canShare"}``.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    required_fields = ("custom_model_id",)
    template_fields: Sequence[str] = (*ListOperator.template_fields, *required_fields)

    def __init__(self, *, custom_model_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id

    def entries(self, filters: dict[str, Any], limit: int | None) -> list[dict[str, Any]]:  # noqa: ARG002 - it has none
        """Ask for the entries."""
        return self.hook.client.custom_models.access(**self.ids(), limit=limit)


class ShareCustomModelOperator(DataRobotBaseOperator):
    """Give people roles on a custom model, change them or take them away.

    Route: PATCH ``/api/v2/customModels/{customModelId}/accessControl/``.

    :param custom_model_id: id of the custom model; templated; required.
    :param roles: up to 100 of ``{"username", "role", "canShare"}``; the role ``None`` takes it away; templated;
        required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: nothing.
    :raises AirflowFailException: if DataRobot refuses the request, for one if nobody would own the model.
    """

    argument_types = {"roles": converters.object_list}
    required_fields = ("custom_model_id", "roles")
    template_fields: Sequence[str] = (*DataRobotBaseOperator.template_fields, *required_fields)
    template_fields_renderers = {"roles": "json"}

    def __init__(self, *, custom_model_id: str, roles: list[dict[str, Any]] | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.roles: Any = roles

    def run_request(self, context: Context) -> None:  # noqa: ARG002 - for operators that push XComs
        """Send the roles."""
        self.hook.client.custom_models.share(self.custom_model_id, self.roles)
        self.log.info("Set the roles of %s.", ", ".join(str(role.get("username")) for role in self.roles))


class AssignTrainingDataOperator(DataRobotJobOperator):
    """Assign training data to a custom model as a whole, and wait for it. Deprecated by DataRobot.

    Route: PATCH ``/api/v2/customModels/{customModelId}/trainingData/``. Assign training data to a version instead, with
    ``training_data`` of :class:`CreateVersionOperator`. It cannot be cancelled through the API.

    :param custom_model_id: id of the custom model; templated; required.
    :param dataset_id: id of the dataset; templated; required.
    :param dataset_version_id: id of one version of the dataset; default is the latest; templated.
    :param dataset_name: name of the dataset, up to 255 characters; templated.
    :param partition_column: column of the dataset that says what is training and what is holdout; templated.
    :param wait_for_completion: wait for the assignment; default ``True``; templated.
    :param deferrable: wait in the triggerer; default is Airflow's ``[operators] default_deferrable``; no template.
    :param poll_interval: longest pause between two polls, in seconds or as a ``timedelta``; default 10; templated.
    :param timeout: how long to wait, in seconds or as a ``timedelta``; default 3600; templated.
    :param cancel_on_kill: no effect here: the API has no way to cancel an assignment.
    :param on_uncertain_submit: no effect here: the model tells which data it has.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the model, an object; with ``wait_for_completion=False`` its id.
    :raises AirflowFailException: if DataRobot refuses the request.
    :raises AirflowException: if the assignment fails.
    """

    kind = "model_training_data_assignment"
    api_fields = {
        "dataset_id": converters.identifier,
        "dataset_version_id": converters.identifier,
        "dataset_name": converters.string,
        "partition_column": converters.string,
    }
    required_fields = ("custom_model_id", "dataset_id")
    template_fields: Sequence[str] = (*DataRobotJobOperator.template_fields, "custom_model_id", *api_fields)
    operator_extra_links = (CustomModelLink(),)

    def __init__(
        self,
        *,
        custom_model_id: str,
        dataset_id: str,
        dataset_version_id: str | None = None,
        dataset_name: str | None = None,
        partition_column: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.dataset_id = dataset_id
        self.dataset_version_id = dataset_version_id
        self.dataset_name = dataset_name
        self.partition_column = partition_column

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the assignment, or find the one that goes on."""
        self.log.warning("DataRobot has deprecated training data of models; assign it to versions instead.")
        models, ids = self.hook.client.custom_models, self.ids("custom_model_id")
        try:
            status_id = models.assign_training_data(**ids, payload=self.payload()).status_id
        except (ConflictError, ValidationError) as refusal:
            if not self._goes_on():
                raise
            self.log.info("DataRobot is assigning training data already: %s", refusal.message)
            return JobRef(self.kind, ids, joined=True)
        return JobRef(self.kind, {**ids, "status_id": status_id})

    def _goes_on(self) -> bool:
        """Return whether the model is getting training data, as far as that can be told."""
        with suppress(DataRobotError):
            model = self.hook.client.custom_models.get(self.custom_model_id)
            return bool(model.get("trainingDataAssignmentInProgress"))
        return False

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:  # noqa: ARG002 - the model tells enough
        """Look at the model, which tells what data it has or is getting."""
        model = self.hook.client.custom_models.get(self.custom_model_id)
        # While it is being assigned, the model has no dataset yet; DataRobot would refuse another one.
        ours = model.get("trainingDataAssignmentInProgress") or model.get("trainingDatasetId") == self.dataset_id
        return JobRef(self.kind, self.ids("custom_model_id")) if ours else None

    def result(self, event: JobEvent) -> dict[str, Any]:
        """Return the model.

        :raises JobFailedError: if the assignment that was waited for was somebody else's, of other data.
        """
        model: dict[str, Any] = super().result(event)
        if model.get("trainingDatasetId") not in (None, self.dataset_id):
            raise JobFailedError(
                f"The model has the training data {model['trainingDatasetId']}, not {self.dataset_id}: somebody else "
                "assigned them meanwhile.",
                advice="clear the task to assign its data after all.",
                retryable=False,
            )
        return model
