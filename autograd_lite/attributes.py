"""Attributes that are observed for a while: as long as somebody watches, they are properties that tell him.

What tensors, nodes and modules hold is read and written without a NumPy call. Whoever must know of it (the recorder of
`compile`, `anomaly`) watches; otherwise nothing is slower for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol


class Observer(Protocol):
    """Who watches."""

    def read(self, owner: Any, name: str, found: Any) -> Any:
        """What the reader of an attribute that holds `found` gets."""

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """Note that an attribute is about to hold `value`."""


Attribute = tuple[type, str]
_lock = threading.Lock()
# For each attribute that is watched: what it is otherwise, and the variables that hold the observers of each thread.
_watched: dict[Attribute, tuple[Any, list[ContextVar[Any]]]] = {}


@contextmanager
def watching(attributes: Iterable[Attribute], observer: ContextVar[Any]) -> Iterator[None]:
    """Inside, the observer of a thread (the value of the variable there, if not None) watches the attributes."""
    attributes = list(attributes)
    with _lock:
        for attribute in attributes:
            owner, name = attribute
            if attribute not in _watched:
                _watched[attribute] = (owner.__dict__[name], [])
                setattr(owner, name, _property(name, *_watched[attribute]))
            _watched[attribute][1].append(observer)
    try:
        yield
    finally:
        with _lock:
            for attribute in attributes:
                original, observers = _watched[attribute]
                observers.remove(observer)
                if not observers:
                    setattr(*attribute, original)
                    del _watched[attribute]


def _property(name: str, original: Any, observers: list[ContextVar[Any]]) -> property:
    """A property in the place of a slot, or of any other attribute of a class."""
    is_slot = hasattr(original, "__set__")

    def get(self: Any) -> Any:
        if is_slot:
            found = original.__get__(self)
        elif name in self.__dict__:
            found = self.__dict__[name]
        else:  # a default, a method, or what is computed when it is first read
            found = original.__get__(self, type(self)) if hasattr(original, "__get__") else original
        for variable in dict.fromkeys(observers):
            observer = variable.get()
            if observer is not None:
                found = observer.read(self, name, found)
        return found

    def set_(self: Any, value: Any) -> None:
        for variable in dict.fromkeys(observers):
            observer = variable.get()
            if observer is not None:
                observer.assign(self, name, value)
        if is_slot:
            original.__set__(self, value)
        else:
            self.__dict__[name] = value

    return property(get, set_)
