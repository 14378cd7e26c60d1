"""Resource bundles: list, get."""

from __future__ import annotations

from datarobot_provider.operators.resource_bundles import GetResourceBundleOperator, ListResourceBundlesOperator
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import names, queries


@covers("list_resource_bundles", "get_resource_bundle")
def test_list_by_use_and_get(runner):
    bundles = runner.run(ListResourceBundlesOperator)
    assert {"customModel"} <= {use for each in bundles for use in each["useCases"]}
    applications = runner.run(ListResourceBundlesOperator, use_cases=["customApplication"])
    assert names(applications) == [each["name"] for each in bundles if "customApplication" in each["useCases"]]
    assert 0 < len(applications) < len(bundles)
    assert queries(runner, "mlops/compute/bundles/") == [
        {"offset": "0", "limit": "100"},
        {"offset": "0", "limit": "100", "useCases": "customApplication"},
    ]
    small = runner.run(GetResourceBundleOperator, resource_bundle_id="cpu.small")
    assert small in bundles
    assert (small["hasGpu"], small["gpuMemoryBytes"]) == (False, 0)
