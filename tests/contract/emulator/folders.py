"""Folders of versions for the tests of the evaluation."""

import io
from datetime import UTC, datetime

from datarobot_provider.emulator.evaluation.folder import Folder
from datarobot_provider.emulator.store.entities import Item


def folder(files):
    """Return a folder with files: path -> string or bytes."""
    contents = {path: content if isinstance(content, bytes) else content.encode() for path, content in files.items()}
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    return Folder([Item("0" * 24, path, io.BytesIO(content), moment) for path, content in contents.items()])
