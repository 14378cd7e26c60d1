"""Entries of the table of names: an operator of DataRobot's own provider, and what replaces it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Version of DataRobot's own provider that the table describes.
VERSION = "1.0.2"
PACKAGE = "datarobot_provider"
REQUEST = "operators.request.DataRobotRequestOperator"
#: Kinds of entries.
OPERATOR, ROUTE, NOT_YET = "operator", "request", "not yet"
#: The XCom of a task that pushes none.
NOTHING = "nothing"


@dataclass(frozen=True)
class Argument:
    """New place of an argument.

    :param name: argument of the replacement; empty if there is none.
    :param how: how its value changes, or why there is none; empty if the value is unchanged.
    """

    name: str
    how: str = ""


@dataclass(frozen=True)
class Entry:
    """An operator, a sensor or another public name of DataRobot's own provider.

    :param module: module below ``datarobot_provider``.
    :param name: name in the module.
    :param replacement: module and class below ``datarobot_provider``; empty if there is none yet.
    :param requests: method and path of each request to send with :class:`DataRobotRequestOperator`.
    :param arguments: arguments of the constructor, with their new places.
    :param params: params of the DAG that the operator reads, with their new places.
    :param pushed: the XCom that the operator pushes.
    :param pushes: the XCom that the replacement pushes.
    :param same_xcom: whether tasks that read the XCom stay unchanged.
    :param note: a difference in behaviour, or the reason why there is no replacement yet.
    :param is_task: whether the name is an operator or a sensor, and not a base class or a constant.
    """

    module: str
    name: str
    replacement: str = ""
    requests: tuple[str, ...] = ()
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    params: Mapping[str, Argument] = field(default_factory=dict)
    pushed: str = NOTHING
    pushes: str = ""
    same_xcom: bool = False
    note: str = ""
    is_task: bool = True

    @property
    def kind(self) -> str:
        """``operator``, ``request`` or ``not yet``."""
        if self.requests:
            return ROUTE
        return OPERATOR if self.replacement else NOT_YET

    @property
    def replacement_class(self) -> str:
        """The name of the replacement without its module."""
        return self.replacement.rpartition(".")[2]

    @property
    def replacement_module(self) -> str:
        """The module of the replacement, as it is imported."""
        return f"{PACKAGE}.{self.replacement.rpartition('.')[0]}"


def same(*names: str) -> dict[str, Argument]:
    """Return arguments that keep their names and values."""
    return {name: Argument(name) for name in names}


def to(name: str, how: str = "") -> Argument:
    """Return an argument with another name.

    :param name: argument of the replacement.
    :param how: how the value changes; empty if it is unchanged.
    """
    return Argument(name, how)


def dropped(why: str) -> Argument:
    """Return an argument that the replacement does not have.

    :param why: the reason, or what to do instead.
    """
    return Argument("", why)


def in_path(*names: str) -> dict[str, Argument]:
    """Return arguments whose values become a part of the request's path."""
    return {name: Argument("path") for name in names}


def in_json(*names: str) -> dict[str, Argument]:
    """Return arguments that become fields of the request's JSON, with the API's spelling of their names."""
    return {name: Argument("json", _camel_case(name)) for name in names}


def in_query(*names: str) -> dict[str, Argument]:
    """Return arguments that become query parameters of the request, with the API's spelling of their names."""
    return {name: Argument("query", _camel_case(name)) for name in names}


def _camel_case(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)
