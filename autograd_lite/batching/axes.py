"""Hidden axes: which a value has, and which of them are being mapped over now."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

_numbers = itertools.count(1)


class BatchError(TypeError):
    """A function that `vmap` maps needs the values of one element, where there are those of many."""


class Axis:
    """A hidden axis: one mapping over `size` elements. Those made later are further inside and have higher numbers.

    `randomness` says whether random numbers that the library draws are an "error", the "same" for all elements, or
    "different".
    """

    __slots__ = ("number", "randomness", "size")

    def __init__(self, size: int, randomness: str = "same") -> None:
        self.size, self.randomness, self.number = size, randomness, next(_numbers)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Inside, the mapped function runs."""
        token = active.set(active.get() | {self})
        try:
            yield
        finally:
            active.reset(token)


active: ContextVar[frozenset[Axis]] = ContextVar("autograd_lite_batch_axes", default=frozenset())


class Shape(tuple[int, ...]):
    """The shape of one element. It knows the hidden axes, and so does a node of the graph, which keeps it."""

    axes: tuple[Axis, ...] = ()


def axes_of(shape: Any) -> tuple[Axis, ...]:
    """The hidden axes of what has this shape."""
    return getattr(shape, "axes", ())


def refuse(use: str) -> NoReturn:
    """Raise BatchError: `use` needs the values of one element."""
    raise BatchError(
        f"vmap: {use} needs the values of one element, but a batch holds many; use functions of arrays "
        "(np.where, np.zeros_like, np.stack, np.take, ...), or do it outside of the mapped function"
    )


def refuse_write(what: str = "this array") -> NoReturn:
    """Raise BatchError: all elements share what would be written into."""
    raise BatchError(
        f"vmap: {what} is the same for all elements of the batch, or an argument of the mapped function, so it cannot "
        "be written into; write into a copy (np.copy of an argument, np.zeros_like of a batch)"
    )
