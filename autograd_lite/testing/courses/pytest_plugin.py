"""The pytest plugin: formulas decorated with `closed_form` are tests.

pytest loads it by the entry point "autograd_lite"; ``-p no:autograd_lite`` turns it off.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from autograd_lite.testing.courses.declared import Declaration, declaration_of
from autograd_lite.testing.mismatch import GradientMismatch

_PACKAGE = str(Path(__file__).parents[1])


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> ClosedFormItem | None:
    """Collect a decorated function of a module or class, whatever its name is."""
    declaration = declaration_of(obj)
    if declaration is None:
        return None
    function = obj.__func__ if isinstance(obj, staticmethod) else obj
    item: ClosedFormItem = ClosedFormItem.from_parent(collector, name=name, function=function, declaration=declaration)
    return item


class ClosedFormItem(pytest.Item):
    """The check of one decorated formula."""

    def __init__(self, *, function: Any, declaration: Declaration, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.obj, self.declaration = function, declaration
        marks = getattr(function, "pytestmark", [])
        self.own_markers.extend(marks)
        self.keywords.update({mark.name: mark for mark in marks})

    def runtest(self) -> None:
        """Check the formula; a method is bound to a new object of its class."""
        formula = self.obj
        if next(iter(inspect.signature(formula).parameters), None) == "self" and isinstance(self.parent, pytest.Class):
            formula = formula.__get__(self.parent.obj())
        self.declaration.check(formula)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The diagnosis, without a traceback; for other errors the traceback of the user's code."""
        error = excinfo.value
        if isinstance(error, GradientMismatch) or _is_own_warning(error):
            return "\n".join([str(error), *(f"\n{note}" for note in getattr(error, "__notes__", []))])
        entries = list(excinfo.traceback)
        start = next((i for i, entry in enumerate(entries, start=1) if str(entry.path) == __file__), 0)
        own = [entry for entry in entries[start:] if not str(entry.path).startswith(_PACKAGE)]
        if not own:
            return excinfo.exconly()
        excinfo.traceback = type(excinfo.traceback)(own)
        return super().repr_failure(excinfo, style or "short")

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the formula is."""
        code = self.obj.__code__
        return Path(code.co_filename), code.co_firstlineno - 1, self.name


def _is_own_warning(error: BaseException) -> bool:
    """Whether it is a warning of this package that the settings of pytest make an error."""
    return isinstance(error, Warning) and type(error).__module__.startswith("autograd_lite.")
