"""An operator as users write them: one task that creates several resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.operators.custom_models import CreateCustomModelOperator

if TYPE_CHECKING:
    from datarobot_provider.version_compat import Context


class CreateTwoModelsOperator(CreateCustomModelOperator):
    """Create two models that differ in nothing but their ids."""

    def execute(self, context: Context) -> list[str]:
        """Create them; return their ids."""
        return [super().execute(context), super().execute(context)]
