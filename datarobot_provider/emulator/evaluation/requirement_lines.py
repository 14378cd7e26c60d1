"""Splits a requirements file into pip's logical lines and reads the options of each, with pip's own option parser."""

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

# pip strips comments with an expression that takes quadratic time on a long run of spaces; this one is linear.
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs for host names; they take quadratic time on long input.
_HOST_NAME_CODECS = frozenset({"idna", "punycode"})
_HASHES = ("sha256", "sha384", "sha512")
# Options that the library knows, but no pip since 23.1 does.
_REMOVED = (
    "--install-option", "--allow-all-external", "--allow-external", "--allow-unverified", "--always-unzip",
    "--no-use-wheel", "--requirement", "--use-feature",
)  # fmt: skip
_FEATURES = (
    "fast-deps", "truststore", "no-binary-enable-wheel-cache", "inprocess-build-deps", "venv-isolation",
    "build-constraint",
)  # fmt: skip


class RefusedError(Exception):
    """pip stops at this line; the message is what it says."""


class Line(NamedTuple):
    """A logical line: a requirement, the inclusion of another file, or options that change neither.

    `requirement` is the text in front of the options or the target of `--editable`; `include` is the path or URL of
    `--requirement` or, where `constraint` is true, of `--constraint`.
    """

    requirement: str | None
    editable: bool
    hashes: list[str]
    include: str | None
    constraint: bool
    require_hashes: bool


def decode(data: bytes) -> str:
    """Return the text of a requirements file: by its byte order mark, its coding comment, or as UTF-8.

    :param data: the content of the file.
    :returns: the text, in which no lone surrogates are left.
    :raises RefusedError: if the content is not in the encoding, or the encoding is unknown.
    """
    mark, encoding = next(((m, e) for m, e in _BOMS if data.startswith(m)), (b"", _coding(data)))
    try:
        if codecs.lookup(encoding).name in _HOST_NAME_CODECS:
            encoding = "undefined"
        text = data[len(mark) :].decode(encoding)
    except (LookupError, UnicodeError, ValueError) as error:
        raise RefusedError(f"{type(error).__name__}: {error}") from None
    return text.encode("utf-8", "replace").decode()


def _coding(data: bytes) -> str:
    for line in data.split(b"\n", 2)[:2]:
        found = _CODING.search(line) if line.startswith(b"#") else None
        if found:
            return found[1].decode("ascii")
    return "utf-8"


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the logical lines of `text`, each with the number of its first physical line.

    Continued lines are joined, comments are cut off, empty lines are left out.
    """
    for number, joined in join_lines(enumerate(text.splitlines(), start=1)):
        line = _COMMENT.sub("", joined).strip()
        if line:
            yield number, line


def parse_line(text: str) -> Line:
    """Return what a logical line says.

    :raises RefusedError: if pip refuses one of its options.
    """
    requirement, options = _split(text)
    values = _options(options)
    found = bool(values.editables)
    include, constraint = None, False
    if not requirement and not found:
        if "" in (values.trusted_hosts or ()):
            raise RefusedError("pip: error: --trusted-host names no host")
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
    """Return the requirement of a line and its options, which begin at the first token with a hyphen in front."""
    start = 0 if text.startswith("-") else text.find(" -") + 1
    if start == 0 and not text.startswith("-"):
        return text, ""
    return text[:start].rstrip(), text[start:]


def _options(text: str) -> Values:
    parser = _parser()
    # None for every default, because the library's lists are shared and would grow from line to line.
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
        raise RefusedError(f"Could not split options: {text}") from None
    except OptionParsingError as error:
        raise RefusedError(error.msg.strip()) from None
    return values


def _check_hash(parser: OptionParser, option: str) -> None:
    kind, colon, _ = option.partition(":")
    if not colon:
        parser.error("Arguments to --hash must be a hash name followed by a value, like --hash=sha256:abcde...")
    if kind not in _HASHES:
        parser.error(f"Allowed hash algorithms for --hash are {', '.join(_HASHES)}.")


@cache
def _parser() -> OptionParser:
    """Return pip's parser: the library's, brought up to the options of today's pip."""
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
