"""A count of structural changes, so that a compiled program learns by one comparison that something has changed.

It goes up when an attribute of a module, an optimizer or a schedule is set or deleted. What `Versioned` does not see:
values that are written in place, and what goes past `__setattr__` (``vars(module)[name] = ...``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any


class _State:
    """The count; `count` is read as an attribute of `state`."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


state = _State()
# `next` on a count is atomic, so no two changes get the same number, in whatever order threads write it.
_tick = itertools.count(1).__next__


def bump() -> None:
    """Note that something has changed."""
    state.count = _tick()


class Versioned:
    """Objects whose attributes count: setting one to another object, or deleting it, is a change."""

    # Attributes and methods that tell of `read_state`, which can change without a count.
    reads: frozenset[str] = frozenset()
    # Attributes that a recorder sees when they are read.
    observed: frozenset[str] = frozenset()

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__dict__.get(name, bump) is not value:  # `bump` stands for nothing: no attribute holds it
            state.count = _tick()
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        state.count = _tick()

    def versioned_parts(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The object, and all that it is made of, each with its attributes now."""
        yield self, dict(vars(self))

    def read_state(self) -> list[Any]:
        """The lists and dictionaries behind `reads`."""
        return []
