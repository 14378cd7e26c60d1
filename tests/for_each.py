"""Run a test for many values as one test."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def for_each(argnames: str, argvalues: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test once for each value, and report all failures.

    It has the arguments of ``pytest.mark.parametrize``. That creates a test for each value, which costs more than a
    short check of a declaration. Fixtures are shared by all values.

    :param argnames: the names of the test's arguments, separated by commas.
    :param argvalues: the values; tuples if there are several names.
    :returns: the decorator.
    """
    names = [name.strip() for name in argnames.split(",")]
    rows = [value if len(names) > 1 else (value,) for value in argvalues]
    assert rows, f"no values of {argnames}"

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            failures: list[BaseException] = []
            for row in rows:
                try:
                    test(**fixtures, **dict(zip(names, row, strict=True)))
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - the group reports them
                    error.add_note(f"with {argnames} = {', '.join(map(_label, row))}")
                    failures.append(error)
            if failures:
                raise BaseExceptionGroup(f"{len(failures)} of {len(rows)} values failed", failures)

        signature = inspect.signature(test)
        remaining = [parameter for parameter in signature.parameters.values() if parameter.name not in names]
        run.__signature__ = signature.replace(parameters=remaining)  # type: ignore[attr-defined]
        return run

    return decorate


def _label(value: object) -> str:
    return str(getattr(value, "__name__", None) or getattr(value, "name", None) or repr(value))
