"""Bases of the operators for one object, which take its ids, and of those that create one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.routes import CUSTOM_MODEL_RESOURCE, required
from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.core.request_operators import CreateOperator
from datarobot_provider.core.submission.recovery import CreatedResource, RecoverFromList
from datarobot_provider.links.datarobot import CustomModelLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datarobot_provider.core.arguments.types import Id


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


class GuardConfigOperator(DataRobotBaseOperator):
    """Base of the operators for one guard configuration.

    :param config_id: id of the configuration; templated; required.
    """

    def __init__(self, *, config_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config_id = config_id


class CreateCustomModelBase(RecoverFromList, CreateOperator):
    """Base of the operators that create a custom model."""

    operator_extra_links = (CustomModelLink(),)
    creates = (CUSTOM_MODEL_RESOURCE,)

    def result_from_row(self, row: Mapping[str, Any]) -> CreatedResource:
        """Return the model as a resource that this task has created."""
        model_id = required(row, "id")
        return CreatedResource(model_id, {"custom_model_id": model_id})
