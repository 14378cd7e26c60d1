"""Ids of the files of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def file_ids(argument: str, files: Sequence[str], version: Mapping[str, Any]) -> list[str]:
    """Return the ids of files of the latest version.

    :param argument: name of the argument that names the files.
    :param files: paths inside the model, or ids.
    :param version: the latest version.
    :raises InputError: if the version has no such file.
    """
    items = version.get("items") or []
    ids = {name: item["id"] for item in items for name in (item["filePath"], item["id"])}
    unknown = [name for name in files if name not in ids]
    if unknown:
        raise InputError(
            f"{argument} names {', '.join(unknown)}, but the latest version has no such files. Its files: "
            f"{', '.join(sorted(item['filePath'] for item in items)) or 'none'}."
        )
    return [ids[name] for name in files]
