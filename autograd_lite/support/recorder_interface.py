"""The recorder of `compile`, as the layers below the compiler call it.

They call it where something happens that is not a NumPy call: a step of an optimizer, a random draw, an operation that
cannot be recorded call by call. It is registered per thread and asynchronous task while it runs a function on tracers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol

from autograd_lite.support.conversion import whole

__all__ = [
    "ActiveRecorder", "CompileError", "StaleProgramError", "check_in_each_call", "concrete", "current_recorder",
    "recorder", "refuse_in_program", "repeated",
]  # fmt: skip


class CompileError(RuntimeError):
    """A function does something that cannot be replayed faithfully."""


class StaleProgramError(CompileError):
    """A program does not do what its function would do now."""


class ActiveRecorder(Protocol):
    """What the recorder offers to the layers below the compiler while it runs a function on tracers."""

    def forward(self, operation: Any, values: tuple[Any, ...]) -> Any:
        """Call a forward function as one call of the program, because it is not made of NumPy calls alone."""

    def pull(self, operation: Any, g: Any, parents: tuple[Any, ...], saved: tuple[Any, ...]) -> tuple[Any, ...]:
        """Call the rules of an operation as one call of the program."""

    def is_traced(self, g: Any, saved: tuple[Any, ...]) -> bool:
        """Whether rules called with these values compute with tracers, and not with tensors around them."""

    def generator(self, generator: Any, is_common: bool) -> Any:
        """A generator whose draws are recorded, so that each replay draws again."""

    def loop(self, loop: Any) -> Any:
        """Run a loop of `scan` as one call of the program; None if its steps must be recorded one by one."""

    def check(self, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        """Call a function that raises if arrays are invalid, now and in each replay."""

    def effect(self, name: str, function: Callable[..., Any], owner: Any, args: tuple[Any, ...] = ()) -> None:
        """Call a function that changes `owner` by Python, now and in each replay."""

    def update(self, optimizer: Any, gradients: tuple[Any, ...]) -> None:
        """Take a step of an optimizer, now and in each replay: by these gradients, or by those of its parameters."""


recorder: ContextVar[ActiveRecorder | None] = ContextVar("autograd_lite_recorder", default=None)
current_recorder = recorder.get


def concrete(array: Any) -> Any:
    """The array behind a tracer; anything else as it is."""
    return getattr(array, "_concrete", array)


def repeated(method: Callable[..., None]) -> Callable[..., None]:
    """Decorate a method that changes its object by Python: a program calls it at its place in each replay."""

    @functools.wraps(method)
    def step(self: Any, *args: Any) -> None:
        found = current_recorder()
        if found is None:
            method(self, *args)
        else:
            found.effect(f"{type(self).__name__}_{method.__name__}", functools.partial(method, self), self, args)

    return step


def check_in_each_call(check: Callable[..., None], *arrays: Any) -> None:
    """Call `check`, which raises if an element of an array is invalid, now and in each replay of a program."""
    arrays = tuple(map(whole, arrays))
    found = current_recorder()
    if found is None:
        check(*arrays)
    else:
        found.check(check, arrays)


def refuse_in_program(what: str, instead: str = "do it between two calls") -> None:
    """Raise CompileError if a function is being recorded, because `what` would not be repeated in a replay."""
    if current_recorder() is not None:
        raise CompileError(f"compile: {what} would not be repeated when the program is replayed; {instead}")
