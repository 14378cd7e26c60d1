"""Imports one package after the names it is built on, and says what that added. Run as a file, apart from this tree.

It knows nothing but the standard library, because it also runs where another package has the name of ours.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import pkgutil
import sys
import time


def import_all(package: str, rooms: list[str]) -> None:
    """Import every module of some rooms of a package.

    :param package: its name.
    :param rooms: names of packages or modules inside it; one that is not there is left out.
    """
    for name in (f"{package}.{room}" for room in rooms):
        found = importlib.util.find_spec(name)
        if found is not None and found.submodule_search_locations is None:
            importlib.import_module(name)
        for module in pkgutil.iter_modules((found and found.submodule_search_locations) or []):
            importlib.import_module(f"{name}.{module.name}")


def main() -> None:
    """Import the names, then the package, and print the difference as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="import statements of what is there before")
    parser.add_argument("--package", required=True)
    parser.add_argument("--rooms", required=True, help="names with commas between them")
    given = parser.parse_args()
    exec(given.base)  # noqa: S102 - the import statements of our own version_compat.py
    modules, cpu = set(sys.modules), time.process_time()
    import_all(given.package, given.rooms.split(","))
    cpu = time.process_time() - cpu
    print(json.dumps({"cpu": cpu, "modules": len(set(sys.modules) - modules)}))


if __name__ == "__main__":
    main()
