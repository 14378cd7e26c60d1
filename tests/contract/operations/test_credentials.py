"""Credentials: list, get."""

from __future__ import annotations

from datarobot_provider.operators.credentials import GetCredentialOperator, ListCredentialsOperator
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import names, queries


@covers("list_credentials", "get_credential")
def test_list_by_type_and_get(runner):
    for name, kind in (("database", "basic"), ("bucket", "s3"), ("warehouse", "basic")):
        runner.emulator.control("POST", "credentials", {"name": name, "credentialType": kind})
    assert names(runner.run(ListCredentialsOperator, limit=2)) == ["warehouse", "bucket"]
    found = runner.run(ListCredentialsOperator, types=["basic"], order_by="creationDate")
    assert names(found) == ["database", "warehouse"]
    assert queries(runner, "credentials/")[1:] == [
        {"offset": "0", "limit": "100", "types": "basic", "orderBy": "creationDate"}
    ]
    assert runner.run(GetCredentialOperator, credential_id=found[0]["credentialId"]) == found[0]
