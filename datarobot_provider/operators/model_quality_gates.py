"""The operator that decides whether a model is good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.base_operator import DataRobotBaseOperator
from datarobot_provider.exceptions import InputError, QualityGateError
from datarobot_provider.links.datarobot import DeploymentLink
from datarobot_provider.version_compat import AirflowSkipException

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from datarobot_provider.core.arguments.types import Boolean, Id, Number, String
    from datarobot_provider.core.quality_gate import Criterion
    from datarobot_provider.version_compat import Context

_ACCURACY = "GET deployments/{deployment_id}/accuracy/"
_TARGET_DRIFT = "GET deployments/{deployment_id}/targetDrift/"
_FEATURE_DRIFT = "GET deployments/{deployment_id}/featureDrift/"
_TEST = "GET customModelTests/{custom_model_test_id}/"
_OF_DEPLOYMENT = ("metric", "max_target_drift", "max_feature_drift")
_CRITERIA = (*_OF_DEPLOYMENT, "custom_model_test_id")
_IF_REJECTED = ("fail", "skip", "return")


class ModelQualityGateOperator(DataRobotBaseOperator):
    """Decide from what DataRobot has measured whether a model is good enough, for example to replace another one.

    Routes: GET ``/api/v2/deployments/{deploymentId}/accuracy/``, GET
    ``/api/v2/deployments/{deploymentId}/targetDrift/``, GET ``/api/v2/deployments/{deploymentId}/featureDrift/`` and
    GET ``/api/v2/customModelTests/{customModelTestId}/``, as far as the criteria need them. All arguments are
    templated. A model passes if all criteria that are given pass. Without a measured number there is no decision: the
    task fails, and a retry attempt looks again.

    :param deployment_id: id of the deployment; needed by all criteria but ``custom_model_test_id``.
    :param metric: metric of the accuracy, such as ``RMSE`` or ``AUC``; needs ``metric_limit`` or
        ``challenger_model_id``.
    :param metric_limit: worst value of the metric that passes.
    :param challenger_model_id: id of the model of a challenger, which must be as good as the current model. Without it,
        ``metric_limit`` is about the current model.
    :param min_improvement: by how much the challenger must be better, in units of the metric; default 0.
    :param higher_is_better: whether higher values of the metric are better; default: known for the usual metrics.
    :param max_target_drift: highest drift of the target that passes; of the current model.
    :param max_feature_drift: highest drift of a feature that passes; of the current model.
    :param custom_model_test_id: id of a model test whose checks must all be green; a warning is not green.
    :param start: beginning of the period, the top of an hour; DataRobot's default is seven days before the end.
    :param end: end of the period, the top of an hour; DataRobot's default is the next full hour.
    :param if_rejected: what to do with a model that does not pass: ``fail`` (default), ``skip`` the task and those
        after it, or ``return`` the decision.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the decision, an object: ``accepted``, and ``criteria``, a list with ``name``, ``value``, ``limit`` and
        ``accepted``. It is also the XCom ``decision`` of a task that fails or is skipped.
    :raises AirflowFailException: if the model does not pass, an argument is wrong, or DataRobot refuses a request.
    :raises AirflowException: if DataRobot has not measured a number that is needed.
    """

    route = _ACCURACY
    other_routes = (_TARGET_DRIFT, _FEATURE_DRIFT, _TEST)
    options: ClassVar[Sequence[str]] = (
        "metric",
        "metric_limit",
        "challenger_model_id",
        "min_improvement",
        "higher_is_better",
        "max_target_drift",
        "max_feature_drift",
        "custom_model_test_id",
        "if_rejected",
    )
    operator_extra_links = (DeploymentLink(),)

    def __init__(
        self,
        *,
        deployment_id: Id | None = None,
        metric: String | None = None,
        metric_limit: Number | None = None,
        challenger_model_id: Id | None = None,
        min_improvement: Number = 0.0,
        higher_is_better: Boolean | None = None,
        max_target_drift: Number | None = None,
        max_feature_drift: Number | None = None,
        custom_model_test_id: Id | None = None,
        start: String | None = None,
        end: String | None = None,
        if_rejected: String = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deployment_id = deployment_id
        self.metric: Any = metric
        self.metric_limit: Any = metric_limit
        self.challenger_model_id: Any = challenger_model_id
        self.min_improvement: Any = min_improvement
        self.higher_is_better: Any = higher_is_better
        self.max_target_drift: Any = max_target_drift
        self.max_feature_drift: Any = max_feature_drift
        self.custom_model_test_id = custom_model_test_id
        self.start: Any = start
        self.end = end
        self.if_rejected = if_rejected

    def check(self) -> None:
        """Check the rendered arguments."""
        super().check()
        if self.if_rejected not in _IF_REJECTED:
            raise InputError(f"if_rejected should be one of {', '.join(_IF_REJECTED)}, but is {self.if_rejected!r}.")
        if all(getattr(self, name) is None for name in _CRITERIA):
            raise InputError(f"There is nothing to decide: give at least one of {', '.join(_CRITERIA)}.")
        if self.deployment_id is None and any(getattr(self, name) is not None for name in _OF_DEPLOYMENT):
            raise InputError(f"Give deployment_id: {', '.join(_OF_DEPLOYMENT)} are about a deployment.")
        compared = [name for name in ("metric_limit", "challenger_model_id") if getattr(self, name) is not None]
        if (self.metric is None) == bool(compared):
            raise InputError("Give metric together with metric_limit or challenger_model_id.")
        if self.min_improvement and self.challenger_model_id is None:
            raise InputError("min_improvement is about a challenger: give challenger_model_id.")

    def run_request(self, context: Context) -> dict[str, Any]:
        """Read the numbers, log the criteria and decide."""
        from datarobot_provider.core.quality_gate import decision

        if self.deployment_id is not None:
            self.push_ids(context, self.deployment_id, self.ids("deployment_id"))
        criteria = [*self._accuracy(), *self._drift(), *self._test()]
        for criterion in criteria:
            self.log.info("%s", criterion)
        decided = decision(criteria)
        if decided["accepted"] or self.if_rejected == "return":
            self.log.info("The model %s.", "passes" if decided["accepted"] else "does not pass")
            return decided
        context["ti"].xcom_push(key="decision", value=decided)
        lines = ["The model does not pass.", *(str(criterion) for criterion in criteria)]
        if self.if_rejected == "skip":
            raise AirflowSkipException("\n  ".join(lines))
        raise QualityGateError("\n  ".join(lines))

    def _accuracy(self) -> Iterator[Criterion]:
        from datarobot_provider.core import quality_gate as gate

        if self.metric is None:
            return
        higher = gate.higher_is_better(self.metric, self.higher_is_better)
        challenger = self.challenger_model_id
        value = self._metric(challenger)
        if challenger is not None:
            step = self.min_improvement if higher else -self.min_improvement
            name = f"{self.metric} of the challenger"
            yield gate.metric_limit(name, value, self._metric(None) + step, higher=higher)
        if self.metric_limit is not None:
            yield gate.metric_limit(self.metric, value, self.metric_limit, higher=higher)

    def _drift(self) -> Iterator[Criterion]:
        from datarobot_provider.core import quality_gate as gate

        if self.max_target_drift is not None:
            found = self.hook.client.get(self.path_of(_TARGET_DRIFT), self.payload())
            yield gate.drift("drift of the target", found.get("driftScore"), self.max_target_drift)
        if self.max_feature_drift is not None:
            features = self.hook.client.items(self.path_of(_FEATURE_DRIFT), self.payload())
            yield gate.highest_drift(features, self.max_feature_drift)

    def _test(self) -> Iterator[Criterion]:
        from datarobot_provider.core import quality_gate as gate

        if self.custom_model_test_id is not None:
            yield gate.model_test(self.hook.client.get(self.path_of(_TEST)))

    def _metric(self, model_id: str | None) -> float:
        from datarobot_provider.core import quality_gate as gate

        accuracy = self.hook.client.get(self.path_of(), {**self.payload(), "modelId": model_id})
        return gate.metric_value(accuracy, self.metric, model_id)
