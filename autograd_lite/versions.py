"""One count of all changes to networks, optimizers and schedules: what has not changed need not be looked at again.

A compiled function compares the count with that of its last call, which is one comparison however large the network is.
Only if it differs are the attributes themselves compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_count = 0


def bump() -> None:
    """Note that an attribute of some versioned object has changed."""
    global _count
    _count += 1


def current() -> int:
    """The number of changes so far."""
    return _count


class Versioned:
    """What calls `bump` whenever one of its attributes changes."""

    # Attributes and methods from which a function learns what changes without a call of `bump`.
    reads: frozenset[str] = frozenset()
    # Attributes that are seen when they are read.
    observed: frozenset[str] = frozenset()

    def versioned_parts(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The object, and all that it is made of, each with its attributes now."""
        yield self, dict(vars(self))

    def read_state(self) -> list[Any]:
        """The lists and dictionaries behind `reads`."""
        return []
