"""Context managers that restore state even if an interrupt arrives at any point.

Ctrl-C raises KeyboardInterrupt before any instruction, so also between ``token = variable.set(...)`` and ``try:``, or
inside a ``finally:``. Here the function that restores is known before anything changes, is idempotent, and runs twice:
an interrupt during the first run is repaired by the second. If the context is never left, because the interrupt came
within the `__exit__` of contextlib, closing the generator restores the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def undoing(undo: Callable[[], object]) -> Iterator[None]:
    """At the end of the block, `undo` has run to completion at least once.

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
    """Inside the block `variable` is `value`, afterwards what it was before.

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
            if variable.get() is value:  # not if a generator that was never closed ends elsewhere
                variable.set(before)
    finally:
        if variable.get() is value:
            variable.set(before)
