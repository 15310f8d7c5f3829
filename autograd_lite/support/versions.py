"""A count of structural changes: a compiled program detects any of them by one comparison.

The count increases when an attribute of a module, an optimizer or a schedule is set or deleted. It does not include
values written in place, nor writes that bypass `__setattr__` (``vars(module)[name] = ...``).
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
# `next` is atomic, so no two changes get the same number, whatever the order in which threads store it.
_tick = itertools.count(1).__next__


def bump() -> None:
    """Count a change."""
    state.count = _tick()


class Versioned:
    """Base class that counts changes of attributes: setting one to another object, and deleting one."""

    # Attributes and methods whose results depend on `read_state`; this can change without being counted.
    reads: frozenset[str] = frozenset()
    # Attributes whose reads are reported to a recorder.
    patched_attributes: frozenset[str] = frozenset()

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__dict__.get(name, bump) is not value:  # `bump` as default: no attribute has this value
            state.count = _tick()
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        state.count = _tick()

    def versioned_parts(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The object and all its parts, each with its current attributes."""
        yield self, dict(vars(self))

    def read_state(self) -> list[Any]:
        """The lists and dictionaries that `reads` depend on."""
        return []
