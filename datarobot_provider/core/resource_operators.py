"""Bases of the operators for one object, which take its ids, and of those that create one."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.client.routes import CUSTOM_MODEL_RESOURCE, required
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.request_operators import CreateOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromList
from datarobot_provider.exceptions import InputError
from datarobot_provider.links.datarobot import CustomModelLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datarobot_provider.core.arguments.types import Id, String
    from datarobot_provider.jobs.model import JobRef
    from datarobot_provider.version_compat import Context

_IF_EXISTS = ("create", "reuse", "fail")


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


class ConversionOperator(VersionOperator):
    """Base of the operators for one conversion.

    :param conversion_id: id of the conversion; templated; required.
    """

    def __init__(self, *, conversion_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conversion_id = conversion_id


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


class UseCaseOperator(DataRobotBaseOperator):
    """Base of the operators for one use case.

    :param use_case_id: id of the use case; templated; required.
    """

    def __init__(self, *, use_case_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_case_id = use_case_id


class UseCaseEntityOperator(UseCaseOperator):
    """Base of the operators for one entity of a use case.

    :param entity_type: kind of the entity, such as ``datasets``; templated; required.
    :param entity_id: id of the entity; templated; required.
    """

    def __init__(self, *, entity_type: Id, entity_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entity_type = entity_type
        self.entity_id = entity_id


class GuardConfigOperator(DataRobotBaseOperator):
    """Base of the operators for one guard configuration.

    :param config_id: id of the configuration; templated; required.
    """

    def __init__(self, *, config_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config_id = config_id


class CreateOrReuseOperator(RecoverFromList, CreateOperator):
    """Base of the operators that create a named object, unless it exists.

    :param if_exists: what to do if the object already exists: ``create`` another one (default), ``reuse`` it, or
        ``fail``; templated.
    """

    options: ClassVar[Sequence[str]] = ("if_exists",)
    #: The kind of the object, for the log and for errors.
    noun: ClassVar[str]

    def __init__(self, *, if_exists: String = "create", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.if_exists = if_exists

    def check(self) -> None:
        """Check the rendered arguments."""
        super().check()
        if self.if_exists not in _IF_EXISTS:
            raise InputError(f"if_exists should be one of {', '.join(_IF_EXISTS)}, but is {self.if_exists!r}.")

    def start(self, context: Context) -> JobRef | CreatedResource:  # noqa: ARG002 - nothing depends on the run
        """Create the object, or find the existing one."""
        payload = self.payload()
        found = None if self.if_exists == "create" else self.find(payload)
        if found is not None and self.if_exists == "fail":
            raise InputError(f"The {self.noun} {found['name']!r} already exists: {found['id']}.")
        row = found or self.create(payload)
        self.log.info(
            "%s the %s %s (%s).", "Reusing" if found else "Created", self.noun, row.get("name"), row.get("id")
        )
        return self.result_from_row(row)

    @abstractmethod
    def find(self, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the existing object; ``None`` if there is none."""

    def create(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Create the object and return it."""
        return self.request(json=payload).object()


class CreateCustomModelBase(RecoverFromList, CreateOperator):
    """Base of the operators that create a custom model."""

    operator_extra_links = (CustomModelLink(),)
    creates = (CUSTOM_MODEL_RESOURCE,)

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the model as a resource that this task has created."""
        model_id = required(row, "id")
        return CreatedResource(model_id, {"custom_model_id": model_id})
