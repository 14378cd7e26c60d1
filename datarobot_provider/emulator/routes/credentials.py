"""Credentials: list, read. They are made through the seed or the control API, and nobody sees their secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datarobot_provider.emulator.store import identity
from datarobot_provider.emulator.web.errors import not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

if TYPE_CHECKING:
    from datarobot_provider.emulator.store.credentials import Credential


@route("GET", "/credentials/")
def list_credentials(call: Call) -> Response:
    """List the credentials, newest first (GET /credentials/)."""
    return call.page(list(reversed(call.state.credentials.values())), _view)


@route("GET", "/credentials/{credentialId}/")
def get_credential(call: Call) -> Response:
    """Answer one credential (GET /credentials/{credentialId}/)."""
    credential = call.state.credentials.get(call.path["credentialId"])
    if credential is None:
        raise not_found()
    return Response(200, _view(credential))


def _view(credential: Credential) -> Json:
    return {
        "credentialId": credential.id,
        "name": credential.name,
        "credentialType": credential.type,
        "description": credential.description,
        "creationDate": identity.timestamp(credential.created),
    }
