"""The multipart request that creates a version of a custom model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from datarobot_provider.client.multipart import UploadBody
from datarobot_provider.client.request import Request
from datarobot_provider.client.routes import VERSIONS, route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datarobot_provider.client.files import ModelFile

_RUNTIME_PARAMETERS = "runtimeParameterValues"


def version_upload(
    method: str,
    custom_model_id: str,
    fields: Sequence[tuple[str, str]],
    files: Sequence[ModelFile],
    report: Callable[[str], None] = lambda _: None,
) -> Request:
    """Return the request that creates a version.

    :param method: ``POST`` for a version that has only these files, ``PATCH`` for one based on the latest version.
    :param custom_model_id: id of the custom model.
    :param fields: fields of the form.
    :param files: the files to upload.
    :param report: called with lines for the task log.
    """
    return Request(
        method,
        route(VERSIONS, custom_model_id=custom_model_id),
        upload=lambda: UploadBody(fields, files, report),
        secret_values=_private(fields),
    )


def _private(fields: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Return the strings among the values of the runtime parameters, which may be secrets."""
    values = [row["value"] for name, text in fields if name == _RUNTIME_PARAMETERS for row in json.loads(text)]
    return frozenset(value for value in values if isinstance(value, str))
