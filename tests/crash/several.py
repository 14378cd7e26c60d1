"""A user-defined operator that creates several resources in one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.operators.custom_models import CreateCustomModelOperator

if TYPE_CHECKING:
    from datarobot_provider.version_compat import Context


class CreateTwoModelsOperator(CreateCustomModelOperator):
    """Create two models with equal arguments."""

    def execute(self, context: Context) -> list[str]:
        """Create the models; return their ids."""
        return [super().execute(context), super().execute(context)]
