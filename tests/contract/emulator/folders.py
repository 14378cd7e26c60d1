"""A version's files made of a mapping, for the tests of what the emulator reads in them."""

import io
from datetime import UTC, datetime

from datarobot_provider.emulator.evaluation.folder import Folder
from datarobot_provider.emulator.store.entities import Item


def folder(files):
    """Return the folder with these files: path -> text or bytes."""
    contents = {path: content if isinstance(content, bytes) else content.encode() for path, content in files.items()}
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    return Folder([Item("0" * 24, path, io.BytesIO(content), moment) for path, content in contents.items()])
