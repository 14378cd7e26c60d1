"""Parser of the logical lines of a requirements file and of their options, based on the option parser of pip."""

from __future__ import annotations

import codecs
import re
import shlex
from functools import cache
from optparse import OptionParser, Values
from typing import TYPE_CHECKING, NamedTuple

from pip_requirements_parser import OptionParsingError, build_parser, join_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

# The expression of pip takes quadratic time on long sequences of spaces. This one takes linear time.
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs for host names, which take quadratic time on long input.
_HOST_NAME_CODECS = frozenset({"idna", "punycode"})
_HASHES = ("sha256", "sha384", "sha512")
# Options that the library supports, but pip since 23.1 does not.
_REMOVED = (
    "--install-option", "--allow-all-external", "--allow-external", "--allow-unverified", "--always-unzip",
    "--no-use-wheel", "--requirement", "--use-feature",
)  # fmt: skip
_FEATURES = (
    "fast-deps", "truststore", "no-binary-enable-wheel-cache", "inprocess-build-deps", "venv-isolation",
    "build-constraint",
)  # fmt: skip


class RequirementError(Exception):
    """A line that pip rejects. The message is the error message of pip."""


class Line(NamedTuple):
    """A logical line: a requirement, the inclusion of another file, or other options.

    :param requirement: the string before the options, or the value of ``--editable``.
    :param editable: whether the requirement is editable.
    :param hashes: the values of ``--hash``.
    :param include: the path or URL of ``--requirement`` or ``--constraint``.
    :param constraint: whether ``include`` is the value of ``--constraint``.
    :param require_hashes: whether the line contains ``--require-hashes``.
    """

    requirement: str | None
    editable: bool
    hashes: list[str]
    include: str | None
    constraint: bool
    require_hashes: bool


def decode(data: bytes) -> str:
    """Decode a requirements file by its byte order mark, by its coding comment, or as UTF-8.

    :param data: the content of the file.
    :returns: the decoded string, without lone surrogates.
    :raises RequirementError: if the content is not in the encoding, or the encoding is unknown.
    """
    mark, encoding = next(((m, e) for m, e in _BOMS if data.startswith(m)), (b"", _coding(data)))
    try:
        if codecs.lookup(encoding).name in _HOST_NAME_CODECS:
            encoding = "undefined"
        text = data[len(mark) :].decode(encoding)
    except (LookupError, UnicodeError, ValueError) as error:
        raise RequirementError(f"{type(error).__name__}: {error}") from None
    return text.encode("utf-8", "replace").decode()


def _coding(data: bytes) -> str:
    for line in data.split(b"\n", 2)[:2]:
        found = _CODING.search(line) if line.startswith(b"#") else None
        if found:
            return found[1].decode("ascii")
    return "utf-8"


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the logical lines of a file, each with the number of its first physical line.

    Continued lines are joined, comments are removed, empty lines are skipped.
    """
    for number, joined in join_lines(enumerate(text.splitlines(), start=1)):
        line = _COMMENT.sub("", joined).strip()
        if line:
            yield number, line


def parse_line(text: str) -> Line:
    """Parse a logical line.

    :raises RequirementError: if pip rejects one of its options.
    """
    requirement, options = _split(text)
    values = _options(options)
    found = bool(values.editables)
    include, constraint = None, False
    if not requirement and not found:
        if "" in (values.trusted_hosts or ()):
            raise RequirementError("pip: error: --trusted-host names no host")
        include = next(iter(values.requirements or values.constraints or ()), None)
        constraint = not values.requirements
    return Line(
        requirement or (values.editables[0] if found else None),
        found and not requirement,
        values.hashes or [],
        include,
        constraint,
        bool(values.require_hashes),
    )


def _split(text: str) -> tuple[str, str]:
    """Split a line into the requirement and the options, which start at the first token with a leading hyphen."""
    start = 0 if text.startswith("-") else text.find(" -") + 1
    if start == 0 and not text.startswith("-"):
        return text, ""
    return text[:start].rstrip(), text[start:]


def _options(text: str) -> Values:
    parser = _parser()
    # The default lists of the library are shared between lines, so every default is replaced by None.
    values = Values(dict.fromkeys(parser.defaults))
    if not text:
        return values
    try:
        parser.parse_args(shlex.split(text), values)
        for option in values.hashes or []:
            _check_hash(parser, option)
        for option in values.config_settings or []:
            if "=" not in option:
                parser.error("Arguments to --config-settings must be of the form KEY=VAL")
    except ValueError:
        raise RequirementError(f"Could not split options: {text}") from None
    except OptionParsingError as error:
        raise RequirementError(error.msg.strip()) from None
    return values


def _check_hash(parser: OptionParser, option: str) -> None:
    kind, colon, _ = option.partition(":")
    if not colon:
        parser.error("Arguments to --hash must be a hash name followed by a value, like --hash=sha256:abcde...")
    if kind not in _HASHES:
        parser.error(f"Allowed hash algorithms for --hash are {', '.join(_HASHES)}.")


@cache
def _parser() -> OptionParser:
    """Return the option parser of the library, updated to the options of current pip releases."""
    parser: OptionParser = build_parser()
    parser.prog = "pip"
    for name in _REMOVED:
        parser.remove_option(name)
    parser.add_option("-r", "--requirement", dest="requirements", action="append")
    parser.add_option("--use-feature", dest="use_features", action="append", choices=_FEATURES)
    parser.add_option("-C", "--config-settings", "--config-setting", dest="config_settings", action="append")
    parser.add_option("--no-require-hashes", action="store_true")
    parser.add_option("--all-releases", action="append")
    parser.add_option("--only-final", action="append")
    return parser
