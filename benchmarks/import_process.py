"""Import one provider after the Airflow names it builds on, and measure what this adds.

It runs as a file and uses the standard library only, because it also measures a package with the same name as ours.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import pkgutil
import sys
import time


def import_all(package: str, names: list[str]) -> None:
    """Import modules of a package, and all modules of its subpackages.

    :param package: the name of the package.
    :param names: names of modules and subpackages; those that do not exist are ignored.
    """
    for name in (f"{package}.{relative}" for relative in names):
        found = importlib.util.find_spec(name)
        if found is not None and found.submodule_search_locations is None:
            importlib.import_module(name)
        for module in pkgutil.iter_modules((found and found.submodule_search_locations) or []):
            importlib.import_module(f"{name}.{module.name}")


def main() -> None:
    """Import the Airflow names, then the package, and print the difference as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="import statements to run first")
    parser.add_argument("--package", required=True)
    parser.add_argument("--modules", required=True, help="names separated by commas")
    options = parser.parse_args()
    exec(options.base)  # noqa: S102 - the import statements of our own version_compat.py
    modules, cpu = set(sys.modules), time.process_time()
    import_all(options.package, options.modules.split(","))
    cpu = time.process_time() - cpu
    print(json.dumps({"cpu": cpu, "modules": len(set(sys.modules) - modules)}))


if __name__ == "__main__":
    main()
