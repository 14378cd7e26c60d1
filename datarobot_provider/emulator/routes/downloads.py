"""Downloads of the files of a version as a zip archive."""

from __future__ import annotations

import io
import tempfile
import zipfile
from typing import IO, TYPE_CHECKING

from datarobot_provider.emulator.openapi.deviations import TRUE_STRINGS
from datarobot_provider.emulator.routes.versions import latest_or_404, requested_version
from datarobot_provider.emulator.web.routing import Call, Response, Stream, route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datarobot_provider.emulator.store.entities import Version

_CHUNK_SIZE = 1 << 20
_IN_MEMORY = 8 << 20
_SCRIPT = "install_dependencies.sh"


@route("GET", "/customModels/{customModelId}/download/")
def download_model(call: Call) -> Response:
    """Return the files of the latest version of a model (GET /customModels/{customModelId}/download/)."""
    return _archive(call, latest_or_404(call.state.model(call.path["customModelId"])))


@route("GET", "/customModels/{customModelId}/versions/{customModelVersionId}/download/")
def download_version(call: Call) -> Response:
    """Return the files of a version (GET .../versions/{customModelVersionId}/download/)."""
    return _archive(call, requested_version(call))


def _archive(call: Call, version: Version) -> Response:
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed after it is sent
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in version.items:
            item.file.seek(0)
            with archive.open(item.path, "w") as target:
                _copy(item.file, target)
        if call.query["pps"] in TRUE_STRINGS:
            archive.writestr(_SCRIPT, _script(version))
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": f"attachment;filename=model-{version.model_id}-version-{version.id}.zip",
    }
    return Response(200, headers=headers, stream=Stream(size, _chunks(file)))


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while chunk := source.read(_CHUNK_SIZE):
        target.write(chunk)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_SIZE):
            yield chunk


def _script(version: Version) -> str:
    lines = ["#!/usr/bin/env bash", "# Installs what the model needs.", "set -euo pipefail"]
    if version.dependencies:
        lines.append('pip install -r "$(dirname "$0")/requirements.txt"')
    return "\n".join(lines) + "\n"
