"""Docker contexts: the Dockerfile in an archive, and the log of its build. Nothing is executed."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import NamedTuple

_NAME = "Dockerfile"
_MAX_SIZE = 1 << 20
_ONLY_FIRST = ("FROM", "ARG")


class Build(NamedTuple):
    """The result of a build.

    :param log: the lines of the log.
    :param error: the reason why the build fails, or None.
    """

    log: list[str]
    error: str | None


def build_context(content: bytes) -> Build:
    """Return the result of building a Docker context.

    :param content: a zip archive or a tar archive, compressed or not.
    """
    try:
        dockerfile = _read(content)
    except (ValueError, OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, RuntimeError) as error:
        return Build([], f"The Docker context cannot be read: {error or type(error).__name__}")
    if dockerfile is None:
        return Build([], "The Docker context has no Dockerfile at its top.")
    return build_dockerfile(dockerfile)


def build_dockerfile(text: str) -> Build:
    """Return the result of building a Dockerfile."""
    steps = _instructions(text)
    log = [f"Step {number}/{len(steps)} : {step}" for number, step in enumerate(steps, 1)]
    names = [step.partition(" ")[0].upper() for step in steps]
    if "FROM" not in names:
        return Build(log[:1], "No build stage in the current context: the Dockerfile has no FROM instruction.")
    first = next(name for name in names if name != "ARG")
    if first not in _ONLY_FIRST:
        return Build(log[:1], f"No build stage in the current context: {first} precedes FROM.")
    return Build([*log, "Successfully built the image."], None)


def build_image(uri: str) -> Build:
    """Return the result of creating a version from an image."""
    return Build([f"Step 1/1 : FROM {uri}", "Successfully pulled the image."], None)


def _instructions(text: str) -> list[str]:
    lines = text.replace("\\\n", " ").splitlines()
    return [" ".join(line.split()) for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _read(content: bytes) -> str | None:
    stream = io.BytesIO(content)
    if zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as archive:
            name = _find(archive.namelist())
            return None if name is None else archive.read(name)[:_MAX_SIZE].decode()
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        members = {member.name.removeprefix("./"): member for member in archive if member.isfile()}
        name = _find(list(members))
        file = None if name is None else archive.extractfile(members[name])
        return None if file is None else file.read(_MAX_SIZE).decode()


def _find(names: list[str]) -> str | None:
    """Return the Dockerfile at the top of the archive, or in its only folder."""
    tops = {name.partition("/")[0] for name in names}
    paths = [_NAME, *(f"{top}/{_NAME}" for top in tops if len(tops) == 1)]
    return next((path for path in paths if path in names), None)
