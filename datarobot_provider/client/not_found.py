"""Explanations of 404 responses: the argument, the id and the kind of the missing object."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_ID = 100
#: Nouns that cannot be derived from the name of the id.
_NOUNS = {"config": "guard configuration", "status": "status record", "entity": "entity of this type"}


class GivenId(NamedTuple):
    """Id that was sent in a request.

    :param name: the argument that contains it, such as ``custom_model_id`` or ``training_data.datasetId``.
    :param value: the id.
    """

    name: str
    value: str

    @property
    def noun(self) -> str:
        """The kind of the object that the id belongs to, such as ``custom model``."""
        last = self.name.rsplit(".", 1)[-1]
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", last).lower()
        noun = re.sub(r"_ids?(\[\d+\])?$", "", words).replace("_", " ")
        return _NOUNS.get(noun, noun)

    def __str__(self) -> str:
        return f"{self.name} {self.value[:_LONGEST_ID]!r}"


def not_found_message(ids: Sequence[GivenId]) -> str:
    """Return the message that none of these ids was found."""
    nouns = list(dict.fromkeys(given.noun for given in ids))
    return (
        f"{_enumeration(list(map(str, ids)), 'or')} was not found: DataRobot has no such {_enumeration(nouns, 'or')}, "
        "or the user of the API token cannot access it."
    )


def request_ids_message(ids: Sequence[GivenId]) -> str:
    """Return a message with the ids of the request, for a response that gives another reason."""
    return f"Ids in the request: {_enumeration(list(map(str, ids)), 'and')}."


def says_not_found(noun: str, message: str) -> bool:
    """Return whether the message of the server says that an object of the kind ``noun`` does not exist."""
    text = message.casefold()
    missing = rf"\b{re.escape(noun)}\b( with [\w ]*)?( '?\w+'?)? (was )?(not found|does not exist)"
    return re.search(rf"{missing}|\bno such {re.escape(noun)}\b", text) is not None


def _enumeration(items: Sequence[str], conjunction: str) -> str:
    *others, last = items
    return f"{', '.join(others)} {conjunction} {last}" if others else last
