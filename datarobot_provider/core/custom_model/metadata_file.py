"""Reads ``model-metadata.yaml``, the file at the top of a model folder that describes the model to DataRobot.

Scalars keep the spelling of the file, as the public model runner reads them: a class label ``1.0`` or ``no`` is neither
a number nor a boolean. Only ``null``, ``~`` and nothing at all become ``None``.
"""

from __future__ import annotations

import zipfile
import zlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

from datarobot_provider.client.files import ModelFile, open_file
from datarobot_provider.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from yaml.nodes import Node

#: The one name that DataRobot and the public runner read, at the top of the folder.
FILE_NAME = "model-metadata.yaml"
#: A name that people give it, and that nobody reads.
MISNAMED = "model-metadata.yml"
#: Largest file that is read, in bytes, and most values that its aliases may expand to.
LARGEST, MOST_VALUES = 256 << 10, 100_000
_NULL, _MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
_UNREADABLE = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def among(files: Sequence[ModelFile]) -> dict[str, Any] | None:
    """Return the metadata among the files of a version.

    :param files: the files to upload.
    :returns: the mapping, empty if the file holds something else; ``None`` if there is no such file.
    :raises InputError: if it cannot be read, is larger than 256 KiB or is not YAML, naming the line.
    """
    found = next((file for file in files if file.name == FILE_NAME), None)
    return None if found is None else parsed(_content(found), found.name if found.member else str(found.source))


def content_of(path: Any) -> bytes:
    """Return the content of a metadata file, or of a file that it names.

    :param path: path of the file, on a disk or in object storage.
    :raises InputError: if it cannot be read, or is larger than 256 KiB.
    """
    return _content(ModelFile(path, FILE_NAME, 0))


def parsed(content: bytes, where: str) -> dict[str, Any]:
    """Parse metadata.

    :param content: the content of the file: UTF-8, or UTF-16 with a byte order mark.
    :param where: what to call the file in an error.
    :returns: the mapping, with strings, lists, mappings and ``None``; empty if the file holds something else.
    :raises InputError: if it is not YAML, naming the line, or expands to too much.
    """
    import yaml

    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
        plain = None if node is None else _Reader(where).plain(node)
    except yaml.MarkedYAMLError as error:
        # The text of the error itself would quote the file, in which a default value may be a secret.
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{where} is not valid YAML{place}: {error.problem or error.context}.") from None
    except (yaml.YAMLError, UnicodeError) as error:
        position = getattr(error, "position", None)
        at = "" if position is None else f", position {position}"
        raise InputError(f"{where} is not text in UTF-8 that YAML allows{at}.") from None
    except RecursionError:
        raise InputError(f"{where} is nested too deeply, or holds an alias of something around itself.") from None
    return plain if isinstance(plain, dict) else {}


class _Reader:
    """Turns YAML nodes into plain values, aliases written out, and refuses a file that expands beyond measure."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._left = MOST_VALUES

    def plain(self, node: Node) -> Any:
        """Return the value of a node."""
        from yaml.nodes import MappingNode, ScalarNode, SequenceNode

        self._left -= 1
        if self._left < 0:
            raise InputError(f"{self._where} expands to more than {MOST_VALUES:,} values through its aliases.")
        if isinstance(node, SequenceNode):
            return [self.plain(item) for item in node.value]
        if isinstance(node, MappingNode):
            return self._mapping(node)
        return None if node.tag == _NULL else cast("ScalarNode", node).value

    def _mapping(self, node: Node) -> dict[str, Any]:
        """Return a mapping; keys that are no scalars mean nothing here."""
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                parts = self.plain(value)
                for part in parts if isinstance(parts, list) else [parts]:
                    merged = {**part, **merged} if isinstance(part, dict) else merged
            elif isinstance(key.value, str):
                own[key.value] = self.plain(value)
        return {**merged, **own}


def _content(file: ModelFile) -> bytes:
    try:
        with ExitStack() as stack:
            stream = stack.enter_context(open_file(file.source))
            if file.member is not None:
                archive = stack.enter_context(zipfile.ZipFile(stream))
                stream = cast("BinaryIO", stack.enter_context(archive.open(file.member)))
            content = stream.read(LARGEST + 1)
    except _UNREADABLE as error:
        raise InputError(f"{file.source} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if len(content) > LARGEST:
        raise InputError(f"{file.source} is larger than {LARGEST:,} bytes, which no metadata of a model is.")
    return content
