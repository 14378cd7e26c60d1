"""Bases of the operators for one object, which take its ids, and of those that create one."""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.client import routes
from datarobot_provider.client.routes import required
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.job_operator import DataRobotJobOperator
from datarobot_provider.core.request_operators import CreateOperator, ListOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromList
from datarobot_provider.exceptions import JobFailedError
from datarobot_provider.jobs.model import JobRef, Outcome
from datarobot_provider.links.datarobot import CustomModelLink, DatasetLink, DeploymentLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.client.files import ModelFile
    from datarobot_provider.client.request import Response
    from datarobot_provider.core.arguments.types import Boolean, FilePath, Id, String, StringOrStringList
    from datarobot_provider.core.submission.record import SubmissionRecord
    from datarobot_provider.jobs.events import JobEvent
    from datarobot_provider.version_compat import Context


class CustomModelOperator(DataRobotBaseOperator):
    """Base of the operators for one custom model.

    :param custom_model_id: id of the custom model; templated; required.
    """

    def __init__(self, *, custom_model_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id


class VersionOperator(DataRobotBaseOperator):
    """Base of the operators for one version of a custom model.

    :param custom_model_id: id of the custom model; templated; required.
    :param custom_model_version_id: id of the version; templated; required.
    """

    def __init__(self, *, custom_model_id: Id, custom_model_version_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_id = custom_model_id
        self.custom_model_version_id = custom_model_version_id


class ModelTestOperator(DataRobotBaseOperator):
    """Base of the operators for one model test.

    :param custom_model_test_id: id of the test; templated; required.
    """

    def __init__(self, *, custom_model_test_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.custom_model_test_id = custom_model_test_id


class ValidationOperator(DataRobotBaseOperator):
    """Base of the operators for one validation of a vector database.

    :param validation_id: id of the validation; templated; required.
    """

    def __init__(self, *, validation_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validation_id = validation_id


class EnvironmentOperator(DataRobotBaseOperator):
    """Base of the operators for one execution environment.

    :param environment_id: id of the environment; templated; required.
    """

    def __init__(self, *, environment_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.environment_id = environment_id


class EnvironmentVersionOperator(EnvironmentOperator):
    """Base of the operators for one version of an execution environment.

    :param environment_version_id: id of the version; templated; required.
    """

    def __init__(self, *, environment_version_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.environment_version_id = environment_version_id


class RegisteredModelOperator(DataRobotBaseOperator):
    """Base of the operators for one registered model.

    :param registered_model_id: id of the registered model; templated; required.
    """

    def __init__(self, *, registered_model_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.registered_model_id = registered_model_id


class DatasetOperator(DataRobotBaseOperator):
    """Base of the operators for one dataset.

    :param dataset_id: id of the dataset; templated; required.
    """

    def __init__(self, *, dataset_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_id = dataset_id


class DatasetListOperator(ListOperator):
    """Base of the operators that return datasets or versions of one.

    :param category: ``TRAINING`` or ``PREDICTION``; templated.
    :param filter_failed: leave out those whose data could not be read; templated.
    :param order_by: ``created`` or ``-created``; templated.
    """

    def __init__(
        self,
        *,
        category: String | None = None,
        filter_failed: Boolean | None = None,
        order_by: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.category = category
        self.filter_failed = filter_failed
        self.order_by = order_by


class UseCaseOperator(DataRobotBaseOperator):
    """Base of the operators for one use case.

    :param use_case_id: id of the use case; templated; required.
    """

    def __init__(self, *, use_case_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_case_id = use_case_id


class DeploymentOperator(DataRobotBaseOperator):
    """Base of the operators for one deployment.

    :param deployment_id: id of the deployment; templated; required.
    """

    def __init__(self, *, deployment_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.deployment_id = deployment_id


class DeploymentChange(DeploymentOperator, DataRobotJobOperator):
    """Base of the operators that change a deployment, unless it is already as requested."""

    operator_extra_links = (DeploymentLink(),)

    @abstractmethod
    def is_done(self, deployment: Mapping[str, Any]) -> bool:
        """Return whether a deployment is as requested."""

    def validate(self) -> None:
        """Check in DataRobot whether the change is possible."""

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Send the request that starts the change."""
        from datarobot_provider.jobs.poller import decide

        job = JobRef(self.kind, self.ids("deployment_id"))
        response = self.hook.client.request("GET", job.path(routes.DEPLOYMENT))
        deployment = response.object()
        if self.is_done(deployment):
            self.log.info("There is nothing to change in the deployment %s.", deployment.get("label"))
            return job
        if decide(self._kind().probes[-1], response).outcome is Outcome.PENDING:
            self.log.info("The deployment %s is being changed; waiting for this change.", deployment.get("label"))
            return replace(job, joined=True)
        self.validate()
        return self.accepted_job(job.ids)

    def result(self, event: JobEvent) -> dict[str, Any]:
        """Return the deployment.

        :raises JobFailedError: if it is not as requested.
        """
        deployment: dict[str, Any] = super().result(event)
        if not self.is_done(deployment):
            raise JobFailedError(
                f"The {self._kind().title} has ended, but the deployment is not as requested. "
                "A retry attempt requests it again.",
                state=str(deployment.get("status")),
                url=self.page(event.ref),
            )
        return deployment

    def _finish(self, event: JobEvent, record: SubmissionRecord) -> Any:
        try:
            return super()._finish(event, record)
        except JobFailedError:
            # The next attempt sends the request again.
            record.delete()
            raise

    def recover(self, state_before: dict[str, Any]) -> JobRef | None:  # noqa: ARG002 - the deployment shows it
        """Find the change that is in progress; ``None`` if there is none, so that it is checked and sent again."""
        job = JobRef(self.kind, self.ids("deployment_id"))
        return job if self.hook.jobs.is_running(job) else None


class CreateCustomModelBase(RecoverFromList, CreateOperator):
    """Base of the operators that create a custom model."""

    operator_extra_links = (CustomModelLink(),)
    creates = (routes.CUSTOM_MODEL_RESOURCE,)

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the model as a resource that this task has created."""
        model_id = required(row, "id")
        return CreatedResource(model_id, {"custom_model_id": model_id})


class DatasetImport(RecoverFromList, DataRobotJobOperator):
    """Base of the operators that create a dataset, or a version of one."""

    created_at = "creationDate"
    operator_extra_links = (DatasetLink(),)
    creates = (routes.DATASET_RESOURCE,)
    #: Routes of the list that contains the new row, and of the row; the field of the row that contains its id.
    list_route: ClassVar[str] = routes.DATASETS
    row_route: ClassVar[str] = routes.DATASET
    row_id: ClassVar[str] = "datasetId"
    #: Field of a dataset that contains its source.
    source_field: ClassVar[str] = "uri"

    @abstractmethod
    def source(self) -> str:
        """Return the source of the data as DataRobot stores it: the name of the file, the URL, or the data source."""

    def send(self) -> Response:
        """Send the request that starts the job."""
        return self.request(json=self.payload())

    def start(self, context: Context) -> JobRef:  # noqa: ARG002 - for operators that push XComs
        """Start the job."""
        from datarobot_provider.client.accepted import accepted

        job = accepted(self.send())
        version = {"dataset_version_id": required(job.body, "catalogVersionId")}
        dataset = {"dataset_id": required(job.body, "catalogId")}
        return JobRef(self.kind, {**dataset, **version, "status_id": job.status_id})

    def list_rows(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the datasets or the versions, newest first."""
        rows = self.hook.client.items(self.path_of(self.list_route), {"orderBy": "-created"}, limit)
        return [{**row, "id": required(row, self.row_id)} for row in rows]

    def recover(self, state_before: dict[str, Any]) -> JobRef | CreatedResource | None:
        """Find the dataset. DataRobot shows its source when the data is read, so wait for the imports that run."""
        deadline = time.time() + self._wait_seconds()
        for row in self.list_rows(None):
            if not self._is_newer(row, state_before):
                continue
            job = self.result_from_row(row)
            if self.hook.jobs.is_running(job):
                self.log.info("Waiting for %s, which may be the dataset of an earlier attempt.", row["id"])
                self.hook.jobs.wait(job, deadline, float(self.poll_interval))
        return super().recover(state_before)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a dataset or a version has the source of this task."""
        dataset = self.hook.client.get(self.result_from_row(row).path(self.row_route))
        return bool(dataset.get(self.source_field) == self.source())

    def result_from_row(self, row: Mapping[str, Any]) -> JobRef:
        """Return a dataset or a version as the job of this task."""
        ids = {"dataset_id": required(row, "datasetId"), "dataset_version_id": required(row, "versionId")}
        return JobRef(self.kind, ids)

    def result(self, event: JobEvent) -> str:
        """Return the id of the dataset or of the version."""
        return event.ref.ids[self._kind().handle]


class FileImport(DatasetImport):
    """Base of the operators that upload a file.

    :param file: path of the file; templated; required.
    :param categories: ``TRAINING``, ``PREDICTION``, or both; templated.
    """

    options: ClassVar[Sequence[str]] = ("file",)

    def __init__(self, *, file: FilePath, categories: StringOrStringList | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.file = file
        self.categories = categories
        self._to_upload: ModelFile

    def check(self) -> None:
        """Check the arguments and the file."""
        from datarobot_provider.core.arguments.paths import file_to_upload

        super().check()
        self._to_upload = file_to_upload("file", self.file)

    def source(self) -> str:
        """Return the name of the file."""
        return self._to_upload.name

    def send(self) -> Response:
        """Upload the file."""
        given = self.payload().get("categories", [])
        categories = [given] if isinstance(given, str) else given
        self.log.info("Uploading %s, %s bytes.", self._to_upload.name, f"{self._to_upload.size:,}")
        return self.upload([*(("categories", each) for each in categories), ("file", self._to_upload)])


class UrlImport(DatasetImport):
    """Base of the operators that let DataRobot read a URL.

    :param url: the URL; templated; required.
    :param categories: ``TRAINING``, ``PREDICTION``, or both; templated.
    """

    def __init__(self, *, url: String, categories: StringOrStringList | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.url = url
        self.categories = categories

    def source(self) -> str:
        """Return the URL."""
        return str(self.payload()["url"])


class DataSourceImport(DatasetImport):
    """Base of the operators that let DataRobot read a data source.

    :param data_source_id: id of the data source; templated; required.
    :param credential_id: id of the credential for the database; templated.
    :param use_kerberos: log in with Kerberos; templated.
    :param categories: ``TRAINING``, ``PREDICTION``, or both; templated.
    """

    source_field = "dataSourceId"
    reads = (routes.DATA_SOURCE_RESOURCE,)

    def __init__(
        self,
        *,
        data_source_id: Id,
        credential_id: Id | None = None,
        use_kerberos: Boolean | None = None,
        categories: StringOrStringList | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_source_id = data_source_id
        self.credential_id = credential_id
        self.use_kerberos = use_kerberos
        self.categories = categories

    def source(self) -> str:
        """Return the id of the data source."""
        return str(self.payload()["dataSourceId"])


class DatasetVersionImport(DatasetImport):
    """Base of the operators that create a version of a dataset.

    :param dataset_id: id of the dataset; templated; required.
    """

    list_route = routes.DATASET_VERSIONS
    row_route = routes.DATASET_VERSION
    row_id = "versionId"

    def __init__(self, *, dataset_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_id = dataset_id
