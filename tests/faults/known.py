"""Cells that fail for a reason that is known and lies elsewhere; whoever mends it is told to strike it off here."""

from __future__ import annotations

#: Name of a test, with its parameters, to the reason.
KNOWN: dict[str, str] = {}
