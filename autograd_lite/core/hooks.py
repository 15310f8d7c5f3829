"""Who is listening: the recorder of `autograd_lite.compile`, while it runs a function for the first time.

The floors below the compiler ask here, in the few places where something happens that is not a NumPy call: a step of an
optimizer, a random draw, an operation that cannot be recorded call by call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any


class CompileError(RuntimeError):
    """A function does something that cannot be replayed faithfully."""


class StaleProgramError(CompileError):
    """A program does not do what its function would do now."""


recorder: ContextVar[Any] = ContextVar("autograd_lite_recorder", default=None)
current_recorder = recorder.get

# The detector of `autograd_lite.anomaly`, while it is on.
detector: ContextVar[Any] = ContextVar("autograd_lite_detector", default=None)
anomaly_detector = detector.get

# Attributes that are read and written without a NumPy call, but belong to what a program depends on: pairs of a class
# and a name. Only while something is recorded they are properties; otherwise a recorder costs them nothing.
watched_attributes: list[tuple[type, str]] = []


def concrete(array: Any) -> Any:
    """The array behind a tracer; anything else as it is."""
    return getattr(array, "_concrete", array)


def repeated(method: Callable[..., None]) -> Callable[..., None]:
    """A method that changes its object by Python; in a program it is called at its place in each replay."""

    @functools.wraps(method)
    def step(self: Any, *args: Any) -> None:
        found = current_recorder()
        if found is None:
            method(self, *args)
        else:
            found.effect(f"{type(self).__name__}_{method.__name__}", functools.partial(method, self), self, args)

    return step


def check_in_each_call(check: Callable[..., None], *arrays: Any) -> None:
    """Call `check`, which raises if arrays make no sense; a program does so in each replay."""
    found = current_recorder()
    if found is None:
        check(*arrays)
    else:
        found.check(check, arrays)


def refuse_in_program(what: str) -> None:
    """Raise CompileError if a function is being recorded, because `what` would happen only this once."""
    if current_recorder() is not None:
        raise CompileError(
            f"compile: {what} would not be repeated when the program is replayed; do it between two calls"
        )
