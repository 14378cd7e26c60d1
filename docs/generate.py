"""Writes the pages that are generated from the code: ``python docs/generate.py``. A test compares them."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Write the pages."""
    # Airflow creates its home when it is imported; it must not be the user's own.
    with tempfile.TemporaryDirectory(prefix="airflow-docs-") as home:
        os.environ["AIRFLOW_HOME"] = home
        sys.path.insert(0, str(ROOT))
        from docs._generate.pages import PAGES

        for name, page in PAGES.items():
            file = ROOT / "docs" / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(page(), encoding="utf-8")
            sys.stdout.write(f"wrote docs/{name}\n")


if __name__ == "__main__":
    main()
