"""Parser of ``model-metadata.yaml``, the file at the top of a model folder that describes the model to DataRobot.

Scalars are strings, exactly as written in the file, as in DataRobot's public model runner: a class label ``1.0`` or
``no`` is neither a number nor a boolean. Only ``null``, ``~`` and empty values become ``None``.
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

#: The only file name that DataRobot and the public model runner accept, at the top of the folder.
FILE_NAME = "model-metadata.yaml"
#: A common misspelling of the file name, which DataRobot ignores.
MISNAMED = "model-metadata.yml"
#: Maximum size of the file in bytes, and maximum number of values after aliases are expanded.
MAX_SIZE, MAX_VALUES = 256 << 10, 100_000
_NULL_TAG, _MERGE_TAG = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
_READ_ERRORS = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def find_metadata(files: Sequence[ModelFile]) -> dict[str, Any] | None:
    """Find and parse ``model-metadata.yaml`` in the files of a version.

    :param files: the files to upload.
    :returns: the mapping, empty if the file contains something else; ``None`` if there is no such file.
    :raises InputError: if the file cannot be read, is larger than 256 KiB or is not YAML, naming the line.
    """
    found = next((file for file in files if file.name == FILE_NAME), None)
    return None if found is None else parse_metadata(_read(found), found.name if found.member else str(found.source))


def read_file(path: Any) -> bytes:
    """Return the content of a metadata file, or of a file that it refers to.

    :param path: path of the file, local or in object storage.
    :raises InputError: if the file cannot be read or is larger than 256 KiB.
    """
    return _read(ModelFile(path, FILE_NAME, 0))


def parse_metadata(content: bytes, file_name: str) -> dict[str, Any]:
    """Parse the content of a metadata file.

    :param content: the content of the file: UTF-8, or UTF-16 with a byte order mark.
    :param file_name: name of the file for the error.
    :returns: a mapping of strings, lists, mappings and ``None``; empty if the file contains something else.
    :raises InputError: if the content is not YAML, naming the line, or if its aliases expand to too many values.
    """
    import yaml

    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
        plain = None if node is None else _NodeConverter(file_name).plain(node)
    except yaml.MarkedYAMLError as error:
        # str(error) would quote the file, where a default value may be a secret.
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{file_name} is not valid YAML{place}: {error.problem or error.context}.") from None
    except (yaml.YAMLError, UnicodeError) as error:
        position = getattr(error, "position", None)
        at = "" if position is None else f", position {position}"
        raise InputError(
            f"{file_name} is not encoded in UTF-8, or contains a character that YAML does not allow{at}."
        ) from None
    except RecursionError:
        raise InputError(f"{file_name} is nested too deeply, or an alias refers to a value that contains it.") from None
    return plain if isinstance(plain, dict) else {}


class _NodeConverter:
    """Converter of YAML nodes to plain values; expands aliases up to a maximum number of values."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._remaining = MAX_VALUES

    def plain(self, node: Node) -> Any:
        """Return the value of a node."""
        from yaml.nodes import MappingNode, ScalarNode, SequenceNode

        self._remaining -= 1
        if self._remaining < 0:
            raise InputError(f"{self._file_name} expands to more than {MAX_VALUES:,} values through its aliases.")
        if isinstance(node, SequenceNode):
            return [self.plain(item) for item in node.value]
        if isinstance(node, MappingNode):
            return self._mapping(node)
        return None if node.tag == _NULL_TAG else cast("ScalarNode", node).value

    def _mapping(self, node: Node) -> dict[str, Any]:
        """Return a mapping; keys that are not scalars are ignored."""
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _MERGE_TAG:
                parts = self.plain(value)
                for part in parts if isinstance(parts, list) else [parts]:
                    merged = {**part, **merged} if isinstance(part, dict) else merged
            elif isinstance(key.value, str):
                own[key.value] = self.plain(value)
        return {**merged, **own}


def _read(file: ModelFile) -> bytes:
    try:
        with ExitStack() as stack:
            stream = stack.enter_context(open_file(file.source))
            if file.member is not None:
                archive = stack.enter_context(zipfile.ZipFile(stream))
                stream = cast("BinaryIO", stack.enter_context(archive.open(file.member)))
            content = stream.read(MAX_SIZE + 1)
    except _READ_ERRORS as error:
        raise InputError(f"{file.source} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if len(content) > MAX_SIZE:
        raise InputError(f"{file.source} is larger than {MAX_SIZE:,} bytes, the maximum for model metadata.")
    return content
