"""Credentials: list, read. The seed or the control API creates them, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.common import timestamps
from datarobot_provider.emulator.common.errors import not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.credentials import Credential


@route("GET", "/credentials/")
def list_credentials(call: Call) -> Response:
    """List the credentials, newest first (GET /credentials/)."""
    types = call.list_argument("types")
    rows = [c for c in call.state.credentials.values() if not types or c.type in types]
    if call.query.get("orderBy") != "creationDate":
        rows.reverse()
    return call.page(rows, _serialize)


@route("GET", "/credentials/{credentialId}/")
def get_credential(call: Call) -> Response:
    """Return a credential (GET /credentials/{credentialId}/)."""
    credential = call.state.credentials.get(call.path["credentialId"])
    if credential is None:
        raise not_found()
    return Response(200, _serialize(credential))


def _serialize(credential: Credential) -> Json:
    return {
        "credentialId": credential.id,
        "name": credential.name,
        "credentialType": credential.type,
        "description": credential.description,
        "creationDate": timestamps.iso_format(credential.created),
    }
