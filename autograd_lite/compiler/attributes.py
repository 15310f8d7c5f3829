"""Attributes that are observed for a while: as long as somebody watches, they are properties that tell him.

What tensors, nodes and modules hold is read and written without a NumPy call. Whoever must know of it (the recorder of
`compile`, `anomaly`) watches; otherwise nothing is slower for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Protocol

from autograd_lite.support.interrupts import undoing


class Observer(Protocol):
    """Who watches."""

    def read(self, owner: Any, name: str, found: Any) -> Any:
        """What the reader of an attribute that holds `found` gets."""

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """Note that an attribute is about to hold `value`."""


Attribute = tuple[type, str]
_lock = threading.RLock()
# Who watches what: the variables that hold the observers of each thread. Everything else follows from it.
_watchers: dict[object, tuple[list[Attribute], ContextVar[Any]]] = {}
_known: dict[Attribute, None] = {}  # all attributes that were ever watched


@contextmanager
def watching(attributes: Iterable[Attribute], observer: ContextVar[Any]) -> Iterator[None]:
    """Inside, the observer of a thread (the value of the variable there, if not None) watches the attributes."""
    attributes, key = list(attributes), object()

    def leave() -> None:
        _watchers.pop(key, None)
        _update()

    with undoing(leave):
        _known.update(dict.fromkeys(attributes))
        _watchers[key] = attributes, observer
        _update()
        yield


def _update() -> None:
    """Make properties of all attributes that are watched, and of no others; right also after one that was interrupted.

    Whether an attribute is a property is read from its class, and it is changed in one step.
    """
    with undoing(_unlock):
        _lock.acquire()
        watchers = list(_watchers.values())
        for owner, name in list(_known):
            variables = tuple(dict.fromkeys(variable for found, variable in watchers if (owner, name) in found))
            current = owner.__dict__[name]
            if isinstance(current, _Watched):
                current.variables = variables
                if not variables:
                    setattr(owner, name, current.original)
            elif variables:
                setattr(owner, name, _Watched(name, current, variables))


def _unlock() -> None:
    """Release the lock, however often this thread has taken it."""
    with suppress(RuntimeError):  # it has not
        while True:
            _lock.release()


class _Watched(property):
    """A property in the place of a slot, or of any other attribute of a class, for as long as it is watched."""

    def __init__(self, name: str, original: Any, variables: tuple[ContextVar[Any], ...]) -> None:
        self.original, self.variables = original, variables
        is_slot = hasattr(original, "__set__")

        def get(owner: Any) -> Any:
            if is_slot:
                found = original.__get__(owner)
            elif name in owner.__dict__:
                found = owner.__dict__[name]
            else:  # a default, a method, or what is computed when it is first read
                found = original.__get__(owner, type(owner)) if hasattr(original, "__get__") else original
            for variable in self.variables:
                observer = variable.get()
                if observer is not None:
                    found = observer.read(owner, name, found)
            return found

        def set_(owner: Any, value: Any) -> None:
            for variable in self.variables:
                observer = variable.get()
                if observer is not None:
                    observer.assign(owner, name, value)
            if is_slot:
                original.__set__(owner, value)
            else:
                owner.__dict__[name] = value

        super().__init__(get, set_)
