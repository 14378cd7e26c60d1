"""The pages that are generated, by their paths in ``docs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs._generate import coverage, emulator, migrating, reference

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES: dict[str, Callable[[], str]] = {
    "coverage.md": coverage.page,
    "emulator.md": emulator.page,
    "migrating.md": migrating.page,
    **{f"reference/{name}": page for name, page in reference.pages().items()},
}
