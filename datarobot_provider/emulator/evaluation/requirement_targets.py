"""Targets of requirements: a package of an index, a URL, a repository, or a file or folder of the version."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from pip_requirements_parser import Link, PipError, build_install_req, is_archive_file, is_url, vcs, vcs_all_schemes

from datarobot_provider.emulator.evaluation.folder import CODE_FOLDER
from datarobot_provider.emulator.evaluation.requirement_lines import RequirementError

if TYPE_CHECKING:
    from datarobot_provider.emulator.evaluation.folder import Folder

_VERSION_IN_NAME = re.compile(r"-\d.*$")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_OPERATORS = ("~=", "==", "!=", "<=", ">=", "<", ">", "===")
_PROJECT_FILES = ("setup.py", "pyproject.toml")
_MISSING = "Could not install packages due to an OSError: [Errno 2] No such file or directory: '{}'"


class Target(NamedTuple):
    """The target of a requirement.

    :param name: the name of the package, or None if only the package itself contains it.
    :param marker: whether the requirement has an environment marker.
    :param url: the URL, or None for a package of an index.
    :param folder: whether the target is a folder of the version.
    """

    name: str | None
    specifier: SpecifierSet
    extras: frozenset[str]
    marker: bool = False
    url: str | None = None
    folder: bool = False

    @property
    def repository(self) -> bool:
        """Whether the target is in a version control system."""
        return self.url is not None and urlsplit(self.url).scheme in vcs_all_schemes

    @property
    def hashed(self) -> bool:
        """Whether the URL contains the hash of the target."""
        return self.url is not None and Link(self.url).has_hash


def redacted(text: str) -> str:
    """Return a string with the credentials in its URLs redacted, as in the log of pip."""
    return _CREDENTIALS.sub("****", text)


def resolved(path: str, base: str = "") -> str | None:
    """Return a path relative to the version, or None if it is outside of the version.

    :param path: a path or a ``file:`` URL of a requirements file.
    :param base: the folder of the version to which the path is relative.
    """
    if path.lower().startswith("file:"):
        path = unquote(urlsplit(path).path)
    absolute = posixpath.normpath(posixpath.join(CODE_FOLDER, base, path))
    if absolute == CODE_FOLDER:
        return ""
    inside = absolute.removeprefix(CODE_FOLDER + "/")
    return None if inside == absolute else inside


def read_target(text: str, folder: Folder) -> Target:
    """Return the target of a requirement.

    :param text: the line without comments and options.
    :param folder: the files of the version. pip runs in its root folder.
    :raises RequirementError: if pip rejects the requirement, or the version does not contain the target.
    """
    try:
        if is_url(text):
            return _by_url(text, folder)
        return _by_path(text, folder) or _by_name(text, folder)
    except (PipError, InvalidRequirement, InvalidMarker, ValueError) as error:
        raise RequirementError(f"Invalid requirement: {text!r}: {error}") from None
    except RecursionError:
        raise RequirementError(
            f"Invalid requirement: {text[:100]!r}: RecursionError: it is nested too deeply"
        ) from None


def read_editable(text: str, folder: Folder) -> Target:
    """Return the target of ``--editable``.

    :raises RequirementError: if pip rejects it, or the version does not contain the target.
    """
    path, extras = _without_extras(text)
    inside = resolved(path)
    if path.lower().startswith("file:") or (path and inside is not None and folder.has_folder(inside)):
        return _project(path, extras, folder)
    try:
        return _named_project(text, folder) or _editable_repository(text)
    except (PipError, InvalidRequirement, ValueError) as error:
        raise RequirementError(f"Invalid requirement: {text!r}: {error}") from None


def _named(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _named_project(text: str, folder: Folder) -> Target | None:
    """Return the target of ``name @ file:...``, which pip supports since 25.3, or None for another format."""
    named = _named(text)
    if named is None or not (named.url or "").lower().startswith("file:"):
        return None
    target = _project(str(named.url), frozenset(named.extras), folder)
    return target._replace(name=named.name, marker=named.marker is not None)


def _editable_repository(text: str) -> Target:
    named = _named(text)
    url = text
    if named is not None and named.url:
        url = named.url
    else:
        url = next((f"{kind}+{text}" for kind in vcs if text.lower().startswith(f"{kind}:")), text)
    if urlsplit(url).scheme not in vcs_all_schemes:
        raise RequirementError(
            f"{text} is not a valid editable requirement. It should either be a path to a local project or a VCS URL "
            f"(beginning with {', '.join(vcs_all_schemes)})."
        )
    egg = named or (Requirement(Link(url).egg_fragment) if Link(url).egg_fragment else None)
    if egg is None:
        raise RequirementError(
            f"Could not detect requirement name for '{text}', please specify one with your_package_name @ URL"
        )
    return Target(egg.name, egg.specifier, frozenset(egg.extras), egg.marker is not None, url)


def _by_url(text: str, folder: Folder) -> Target:
    found = build_install_req(text)
    link = found.link.url
    if link.lower().startswith("file:"):
        _check_file(link, folder)
    if found.req is None and found.link.egg_fragment is not None:
        raise RequirementError(f"Invalid requirement: {text!r}: the egg fragment names no package")
    specifier = found.req.specifier if found.req else SpecifierSet()
    inside = resolved(link) if link.lower().startswith("file:") else None
    is_folder = inside is not None and folder.has_folder(inside)
    return Target(found.name, specifier, frozenset(found.extras), found.marker is not None, link, is_folder)


def _by_path(text: str, folder: Folder) -> Target | None:
    """Return the file or folder of the version that a requirement names, or None if it is not a path."""
    name, _, marker = text.partition(";")
    name = name.strip()
    condition = bool(marker.strip()) and Marker(marker.strip()) is not None
    path, extras = _without_extras(name)
    inside = resolved(path)
    if _like_path(name) and inside is not None and folder.has_folder(inside):
        return _project(path, extras, folder)._replace(marker=condition)
    before = name.split("@", 1)
    if not is_archive_file(path) or (len(before) > 1 and not _like_path(before[0])):
        return None
    url = _url_of(_check_file(path, folder))
    found = build_install_req(url)
    specifier = found.req.specifier if found.req else SpecifierSet()
    return Target(found.name, specifier, extras, condition, url)


def _by_name(text: str, folder: Folder) -> Target:
    name, _, marker = text.partition(";")
    name = name.strip()
    if marker.strip():
        Marker(marker.strip())
    try:
        found = Requirement(name)
    except InvalidRequirement as error:
        raise RequirementError(f"Invalid requirement: {name!r}: {error}{_hint(name)}") from None
    if found.url and not is_url(found.url):
        raise RequirementError(f"Invalid requirement: {name!r}: Invalid URL: {found.url}")
    if found.url and found.url.lower().startswith("file:"):
        _check_file(found.url, folder)
    condition = bool(marker.strip() or found.marker)
    return Target(found.name, found.specifier, frozenset(found.extras), condition, found.url)


def _hint(name: str) -> str:
    if "/" in name:
        return f"\nHint: It looks like a path. File '{name}' does not exist."
    if "=" in name and not any(operator in name for operator in _OPERATORS):
        return "\nHint: = is not a valid operator. Did you mean == ?"
    return ""


def _project(path: str, extras: frozenset[str], folder: Folder) -> Target:
    """Return the target of a folder of the version.

    :raises RequirementError: if the folder is not a project that pip can install.
    """
    inside = resolved(path)
    if inside is None or not folder.has_folder(inside):
        raise RequirementError(_MISSING.format(path))
    if not any(folder.has_file(f"{inside}/{name}".lstrip("/")) for name in _PROJECT_FILES):
        raise RequirementError(f"Directory {path!r} is not installable. Neither 'setup.py' nor 'pyproject.toml' found.")
    return Target(None, SpecifierSet(), extras, url=_url_of(inside), folder=True)


def _check_file(path: str, folder: Folder) -> str:
    """Return the path of a file or of a project, relative to the version.

    :raises RequirementError: if it does not exist.
    """
    inside = resolved(path)
    if inside is not None and folder.has_file(inside):
        return inside
    if inside is not None and folder.has_folder(inside):
        _project(path, frozenset(), folder)
        return inside
    raise RequirementError(_MISSING.format(path if inside is None else posixpath.join(CODE_FOLDER, inside)))


def _url_of(inside: str) -> str:
    return f"file://{CODE_FOLDER}/{inside}".rstrip("/")


def _like_path(name: str) -> bool:
    return "/" in name or name.startswith(".")


def _without_extras(text: str) -> tuple[str, frozenset[str]]:
    start = text.rfind("[")
    if start < 1 or not text.endswith("]") or "]" in text[start:-1] or start == len(text) - 2:
        return text, frozenset()
    try:
        return text[:start].rstrip(), frozenset(Requirement("placeholder" + text[start:].lower()).extras)
    except InvalidRequirement as error:
        raise RequirementError(f"Invalid requirement: {text!r}: {error}") from None


def guessed_name(target: Target, text: str) -> str:
    """Return the name of a package. If only the package itself contains it, guess the name from the URL.

    :param text: the requirement, returned if the URL contains no name.
    """
    if target.name:
        return target.name
    last = unquote(urlsplit(target.url or "").path).rstrip("/").rpartition("/")[2]
    last = last.partition("@")[0].removesuffix(".git")
    if not target.folder and is_archive_file(last):
        while is_archive_file(last):
            last = last.rpartition(".")[0]
        last = _VERSION_IN_NAME.sub("", last.removesuffix(".tar"))
    inside = resolved(target.url) if target.folder and target.url else last
    return last if last and inside else redacted(text)
