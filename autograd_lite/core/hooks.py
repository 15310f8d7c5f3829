"""Hooks: how other packages follow the engine, and how the recorder of `compile` takes part in it.

An `Observer` is notified of what the engine does. The active recorder is called where something happens that is not a
NumPy call: a step of an optimizer, a random draw, an operation that cannot be recorded call by call. Both are
registered per thread and asynchronous task. Where there is none, they cost an operation two truth tests.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from autograd_lite.core.graph import Node, Operation
from autograd_lite.support.interrupts import setting, undoing

# -- observers -----------------------------------------------------------------------------------------------------


class Observer:
    """Follows the engine; register one with `observing`. The methods of this base class do nothing.

    An exception that a method raises ends the operation or the backward pass.
    """

    def on_result(self, operation: Operation, arguments: tuple[Any, ...], result: Any) -> None:
        """An operation on tensors has computed `result`: an array, or a tuple of arrays if there are several."""

    def on_record(self, node: Node) -> None:
        """An operation was recorded in the graph as `node`."""

    def on_pull(self, node: Node, g: Any, saved: tuple[Any, ...], gradients: tuple[Any, ...]) -> None:
        """The rules of `node`, called with `g` and `saved`, have returned `gradients`, one per parent."""

    def on_release(self, node: Node) -> None:
        """A backward pass has released what `node` had saved."""


_observers: ContextVar[tuple[Observer, ...]] = ContextVar("autograd_lite_observers", default=())
current_observers = _observers.get

# One entry per `observing` in any thread. Operations test whether it is empty before they look for observers.
registrations: dict[object, Observer] = {}


@contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Inside, the observer is notified, in place of an outer one of the same class."""
    key, others = object(), [other for other in current_observers() if type(other) is not type(observer)]
    with undoing(lambda: registrations.pop(key, None)), setting(_observers, (*others, observer)):
        registrations[key] = observer
        yield


def notify_result(operation: Operation, arguments: tuple[Any, ...], result: Any) -> None:
    """Call `on_result` of all observers of this thread."""
    for observer in current_observers():
        observer.on_result(operation, arguments, result)


def notify_record(node: Node) -> None:
    """Call `on_record` of all observers of this thread."""
    for observer in current_observers():
        observer.on_record(node)


# -- the recorder --------------------------------------------------------------------------------------------------


class CompileError(RuntimeError):
    """A function does something that cannot be replayed faithfully."""


class StaleProgramError(CompileError):
    """A program does not do what its function would do now."""


class ActiveRecorder(Protocol):
    """What the recorder offers to the layers below the compiler while it runs a function on tracers."""

    def forward(self, operation: Any, values: tuple[Any, ...]) -> Any:
        """Call a forward function as one step of the program, because it is not made of NumPy calls alone."""

    def pull(self, operation: Any, g: Any, parents: tuple[Any, ...], saved: tuple[Any, ...]) -> tuple[Any, ...]:
        """Call the rules of an operation as one step of the program."""

    def is_traced(self, g: Any, saved: tuple[Any, ...]) -> bool:
        """Whether rules called with these values compute with tracers, and not with tensors around them."""

    def generator(self, generator: Any, is_common: bool) -> Any:
        """A generator whose draws are recorded, so that each replay draws anew."""

    def check(self, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        """Call a function that raises if arrays are invalid, now and in each replay."""

    def effect(self, name: str, function: Callable[..., Any], owner: Any, args: tuple[Any, ...] = ()) -> None:
        """Call a function that changes `owner` by Python, now and in each replay."""

    def update(self, optimizer: Any) -> None:
        """Take a step of an optimizer, now and in each replay."""


recorder: ContextVar[ActiveRecorder | None] = ContextVar("autograd_lite_recorder", default=None)
current_recorder = recorder.get

# Attributes that a program depends on although no NumPy call reads or writes them, as pairs of class and name.
watched_attributes: list[tuple[type, str]] = []


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
    """Call `check`, which raises if arrays are invalid, now and in each replay of a program."""
    found = current_recorder()
    if found is None:
        check(*arrays)
    else:
        found.check(check, arrays)


def refuse_in_program(what: str) -> None:
    """Raise CompileError if a function is being recorded, because `what` would not be repeated in a replay."""
    if current_recorder() is not None:
        raise CompileError(
            f"compile: {what} would not be repeated when the program is replayed; do it between two calls"
        )
