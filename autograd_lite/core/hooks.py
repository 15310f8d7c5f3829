"""Hooks: the interfaces through which other packages observe and extend the engine.

An `Observer` is notified of what the engine does. The recorder of `compile` carries out what is not a NumPy call; its
interface is `support.recorder_interface`, re-exported here. Both are registered per thread and asynchronous task. Where
there is none, they cost an operation two truth tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

from autograd_lite.core.graph import Node, Operation
from autograd_lite.support.interrupts import setting, undoing
from autograd_lite.support.recorder_interface import *  # noqa: F403


class Observer:
    """Base class of observers; register one with `observing`. The methods of this class do nothing.

    An exception that a method raises ends the operation or the backward pass.
    """

    def on_result(self, operation: Operation, arguments: tuple[Any, ...], result: Any) -> None:
        """An operation on tensors has computed `result`: an array, or a tuple of arrays if there are several."""

    def on_record(self, node: Node) -> None:
        """An operation was recorded in the graph as `node`; with several results, its shape is set afterwards."""

    def on_pull(self, node: Node, g: Any, saved: tuple[Any, ...], gradients: tuple[Any, ...]) -> None:
        """The rules of `node`, called with `g` and `saved`, have returned `gradients`, one per parent."""

    def on_release(self, node: Node) -> None:
        """A backward pass has released what `node` had saved."""


_observers: ContextVar[tuple[Observer, ...]] = ContextVar("autograd_lite_observers", default=())
current_observers = _observers.get

# One entry per `observing` in any thread. Operations test whether it is empty before they read the observers.
registrations: dict[object, Observer] = {}


@contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Notify the observer inside the block, in place of an outer one of the same class."""
    key, others = object(), [other for other in current_observers() if type(other) is not type(observer)]
    with undoing(lambda: registrations.pop(key, None)), setting(_observers, (*others, observer)):
        registrations[key] = observer
        yield


# The nodes and leaves that have a function of their gradient as `hooks`, see `ops.gradient_hooks`.
hooked: WeakSet[Any] = WeakSet()
