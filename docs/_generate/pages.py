"""The pages that are generated, by their names in ``docs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs._generate import coverage, emulator, migrating, operators

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES: dict[str, Callable[[], str]] = {
    "coverage.md": coverage.page,
    "emulator.md": emulator.page,
    "migrating.md": migrating.page,
    "operators.md": operators.page,
}
