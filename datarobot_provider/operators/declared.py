"""Which classes and templated arguments are this package's, and which ones a subclass of a user's has added."""

from __future__ import annotations

_PACKAGE = "datarobot_provider."


def is_ours(level: type) -> bool:
    """Return whether a class is one of this package, not of a user's DAG or of Airflow."""
    return level.__module__.startswith(_PACKAGE)


def known_template_fields(task: type) -> list[str]:
    """Return the templated arguments whose meaning is known; what a user's subclass adds may hold anything.

    :param task: class of the operator or the sensor.
    :returns: those that a class of this package templates, and those that any class declares as fields of a request or
        as arguments of a type.
    """
    known: set[str] = set()
    for level in task.__mro__:
        for declared in ("api_fields", "argument_types", "required_fields"):
            known.update(vars(level).get(declared) or ())
        if is_ours(level):
            known.update(vars(level).get("template_fields") or ())
    return [name for name in getattr(task, "template_fields", ()) if name in known]
