"""What a 404 is about, in words: which argument, which id, and what kind of thing DataRobot does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_ID = 100
#: Nouns that the name of an id does not say.
_NOUNS = {"config": "guard configuration", "status": "status record", "entity": "entity of this type"}


class GivenId(NamedTuple):
    """An id that a request was made with.

    :param name: the argument that holds it, such as ``custom_model_id`` or ``training_data.datasetId``.
    :param value: the id.
    """

    name: str
    value: str

    @property
    def noun(self) -> str:
        """What the id belongs to, such as ``custom model``."""
        last = self.name.rsplit(".", 1)[-1]
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", last).lower()
        noun = re.sub(r"_ids?(\[\d+\])?$", "", words).replace("_", " ")
        return _NOUNS.get(noun, noun)

    def __str__(self) -> str:
        return f"{self.name} {self.value[:_LONGEST_ID]!r}"


def not_found_message(ids: Sequence[GivenId]) -> str:
    """Say that DataRobot does not know one of these ids."""
    nouns = list(dict.fromkeys(given.noun for given in ids))
    return (
        f"{_listed(list(map(str, ids)), 'or')} was not found: DataRobot has no such {_listed(nouns, 'or')}, "
        "or the token's user may not see it."
    )


def request_ids_message(ids: Sequence[GivenId]) -> str:
    """Say what a request was about, where the server has a reason of its own."""
    return f"The request was about {_listed(list(map(str, ids)), 'and')}."


def says_not_found(noun: str, message: str) -> bool:
    """Return whether a server's message says that there is no such thing."""
    text = message.casefold()
    missing = rf"\b{re.escape(noun)}\b( with [\w ]*)?( '?\w+'?)? (was )?(not found|does not exist)"
    return re.search(rf"{missing}|\bno such {re.escape(noun)}\b", text) is not None


def _listed(words: Sequence[str], last: str) -> str:
    *others, final = words
    return f"{', '.join(others)} {last} {final}" if others else final
