"""The operator for real-time predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from datarobot_provider.core.resource_operators import DeploymentOperator
from datarobot_provider.links.datarobot import DeploymentLink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datarobot_provider.core.arguments.types import ObjectList, String, StringList
    from datarobot_provider.version_compat import Context


class MakePredictionsOperator(DeploymentOperator):
    """Predict a few rows with a deployment, for example as a smoke test. For many rows use a batch prediction.

    Route: POST ``/api/v2/deployments/{deploymentId}/predictions``, of serverless prediction environments. All arguments
    are templated. The predictions are counted in the statistics of the deployment.

    :param deployment_id: id of the deployment; required.
    :param rows: the rows, a list of objects, column to value; required.
    :param passthrough_columns: columns to repeat in the response.
    :param passthrough_columns_set: ``all`` to repeat all columns.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the response, an object; ``data`` is a list with ``prediction`` and ``predictionValues`` of each row.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "POST deployments/{deployment_id}/predictions"
    options: ClassVar[Sequence[str]] = ("rows",)
    operator_extra_links = (DeploymentLink(),)

    def __init__(
        self,
        *,
        rows: ObjectList,
        passthrough_columns: StringList | None = None,
        passthrough_columns_set: String | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rows = rows
        self.passthrough_columns = passthrough_columns
        self.passthrough_columns_set = passthrough_columns_set

    def run_request(self, context: Context) -> dict[str, Any]:
        """Send the rows and return the predictions."""
        ids = self.ids()
        self.push_ids(context, ids["deployment_id"], ids)
        predictions = self.hook.client.request("POST", self.path_of(), self.rows, self.payload()).object()
        self.log.info("DataRobot returned %d predictions.", len(predictions.get("data") or []))
        return predictions
