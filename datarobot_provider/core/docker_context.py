"""The Docker context in an argument: a folder, which becomes a tar archive, or an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.client.files import base_name, single_file
from datarobot_provider.client.folders import folder_files
from datarobot_provider.client.tar_archive import TarArchive
from datarobot_provider.core.arguments.paths import resolve_path
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from datarobot_provider.client.files import Log, ModelFile

_DOCKERFILE = "Dockerfile"
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip")


def docker_context(value: Any, log: Log) -> ModelFile | TarArchive:
    """Return the archive to upload.

    :param value: path of a folder or of an archive, local or in Airflow's object storage.
    :param log: log for one line about the excluded files.
    :raises InputError: if the folder has no Dockerfile, or the file is no archive or is not readable.
    """
    path = resolve_path("docker_context", value)
    if not _is_folder(path):
        name = base_name(path)
        if not name.lower().endswith(_ARCHIVES):
            raise InputError(f"docker_context is {path}, which is neither a folder nor one of {', '.join(_ARCHIVES)}.")
        return single_file(path, name)
    files = folder_files(path, log=log)
    if _DOCKERFILE not in [file.name for file in files]:
        raise InputError(f"The Docker context {path} has no {_DOCKERFILE} at its top.")
    return TarArchive("docker_context.tar", files)


def _is_folder(path: Any) -> bool:
    try:
        return bool(path.is_dir())
    except OSError as error:
        raise InputError(f"docker_context is {path}, which cannot be read: {error.strerror or error}.") from None
