"""What must be undone in the end is undone, also where an interrupt comes in between.

Ctrl-C raises KeyboardInterrupt before any instruction, so also between ``token = variable.set(...)`` and ``try:``, or
inside a ``finally:``. Here what undoes is known before anything is done, may run any number of times, and runs twice:
an interrupt of the first time is made good by the second. If a context is never left, because the interrupt came within
the `__exit__` of contextlib, the end of the generator undoes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def undoing(undo: Callable[[], object]) -> Iterator[None]:
    """At the end of the block, `undo` has run at least once from beginning to end.

    Examples
    --------
    >>> done = []
    >>> with undoing(lambda: done.clear()):
    ...     done.append(1)
    >>> done
    []
    """
    try:
        try:
            yield
        finally:
            undo()
    finally:
        undo()


@contextmanager
def setting(variable: ContextVar[T], value: T) -> Iterator[None]:
    """Inside, `variable` holds `value`, and then what it held before.

    Examples
    --------
    >>> variable = ContextVar("variable", default=0)
    >>> with setting(variable, 1):
    ...     print(variable.get())
    1
    >>> variable.get()
    0
    """
    before = variable.get()
    try:
        try:
            variable.set(value)
            yield
        finally:
            if variable.get() is value:  # not if a forgotten generator ends elsewhere
                variable.set(before)
    finally:
        if variable.get() is value:
            variable.set(before)
