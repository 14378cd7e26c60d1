"""Operators for credentials that are stored in DataRobot. The API never returns their secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import GetOperator, ListOperator

if TYPE_CHECKING:
    from datarobot_provider.core.arguments.types import Id, String, StringList


class ListCredentialsOperator(ListOperator):
    """Return the credentials of the user of the connection, newest first.

    Route: GET ``/api/v2/credentials/``. All arguments are templated.

    :param types: only credentials of these types, such as ``basic``, ``s3`` or ``api_token``.
    :param order_by: ``creationDate``, or ``-creationDate`` for the newest first, which is DataRobot's default.
    :param limit: maximum number of credentials; default: all.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: a list of credentials, without their secrets.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET credentials/"

    def __init__(self, *, types: StringList | None = None, order_by: String | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.types = types
        self.order_by = order_by


class GetCredentialOperator(GetOperator):
    """Return a credential.

    Route: GET ``/api/v2/credentials/{credentialId}/``.

    :param credential_id: id of the credential; templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :returns: the credential, an object without its secrets.
    :raises AirflowFailException: if DataRobot refuses the request.
    """

    route = "GET credentials/{credential_id}/"

    def __init__(self, *, credential_id: Id, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.credential_id = credential_id
